"""Layers that several networks share. NHWC throughout (1.15 runs no other layout on a CPU)."""
from typing import Optional

from dctnet.compat import slim, tf

_LEAKY_RELU_GRADIENT = 'LeakyReluGradientFromOutput'


def leaky_relu(x: tf.Tensor) -> tf.Tensor:
    """Leaky ReLU with slope 0.2 (docs/recipe.md, "TTN").

    The gradient takes the sign of the output, which is that of the input: so training need not keep both.
    """
    with tf.get_default_graph().gradient_override_map({'LeakyRelu': _LEAKY_RELU_GRADIENT}):
        return tf.nn.leaky_relu(x, alpha=0.2)


@tf.RegisterGradient(_LEAKY_RELU_GRADIENT)
def _leaky_relu_gradient(op: tf.Operation, by_output: tf.Tensor) -> tf.Tensor:
    return tf.raw_ops.LeakyReluGrad(gradients=by_output, features=op.outputs[0], alpha=op.get_attr('alpha'))


def conv(x: tf.Tensor, channels: int, kernel: int, stride: int = 1, scope: Optional[str] = None) -> tf.Tensor:
    """Linear convolution with bias and SAME zero padding; tf-slim names its variables SCOPE/weights, SCOPE/biases.

    x: [N, H, W, C] -> [N, H/stride, W/stride, channels].
    channels: of the output.
    kernel: side of the kernel in pixels.
    stride: in both directions.
    scope: None for Conv, Conv_1, ... as published.
    """
    return slim.conv2d(x, channels, [kernel, kernel], stride=stride, activation_fn=None, scope=scope,
                       weights_initializer=tf.glorot_uniform_initializer())
