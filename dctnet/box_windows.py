"""Box filters of pictures, such as those of a translator's guided filter, rewritten for the CPU.

TensorFlow goes from pixel to pixel, three numbers at a time: in average pooling, which this project exports, and far
worse in the depthwise convolutions of graphs from the published code. Here rows and columns are added whole.
"""
from typing import Optional, Tuple

import numpy as np

from dctnet.compat import tf
from dctnet.node_replacement import Compute, keeps_size, replace_nodes

_MAX_SIDE = 3  # of a window: every pixel of it is one more pass over the picture


def add_windows(graph_def: 'tf.GraphDef') -> 'tf.GraphDef':
    """A graph that computes the same, to within rounding, and keeps the names of its tensors. Only small windows at
    every pixel, with the border that SAME gives, are rewritten."""
    return replace_nodes(graph_def, _added)


def _added(node: 'tf.NodeDef', kernel: Optional[np.ndarray]) -> Optional[Compute]:
    if node.op not in ('AvgPool', 'DepthwiseConv2dNative') or not keeps_size(node):
        return None
    if node.op == 'AvgPool':
        batch, height, width, channels = node.attr['ksize'].list.i
        floats = node.attr['T'].type == tf.float32.as_datatype_enum
        if floats and batch * channels == 1 and _fits(height, width):
            return lambda x: _window_means(x, (height, width))
    elif kernel is not None and kernel.shape[3] == 1 and np.ptp(kernel) == 0 and _fits(*kernel.shape[:2]):
        return lambda x: _window_sums(x, kernel.shape[:2]) * kernel.flat[0]
    return None


def _fits(height: int, width: int) -> bool:
    return height % 2 == width % 2 == 1 and max(height, width) <= _MAX_SIDE


def _window_sums(x: 'tf.Tensor', window: Tuple[int, int]) -> 'tf.Tensor':
    """Sums over the part of every window [height, width] inside the picture, [N, H, W, C] -> the same shape."""
    number, height, width, channels = tf.unstack(tf.shape(x))
    rows = _sums_along(tf.reshape(x, [number, height, width * channels]), 1, window[0], 1)
    return tf.reshape(_sums_along(rows, 2, window[1], channels), [number, height, width, channels])


def _window_means(x: 'tf.Tensor', window: Tuple[int, int]) -> 'tf.Tensor':
    height, width, channels = tf.unstack(tf.shape(x)[1:])
    # Pixels that lie in the window: few at the border.
    in_rows = _sums_along(tf.ones([1, height, 1]), 1, window[0], 1)
    in_columns = _sums_along(tf.ones([1, 1, width]), 2, window[1], 1)
    return _window_sums(x, window) / (in_rows * in_columns)[..., None]


def _sums_along(x: 'tf.Tensor', axis: int, count: int, step: int) -> 'tf.Tensor':
    """Sums of `count` elements, `step` apart and centred, along an axis of [N, H, W·C]; zeros lie outside."""
    if count == 1:
        return x
    border = [[0, 0], [0, 0], [0, 0]]
    border[axis] = [count // 2 * step] * 2
    padded, size = tf.pad(x, border), tf.shape(x)
    starts = [[index * step if dimension == axis else 0 for dimension in range(3)] for index in range(count)]
    total = tf.slice(padded, starts[0], size)
    for start in starts[1:]:
        total += tf.slice(padded, start, size)
    return total
