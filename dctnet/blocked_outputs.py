"""Convolutions with few output channels, such as a translator's last, rewritten for the CPU.

Its matrix products are made for dozens of columns, so 3 channels cost nearly what 12 do: a kernel one pixel larger, at
every second pixel, gives blocks of 2 x 2 pixels, 12 channels, at 1.3 times the multiplications of a 7 x 7 kernel and
about half the time.
"""
from typing import Optional

import numpy as np

from dctnet.compat import tf

_MAX_OUTPUTS = 4
_MIN_SIDE = 5  # of a kernel: a smaller one has too many multiplications to lose


def block_outputs(graph_def: 'tf.GraphDef') -> 'tf.GraphDef':
    """A graph that computes the same, to within rounding, and keeps the names of its tensors. Convolutions that this is
    of no use for, or whose kernels are not constant, stay as they are."""
    by_name = {node.name: node for node in graph_def.node}
    result = tf.GraphDef()
    result.CopyFrom(graph_def)
    del result.node[:]
    for node in graph_def.node:
        kernel = _kernel(node, by_name)
        result.node.extend([node] if kernel is None else _blocked(node.name, node.input[0], kernel))
    return result


def _kernel(node: 'tf.NodeDef', by_name: dict) -> Optional[np.ndarray]:
    """The constant kernel [k, k, inputs, outputs] of a convolution to rewrite, None for other nodes."""
    attributes = node.attr
    if node.op != 'Conv2D' or attributes['padding'].s != b'SAME' or attributes['data_format'].s == b'NCHW':
        return None
    if set(attributes['strides'].list.i) | set(attributes['dilations'].list.i) > {1}:
        return None
    source = by_name[node.input[1].split(':')[0]]
    while source.op == 'Identity':
        source = by_name[source.input[0].split(':')[0]]
    if source.op != 'Const' or source.attr['dtype'].type != tf.float32.as_datatype_enum:
        return None
    kernel = tf.make_ndarray(source.attr['value'].tensor)
    height, width, _, outputs = kernel.shape
    fits = height == width and height % 2 and height >= _MIN_SIDE and outputs <= _MAX_OUTPUTS
    return kernel if fits else None


def _blocked(name: str, source: str, kernel: np.ndarray) -> 'list':
    """The nodes that take the place of a convolution: the last one bears its name."""
    side, _, inputs, outputs = kernel.shape
    blocks = np.zeros((side + 1, side + 1, inputs, 2, 2, outputs), np.float32)
    for row in range(2):
        for column in range(2):
            blocks[row:row + side, column:column + side, :, row, column] = kernel
    border = side // 2
    with tf.Graph().as_default() as graph:
        with tf.name_scope(name + '_blocks'):
            x = tf.placeholder(tf.float32, [None, None, None, inputs])
            height, width = tf.unstack(tf.shape(x)[1:3])
            padded = tf.pad(x, [[0, 0], [border, border + height % 2], [border, border + width % 2], [0, 0]])
            # [N, H/2, W/2, 4 outputs], the blocks' pixels row by row.
            found = tf.nn.conv2d(padded, blocks.reshape(side + 1, side + 1, inputs, -1), [1, 2, 2, 1], 'VALID')
            whole = tf.depth_to_space(found, 2)[:, :height, :width]
        tf.identity(whole, name=name)
    nodes = [node for node in graph.as_graph_def().node if node.name != x.op.name]
    for node in nodes:
        node.input[:] = [source if entry == x.op.name else entry for entry in node.input]
    return nodes
