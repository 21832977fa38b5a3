"""Gradients of convolutions, composed of operations that are fast on CPUs. On GPUs TensorFlow's own are used.

On a CPU (docs/performance.md) TensorFlow's gradients of a convolution with respect to its input and to its kernel take
up to ten times as long as the convolution, most for layers with few channels. At stride 1 the first is itself a
convolution, with the kernel turned by 180° and its channels exchanged; the second is a matrix product for each row of
the kernel. Small convolutions keep TensorFlow's own, which are one operation each instead of a dozen.
"""
from typing import ContextManager, List

from dctnet.compat import gpu_present, tf

_NAME = 'ConvolutionGradientForCpu'
FEWEST_MULTIPLICATIONS = 10 ** 7  # multiplications of the convolution, some milliseconds of a core


def cpu_convolution_gradients(device: str) -> ContextManager:
    """A context: convolutions that are built or imported in it have gradients that are fast on the device of the
    training (train.device: 'auto', 'cpu' or 'gpu'), equal up to rounding."""
    return tf.get_default_graph().gradient_override_map({} if gpu_present(device) else {'Conv2D': _NAME})


@tf.RegisterGradient(_NAME)
def _gradients(op: tf.Operation, by_output: tf.Tensor) -> List[tf.Tensor]:
    x, kernel = op.inputs
    if _is_plain(op) and _multiplications(op) >= FEWEST_MULTIPLICATIONS:
        with tf.control_dependencies([by_output]):  # else all layers' are computed early and kept until needed
            x, kernel = tf.identity(x), tf.identity(kernel)
        turned = tf.transpose(tf.reverse(kernel, [0, 1]), [0, 1, 3, 2])
        return [tf.nn.conv2d(by_output, turned, [1, 1, 1, 1], 'SAME'), _by_kernel(x, by_output, kernel.shape.as_list())]
    attributes = {name: op.get_attr(name) for name in ('strides', 'dilations')}
    attributes['padding'] = op.get_attr('padding').decode()
    return [tf.nn.conv2d_backprop_input(tf.shape(x), kernel, by_output, **attributes),
            tf.nn.conv2d_backprop_filter(x, kernel.shape.as_list(), by_output, **attributes)]


def _is_plain(op: tf.Operation) -> bool:
    """Stride 1, and a border of zeros of the same width on both sides."""
    height, width = op.inputs[1].shape.as_list()[:2]
    return (list(op.get_attr('strides')) == list(op.get_attr('dilations')) == [1, 1, 1, 1]
            and op.get_attr('padding') == b'SAME' and bool(height % 2 and width % 2)
            and op.inputs[0].shape.is_fully_defined())


def _multiplications(op: tf.Operation) -> int:
    count, height, width, _ = op.inputs[0].shape.as_list()
    return count * height * width * op.inputs[1].shape.num_elements()


def _by_kernel(x: tf.Tensor, by_output: tf.Tensor, shape: List[int]) -> tf.Tensor:
    """The gradient with respect to a kernel of that shape [height, width, inputs, outputs]. Element (i, j) is the
    product of x and the output's gradient shifted by (i, j); the one with fewer channels is shifted, for all columns of
    the kernel at once."""
    height, width, inputs, outputs = shape
    if inputs < outputs:
        spread = _spread(by_output, height)
        by_row = [tf.matmul(row, spread, transpose_a=True) for row in _shifted(x, height, width)]
        return tf.reshape(tf.stack(by_row), shape)                                    # [height, width, inputs, outputs]
    spread = _spread(x, height)
    by_row = [tf.matmul(spread, row, transpose_a=True) for row in _shifted(by_output, height, width)]
    turned = tf.reshape(tf.stack(by_row), [height, inputs, width, outputs])
    return tf.reverse(tf.transpose(turned, [0, 2, 1, 3]), [0, 1])


def _shifted(x: tf.Tensor, height: int, width: int) -> List[tf.Tensor]:
    """The inputs [N, H, W, C] of each row of a kernel of that size: `height` matrices [L, width·C], parts of one.
    Between two images lie height - 1 lines of zeros."""
    _, _, columns, channels = x.shape.as_list()
    padded = tf.pad(x, [[0, 0], [height // 2] * 2, [width // 2] * 2, [0, 0]])
    beside = tf.concat([padded[:, :, j:j + columns] for j in range(width)], 3)  # [N, H + height - 1, W, width·C]
    whole = tf.reshape(beside, [-1, width * channels])
    length = whole.shape.as_list()[0] - (height - 1) * columns
    return [whole[i * columns:i * columns + length] for i in range(height)]  # whole lines: nothing is copied


def _spread(x: tf.Tensor, height: int) -> tf.Tensor:
    """[N, H, W, C] with height - 1 lines of zeros between two images, as a matrix [L, C]."""
    padded = tf.pad(x, [[0, 0], [0, height - 1], [0, 0], [0, 0]])
    lines = tf.reshape(padded, [-1, x.shape.as_list()[3]])
    return lines[:lines.shape.as_list()[0] - (height - 1) * x.shape.as_list()[2]]
