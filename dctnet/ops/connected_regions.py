"""Small separate pieces of labelled regions join a neighbour, by tensor operations: the last part of SLIC."""
import numpy as np

from dctnet.compat import tf

_NEIGHBOURS = ((1, 2), (1, 0), (2, 1), (0, 1))  # right, left, below, above, in a picture with a border of one


def joined(labels: tf.Tensor, min_size: int) -> tf.Tensor:
    """int32 labels [N, H, W] of known shape -> int32 regions [N, H, W], each the index of one of its pixels in [N H W].

    A piece is what hangs together of one label. One of fewer than `min_size` pixels joins a piece that begins above or
    left of it, as in scikit-image: there the neighbour that a breadth-first search from the piece's first pixel meets
    last, here the neighbour of the pixel farthest from the first. Pieces of any size stay whole.
    """
    shape = labels.shape.as_list()
    count = int(np.prod(shape))
    piece = _pieces(labels)
    root = tf.reshape(piece, [-1])
    size = tf.math.unsorted_segment_sum(tf.ones([count], tf.int32), root, count)

    neighbour = -tf.ones(shape, tf.int32)
    for other in _around(piece, count):
        neighbour = tf.where(other < piece, other, neighbour)
    neighbour, (_, height, width) = tf.reshape(neighbour, [-1]), shape
    index = tf.range(count)
    away = tf.abs(index // width % height - root // width % height) + tf.abs(index % width - root % width)
    away = tf.where(neighbour >= 0, away, -tf.ones_like(away))
    farthest = tf.equal(away, tf.gather(tf.math.unsorted_segment_max(away, root, count), root))
    target = tf.math.unsorted_segment_max(tf.where(farthest, neighbour, -tf.ones_like(away)), root, count)
    joins = tf.equal(root, index) & (size < min_size) & (target >= 0)
    return tf.reshape(_followed(tf.where(joins, target, root)), shape)


def _pieces(labels: tf.Tensor) -> tf.Tensor:
    """[N, H, W]: the first pixel of the piece that a pixel belongs to, as its index in [N H W]."""
    shape = labels.shape.as_list()
    count = int(np.prod(shape))
    same = [tf.equal(labels, other) for other in _around(labels, -1)]

    def spread(first: tf.Tensor, changes: tf.Tensor) -> list:
        nearer = first
        for alike, other in zip(same, _around(first, count)):
            nearer = tf.where(alike, tf.minimum(nearer, other), nearer)
        flat = tf.reshape(nearer, [-1])
        nearer = tf.reshape(tf.gather(flat, flat), shape)
        return [nearer, tf.reduce_any(tf.not_equal(nearer, first))]

    start = [tf.reshape(tf.range(count), shape), tf.constant(True)]
    return tf.while_loop(lambda first, changes: changes, spread, start, back_prop=False)[0]


def _followed(parent: tf.Tensor) -> tf.Tensor:
    """The end of every chain parent, parent of parent, ... [M]; an end is its own parent."""
    def doubled(parent: tf.Tensor, changes: tf.Tensor) -> list:
        further = tf.gather(parent, parent)
        return [further, tf.reduce_any(tf.not_equal(further, parent))]

    return tf.while_loop(lambda parent, changes: changes, doubled, [parent, tf.constant(True)], back_prop=False)[0]


def _around(x: tf.Tensor, border: int) -> list:
    """What stands beside, below and above each pixel of [N, H, W]; `border` outside."""
    height, width = x.shape.as_list()[1:]
    padded = tf.pad(x, [[0, 0], [1, 1], [1, 1]], constant_values=border)
    return [padded[:, top:top + height, left:left + width] for top, left in _NEIGHBOURS]
