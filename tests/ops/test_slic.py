"""Superpixels against scikit-image's own painting of the regions."""
import numpy as np
import pytest
from skimage import data
from skimage.color import label2rgb
from skimage.segmentation import slic
from skimage.transform import resize

from dctnet.compat import tf
from dctnet.ops.slic import flatten_regions, superpixels


@pytest.fixture(scope='module')
def pictures():
    """Two views of the astronaut, float32 in [-1, 1]."""
    face = data.astronaut()[:256, 100:356]
    return np.stack([resize(view, (48, 64), anti_aliasing=True) * 2 - 1
                     for view in (face, face[::-1])]).astype(np.float32)


def reference(image):
    labels = slic(image, n_segments=200, sigma=1, compactness=10, start_label=1)
    return label2rgb(labels, image, kind='avg', bg_label=0)


def test_regions_have_their_mean_colour(pictures):
    for image in pictures:
        found = flatten_regions(image)
        assert found.dtype == np.float32 and found.shape == image.shape
        np.testing.assert_allclose(found, reference(image), atol=1e-5)
        assert 50 < len(np.unique(found.reshape(-1, 3), axis=0)) < 400


def test_in_the_graph(pictures):
    with tf.Graph().as_default(), tf.Session() as session:
        shown = tf.constant(pictures)
        flat, seconds = superpixels(shown)
        assert flat.shape.as_list() == list(pictures.shape)
        assert tf.gradients(flat, shown) == [None]
        found, spent = session.run([flat, seconds])
    assert np.array_equal(found, np.stack([flatten_regions(image) for image in pictures]))
    assert 0 < spent < 60


def test_values_outside_the_range_and_flat_pictures():
    wild = np.random.RandomState(0).standard_normal((16, 16, 3)).astype(np.float32) * 5  # an untrained network's
    assert np.isfinite(flatten_regions(wild)).all()
    assert np.allclose(flatten_regions(np.full((16, 16, 3), 0.25, np.float32)), 0.25)
