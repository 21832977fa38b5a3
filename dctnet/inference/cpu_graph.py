"""A frozen translator rewritten for the CPU: three kinds of operations replaced by faster ones that compute the same.

Convolutions with few output channels, such as a translator's last: the matrix products of a CPU are made for dozens of
columns, so 3 channels cost nearly what 12 do. A kernel one pixel larger, at every second pixel, gives blocks of 2 x 2
pixels, 12 channels, at 1.3 times the multiplications of a 7 x 7 kernel and about half the time.

Box filters by depthwise convolutions, as in the guided filter of graphs from the published code: TensorFlow 1.15 goes
from pixel to pixel, three numbers at a time, which is an eighth of such a graph's time at 720 px. Here whole rows and
columns are added (docs/performance.md).

Means along columns, as in the guided filter of our graphs: pooling takes all channels of a pixel at once, which are
three here. With the pixels of a line as channels it takes hundreds, and gives the same bits.
"""
from typing import Callable, Optional, Tuple

import numpy as np

from dctnet.compat import tf

Compute = Callable[[tf.Tensor], tf.Tensor]
# (node, its constant float32 kernel or None) -> what to compute of its first input instead, None to keep the node.
Choose = Callable[[tf.NodeDef, Optional[np.ndarray]], Optional[Compute]]

_MAX_OUTPUTS = 4     # channels of a convolution that is blocked
_MIN_KERNEL_SIDE = 5  # a smaller kernel has too many multiplications to lose
_MAX_WINDOW_SIDE = 3  # of a box filter: every pixel of the window is one more pass over the image


def for_cpu(graph_def: tf.GraphDef) -> tf.GraphDef:
    """A graph that computes the same on a CPU in less time, to within rounding, under the same tensor names.

    Operations that gain nothing, or whose kernels are not constant, stay as they are.
    """
    return pool_lines(add_windows(block_outputs(graph_def)))


def replace_nodes(graph_def: tf.GraphDef, choose: Choose) -> tf.GraphDef:
    """A copy of graph_def in which each single-output node is replaced by what `choose` returns (None keeps it). Tensor
    names do not change."""
    by_name = {node.name: node for node in graph_def.node}
    result = tf.GraphDef()
    result.CopyFrom(graph_def)
    del result.node[:]
    for node in graph_def.node:
        compute = choose(node, _kernel(node, by_name))
        result.node.extend([node] if compute is None else _nodes(node.name, node.input[0], compute))
    return result


def keeps_size(node: tf.NodeDef) -> bool:
    """Whether a convolution or pooling works at every pixel of [N, H, W, C] and gives the same size (SAME)."""
    attributes = node.attr  # reading what is not there would write it
    steps = {step for name in ('strides', 'dilations') if name in attributes for step in attributes[name].list.i}
    return attributes['padding'].s == b'SAME' and steps == {1} and (
        'data_format' not in attributes or attributes['data_format'].s == b'NHWC')


def _kernel(node: tf.NodeDef, by_name: dict) -> Optional[np.ndarray]:
    if len(node.input) < 2 or node.input[1].startswith('^'):
        return None
    source = by_name[node.input[1].split(':')[0]]
    while source.op == 'Identity':
        source = by_name[source.input[0].split(':')[0]]
    if source.op != 'Const' or source.attr['dtype'].type != tf.float32.as_datatype_enum:
        return None
    return tf.make_ndarray(source.attr['value'].tensor)


def _nodes(name: str, source: str, compute: Compute) -> list:
    """The nodes of `compute` on the tensor `source` of a graph; the last one bears `name`."""
    with tf.Graph().as_default() as graph:
        with tf.name_scope(name + '_replaced'):
            x = tf.placeholder(tf.float32, [None, None, None, None])
            result = compute(x)
        tf.identity(result, name=name)
    nodes = [node for node in graph.as_graph_def().node if node.name != x.op.name]
    for node in nodes:
        node.input[:] = [source if entry == x.op.name else entry for entry in node.input]
    return nodes


def block_outputs(graph_def: tf.GraphDef) -> tf.GraphDef:
    """Convolutions with few output channels, computed in blocks of 2 x 2 pixels."""
    return replace_nodes(graph_def, _blocked)


def _blocked(node: tf.NodeDef, kernel: Optional[np.ndarray]) -> Optional[Compute]:
    if node.op != 'Conv2D' or kernel is None or not keeps_size(node):
        return None
    side, width, inputs, outputs = kernel.shape
    if side != width or side % 2 == 0 or side < _MIN_KERNEL_SIDE or outputs > _MAX_OUTPUTS:
        return None
    blocks = np.zeros((side + 1, side + 1, inputs, 2, 2, outputs), np.float32)
    for row in range(2):
        for column in range(2):
            blocks[row:row + side, column:column + side, :, row, column] = kernel

    def compute(x: tf.Tensor) -> tf.Tensor:
        height, width = tf.unstack(tf.shape(x)[1:3])
        # SAME begins side // 2 pixels outside here, too. [N, H/2, W/2, 4 outputs], the blocks' pixels row by row.
        found = tf.nn.conv2d(x, blocks.reshape(side + 1, side + 1, inputs, -1), [1, 2, 2, 1], 'SAME')
        return tf.depth_to_space(found, 2)[:, :height, :width]

    return compute


def add_windows(graph_def: tf.GraphDef) -> tf.GraphDef:
    """Box filters as sums of whole rows and columns; only small windows, at every pixel, with the border that SAME
    gives."""
    return replace_nodes(graph_def, _added)


def _added(node: tf.NodeDef, kernel: Optional[np.ndarray]) -> Optional[Compute]:
    if node.op != 'DepthwiseConv2dNative' or kernel is None or not keeps_size(node):
        return None
    height, width, _, multiplier = kernel.shape
    even = height % 2 == 0 or width % 2 == 0
    if even or max(height, width) > _MAX_WINDOW_SIDE or multiplier > 1 or np.ptp(kernel) > 0:
        return None
    weight = kernel.flat[0]
    return lambda x: _window_sums(x, (height, width)) * weight


def _window_sums(x: tf.Tensor, window: Tuple[int, int]) -> tf.Tensor:
    """Sums over the part of every window [height, width] inside the image, [N, H, W, C] -> the same shape."""
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


def pool_lines(graph_def: tf.GraphDef) -> tf.GraphDef:
    """Average pooling by windows of one column, at every pixel, over whole lines at once."""
    return replace_nodes(graph_def, _pooled)


def _pooled(node: tf.NodeDef, _: Optional[np.ndarray]) -> Optional[Compute]:
    if node.op != 'AvgPool' or not keeps_size(node) or node.attr['T'].type != tf.float32.as_datatype_enum:
        return None
    window = list(node.attr['ksize'].list.i)
    if window != [1, window[1], 1, 1]:
        return None

    def compute(x: tf.Tensor) -> tf.Tensor:
        number, height, width, channels = tf.unstack(tf.shape(x))
        lines = tf.reshape(x, [number, height, 1, width * channels])
        return tf.reshape(tf.nn.avg_pool(lines, window, [1, 1, 1, 1], 'SAME'), [number, height, width, channels])

    return compute
