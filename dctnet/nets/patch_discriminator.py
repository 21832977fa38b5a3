"""Spectral-norm patch discriminator (RECIPE.md, TTN): its variables once, applied to as many batches as needed."""
from typing import List, NamedTuple

from dctnet.compat import tf
from dctnet.ops.layers import leaky_relu
from dctnet.ops.spectral_norm import spectral_normalised


class _Layer(NamedTuple):
    kernel: 'tf.Tensor'
    bias: 'tf.Variable'
    stride: int


class PatchDiscriminator:
    """One score a patch of 8 × 8 pixels. `scope` names the variables: disc_gray (texture) or disc_blur (surface).

    Three pairs of 3×3 convolutions (the first of each pair has stride 2), widths channels · (1, 2, 4), then 1×1 to
    one logit. All kernels share one power iteration a step, run by `power_iteration`.
    """

    def __init__(self, scope: str, in_channels: int, channels: int = 32) -> None:
        self.variables = []  # type: List[tf.Variable]
        self.power_iteration = []  # type: List[tf.Operation]
        self._layers = []  # type: List[_Layer]
        with tf.variable_scope(scope):
            width = in_channels
            for i in range(3):
                wider = channels * 2 ** i
                self._add('conv{}_1'.format(i), 3, width, wider, stride=2)
                self._add('conv{}_2'.format(i), 3, wider, wider, stride=1)
                width = wider
            self._add('conv_out', 1, width, 1, stride=1)

    def __call__(self, x: 'tf.Tensor') -> 'tf.Tensor':
        """[N, H, W, in_channels] in [-1, 1] -> logits [N, H/8, W/8, 1]."""
        for index, layer in enumerate(self._layers):
            x = tf.nn.bias_add(tf.nn.conv2d(x, layer.kernel, [1, layer.stride, layer.stride, 1], 'SAME'), layer.bias)
            if index < len(self._layers) - 1:
                x = leaky_relu(x)
        return x

    def _add(self, name: str, size: int, inputs: int, outputs: int, stride: int) -> None:
        with tf.variable_scope(name):
            kernel = tf.get_variable('kernel', [size, size, inputs, outputs],
                                     initializer=tf.glorot_uniform_initializer())
            u = tf.get_variable('u', [1, outputs], initializer=tf.random_normal_initializer(), trainable=False)
            bias = tf.get_variable('bias', [outputs], initializer=tf.zeros_initializer())
        normalised = spectral_normalised(kernel, u)
        self._layers.append(_Layer(normalised.kernel, bias, stride))
        self.variables += [kernel, bias]
        self.power_iteration.append(normalised.advance)
