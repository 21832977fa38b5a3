"""Convolutions with few output channels, such as a translator's last, rewritten for the CPU.

Its matrix products are made for dozens of columns, so 3 channels cost nearly what 12 do: a kernel one pixel larger, at
every second pixel, gives blocks of 2 x 2 pixels, 12 channels, at 1.3 times the multiplications of a 7 x 7 kernel and
about half the time.
"""
from typing import Optional

import numpy as np

from dctnet.compat import tf
from dctnet.node_replacement import Compute, keeps_size, replace_nodes

_MAX_OUTPUTS = 4
_MIN_SIDE = 5  # of a kernel: a smaller one has too many multiplications to lose


def block_outputs(graph_def: tf.GraphDef) -> tf.GraphDef:
    """A graph that computes the same, to within rounding, and keeps the names of its tensors. Convolutions that this is
    of no use for, or whose kernels are not constant, stay as they are."""
    return replace_nodes(graph_def, _blocked)


def _blocked(node: tf.NodeDef, kernel: Optional[np.ndarray]) -> Optional[Compute]:
    if node.op != 'Conv2D' or kernel is None or not keeps_size(node):
        return None
    side, width, inputs, outputs = kernel.shape
    if side != width or side % 2 == 0 or side < _MIN_SIDE or outputs > _MAX_OUTPUTS:
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
