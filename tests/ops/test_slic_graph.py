"""Superpixels in the graph against scikit-image: edges, colours and the content loss."""
import functools

import cv2
import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt
from skimage import data

from dctnet import frozen
from dctnet.compat import tf
from dctnet.face.installed_models import DESCRIPTOR, installed_model
from dctnet.losses import content_loss
from dctnet.nets import dlib_content
from dctnet.nets.dlib_file import read_descriptor_weights
from dctnet.ops.slic import flatten_regions
from dctnet.ops.slic_graph import superpixels

NAMES = ('astronaut', 'coffee', 'cat')
# Bounds, a little above what was measured in both runtimes: mean colour difference in [-1, 1], content loss (share).
COLOUR = {64: (0.012, 0.001, 0.001), 256: (0.065, 0.022, 0.009)}
CONTENT = {64: 0.006, 256: 0.015}


@functools.lru_cache()
def pictures(size):
    """float32 [3, size, size, 3] BGR in [-1, 1]."""
    found = []
    for picture in (data.astronaut(), data.coffee(), data.chelsea()):
        side = min(picture.shape[:2])
        square = np.ascontiguousarray(picture[:side, :side, ::-1])
        found.append(cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA) / 127.5 - 1)
    return np.stack(found).astype(np.float32)


@functools.lru_cache()
def both(size):
    """(in the graph, by scikit-image)"""
    return run(pictures(size)), np.stack([flatten_regions(picture) for picture in pictures(size)])


def run(batch):
    with tf.Graph().as_default(), tf.Session() as session:
        shown = tf.placeholder(tf.float32, batch.shape)  # of a constant TensorFlow would take all of it at once
        flat = superpixels(shown)
        assert flat.shape.as_list() == list(batch.shape) and tf.gradients(flat, shown) == [None]
        return session.run(flat, {shown: batch})


def edges(flat):
    found = np.zeros(flat.shape[:2], bool)
    found[1:] |= (flat[1:] != flat[:-1]).any(2)
    found[:, 1:] |= (flat[:, 1:] != flat[:, :-1]).any(2)
    return found


def recall(wanted, found, tolerance=2):
    """Share of the wanted edges that has a found one within so many pixels."""
    return (distance_transform_edt(~found)[wanted] <= tolerance).mean()


@pytest.mark.long
@pytest.mark.parametrize('size', [64, 256])
def test_edges_and_colours_are_those_of_scikit_image(size):
    for name, ours, theirs, bound in zip(NAMES, *both(size) + (COLOUR[size],)):
        a, b = edges(ours), edges(theirs)
        assert min(recall(b, a), recall(a, b)) > {64: 0.99, 256: 0.95}[size], name
        assert np.abs(ours - theirs).mean() < bound, name
        regions = [len(np.unique(flat.reshape(-1, 3), axis=0)) for flat in (ours, theirs)]
        assert abs(regions[0] - regions[1]) < 6, name


@pytest.mark.parametrize('size', [64, pytest.param(256, marks=pytest.mark.long)])
def test_the_content_loss_is_that_of_scikit_image(size):
    network = dlib_content.freeze_graph(read_descriptor_weights(installed_model(DESCRIPTOR)), size, size)
    with tf.Graph().as_default(), tf.Session() as session:
        shown, ours, theirs = [frozen.import_into(network, {frozen.CONTENT_INPUT: tf.constant(batch)},
                                                  [frozen.CONTENT_OUTPUT], 'the content network')[0]
                               for batch in (pictures(size),) + both(size)]
        found, wanted = session.run([content_loss(ours, shown), content_loss(theirs, shown)])
    assert found == pytest.approx(wanted, rel=CONTENT[size])


@pytest.mark.long
def test_every_picture_of_a_batch_stands_alone():
    whole, batch = both(64)[0], pictures(64)
    for i in range(3):
        assert np.array_equal(run(batch[i:i + 1])[0], whole[i])


@pytest.mark.long
@pytest.mark.parametrize('height, width', [(16, 16), (48, 80), (33, 20)])
def test_any_shape(height, width):
    picture = cv2.resize(pictures(64)[1], (width, height), interpolation=cv2.INTER_AREA)
    ours, theirs = run(picture[None])[0], flatten_regions(picture)
    assert np.abs(ours - theirs).mean() < 0.02


@pytest.mark.long
def test_values_outside_the_range_and_flat_pictures():
    wild = np.random.RandomState(0).standard_normal((1, 32, 32, 3)).astype(np.float32) * 5  # an untrained network's
    assert np.isfinite(run(wild)).all()
    assert np.allclose(run(np.full((1, 32, 32, 3), 0.25, np.float32)), 0.25)
    with pytest.raises(ValueError, match='at least 200 pixels'):
        run(wild[:, :10, :10])
