"""Box filters by depthwise convolutions, as in the guided filter of graphs from the published code, for the CPU.

TensorFlow 1.15 goes from pixel to pixel, three numbers at a time: an eighth of such a graph's time at 720 px. Here
whole rows and columns are added (docs/performance.md).
"""
from typing import Optional, Tuple

import numpy as np

from dctnet.compat import tf
from dctnet.node_replacement import Compute, keeps_size, replace_nodes

_MAX_SIDE = 3  # of a window: every pixel of it is one more pass over the picture


def add_windows(graph_def: tf.GraphDef) -> tf.GraphDef:
    """A graph that computes the same, to within rounding, and keeps the names of its tensors. Only small windows are
    rewritten, and at every pixel with the border that SAME gives."""
    return replace_nodes(graph_def, _added)


def _added(node: tf.NodeDef, kernel: Optional[np.ndarray]) -> Optional[Compute]:
    if node.op != 'DepthwiseConv2dNative' or kernel is None or not keeps_size(node):
        return None
    height, width, _, multiplier = kernel.shape
    even = height % 2 == 0 or width % 2 == 0
    if even or max(height, width) > _MAX_SIDE or multiplier > 1 or np.ptp(kernel) > 0:
        return None
    return lambda x: _window_sums(x, (height, width)) * kernel.flat[0]


def _window_sums(x: tf.Tensor, window: Tuple[int, int]) -> tf.Tensor:
    """Sums over the part of every window [height, width] inside the picture, [N, H, W, C] -> the same shape."""
    number, height, width, channels = tf.unstack(tf.shape(x))
    rows = _sums_along(tf.reshape(x, [number, height, width * channels]), 1, window[0], 1)
    return tf.reshape(_sums_along(rows, 2, window[1], channels), [number, height, width, channels])


def _sums_along(x: tf.Tensor, axis: int, count: int, step: int) -> tf.Tensor:
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
