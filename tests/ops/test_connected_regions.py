"""Joining of small pieces on the host against scikit-image's labelling, and by hand-made pictures of labels."""
import numpy as np
from skimage.measure import label

from dctnet.compat import tf
from dctnet.ops.slic_graph import joined


def run(labels, min_size, max_size=10 ** 6):
    with tf.Graph().as_default(), tf.Session() as session:
        given = tf.placeholder(tf.int32, labels.shape)
        found = joined(given, min_size, max_size)
        assert found.shape.as_list() == list(labels.shape) and found.dtype == tf.int32
        return session.run(found, {given: labels})


def same_partition(a, b):
    pairs = np.unique(np.stack([a.ravel(), b.ravel()]), axis=1).shape[1]
    return pairs == len(np.unique(a)) == len(np.unique(b))


def test_pieces_are_what_hangs_together():
    labels = np.random.RandomState(0).randint(0, 3, (2, 17, 23))
    labels[:, ::4] = 7  # long thin pieces, too
    labels[:, :, 5] = 7
    found = run(labels, min_size=0)
    for picture, pieces in zip(labels, found):
        assert same_partition(pieces, label(picture, connectivity=1, background=-1))


def test_small_pieces_join_a_neighbour_as_a_whole():
    labels = np.zeros((1, 6, 8), int)
    labels[0, :, 4:] = 1
    labels[0, 2:4, 3:5] = 2   # four pixels between both halves
    found = run(labels, min_size=5)[0]
    assert len(np.unique(found)) == 2 and len(np.unique(found[2:4, 3:5])) == 1
    assert len(np.unique(run(labels, min_size=4))) == 3


def test_large_pieces_are_divided():
    assert len(np.unique(run(np.zeros((1, 8, 8), int), 2, max_size=32))) == 2
