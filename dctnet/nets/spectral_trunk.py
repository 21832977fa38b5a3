"""Spectral-norm convolutions, and the trunk of them that discriminators and the expression regressor begin with."""
from typing import List

from dctnet.compat import tf
from dctnet.ops.layers import leaky_relu
from dctnet.ops.spectral_norm import spectral_normalised


class SpectralConv:
    """One convolution with bias and SAME zero padding; its variables NAME/kernel, NAME/u and NAME/bias once.

    advance: the operation of its power iteration, run once a step (StageGraph.step_ops).
    """

    def __init__(self, name: str, size: int, inputs: int, outputs: int, stride: int = 1) -> None:
        with tf.variable_scope(name):
            kernel = tf.get_variable('kernel', [size, size, inputs, outputs],
                                     initializer=tf.glorot_uniform_initializer())
            u = tf.get_variable('u', [1, outputs], initializer=tf.random_normal_initializer(), trainable=False)
            bias = tf.get_variable('bias', [outputs], initializer=tf.zeros_initializer())
        normalised = spectral_normalised(kernel, u)
        self.variables = [kernel, bias]
        self.advance = normalised.advance
        self._kernel, self._bias, self._stride = normalised.kernel, bias, stride

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """[N, H, W, inputs] -> [N, H/stride, W/stride, outputs], linear."""
        strides = [1, self._stride, self._stride, 1]
        return tf.nn.bias_add(tf.nn.conv2d(x, self._kernel, strides, 'SAME'), self._bias)


class SpectralTrunk:
    """Three pairs of 3×3 convolutions (the first of each has stride 2), widths channels · (1, 2, 4), leaky ReLU after
    each: conv0_1 ... conv2_2 in the current variable scope. outputs: channels of the last."""

    def __init__(self, in_channels: int, channels: int) -> None:
        self.convs: List[SpectralConv] = []
        self.outputs = in_channels
        for i in range(3):
            inputs, self.outputs = self.outputs, channels * 2 ** i
            self.convs += [SpectralConv(f'conv{i}_1', 3, inputs, self.outputs, stride=2),
                           SpectralConv(f'conv{i}_2', 3, self.outputs, self.outputs)]

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """[N, H, W, in_channels] -> [N, H/8, W/8, outputs]."""
        for conv in self.convs:
            x = leaky_relu(conv(x))
        return x
