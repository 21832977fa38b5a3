"""Joining of small pieces against scikit-image's labelling, and by hand-made pictures of labels."""
import numpy as np
from skimage.measure import label

from dctnet.compat import tf
from dctnet.ops.slic_graph import joined


def run(labels, min_size):
    with tf.Graph().as_default(), tf.Session() as session:
        given = tf.placeholder(tf.int32, labels.shape)
        return session.run(joined(given, min_size), {given: labels})


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
    assert not set(found[0].ravel()) & set(found[1].ravel())  # pictures stay apart


def test_a_winding_piece_is_one():
    spiral = np.zeros((1, 9, 9), int)
    for row in range(1, 9, 2):
        spiral[0, row] = 1
        spiral[0, row, 0 if row % 4 == 1 else -1] = 0
    assert len(np.unique(run(spiral, 0)[spiral == 0])) == 1


def test_small_pieces_join_a_neighbour_that_begins_before_them():
    labels = np.zeros((1, 6, 8), int)
    labels[0, :, 4:] = 1
    labels[0, 2:4, 3:5] = 2   # four pixels between both halves
    found = run(labels, min_size=5)[0]
    assert set(found.ravel()) == {0, 4}
    assert len(np.unique(found[2:4, 3:5])) == 1  # as a whole
    assert len(np.unique(run(labels, min_size=4))) == 3


def test_chains_of_small_pieces_end_in_one_region():
    labels = np.arange(12).reshape(1, 1, 12)
    assert (run(labels, min_size=2) == 0).all()  # the first has nothing before it
