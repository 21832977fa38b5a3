"""The TTN's critics on one trunk of spectral-norm convolutions: patch discriminators, and R_exp of the facial
perception loss (docs/recipe.md, "TTN")."""
from typing import List

import numpy as np

from dctnet.compat import tf
from dctnet.ops.layers import leaky_relu
from dctnet.ops.resample import averaging_matrix, resampled
from dctnet.ops.spectral_norm import spectral_normalised

EXPRESSION_SCOPE = 'expression'
_CELLS = 8  # of the image, in each direction, that the expression regressor tells apart
_HIDDEN = 512  # between the two dense layers of the expression regressor


class SpectralConv:
    """One convolution with spectral norm, bias and SAME zero padding.

    name: its variables are NAME/kernel, NAME/u and NAME/bias.
    size: side of the kernel in pixels.
    inputs, outputs: numbers of channels.
    stride: in both directions.

    advance: the operation of its power iteration, to run once a step (StageGraph.step_ops).
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


class PatchDiscriminator:
    """One logit for each 8 × 8 pixels: the spectral-norm trunk, then a 1×1 convolution.

    scope: of the variables: disc_gray (texture) or disc_blur (surface).
    in_channels: of its input. channels: of the first layer.

    power_iteration: operations that advance all kernels' power iterations, to run once a step.
    """

    def __init__(self, scope: str, in_channels: int, channels: int = 32) -> None:
        with tf.variable_scope(scope):
            self._trunk = SpectralTrunk(in_channels, channels)
            self._out = SpectralConv('conv_out', 1, self._trunk.outputs, 1)
        convs = self._trunk.convs + [self._out]
        self.variables = [variable for conv in convs for variable in conv.variables]
        self.power_iteration = [conv.advance for conv in convs]

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """[N, H, W, in_channels] in [-1, 1] -> logits [N, H/8, W/8, 1]."""
        return self._out(self._trunk(x))


class ExpressionRegressor:
    """The spectral-norm trunk of the discriminators, its means in 8 × 8 cells of the image, and two dense layers to 3
    numbers.

    At 32 channels 8192 -> 512 -> 3. The published form is the mean of the whole image, 128 -> 512 -> 3, in which an eye
    is too small to be seen; faces are aligned, so a cell tells eyes from mouth (docs/recipe.md, "Facial perception").
    The leaky ReLU between the dense layers is our addition, too: without it they would be one layer.

    channels: of the first layer.
    spread: float32 [2, 3], mean and standard deviation of the openness that it is to predict. A checkpoint holds them,
        so that a resumed training goes on with the same ones.
    """

    def __init__(self, channels: int, spread: np.ndarray) -> None:
        with tf.variable_scope(EXPRESSION_SCOPE):
            self._spread = tf.get_variable('spread', [2, 3], tf.float32, tf.constant_initializer(spread),
                                           trainable=False)
            self._trunk = SpectralTrunk(3, channels)
            self._dense = [_dense_variables('dense1', _CELLS * _CELLS * self._trunk.outputs, _HIDDEN),
                           _dense_variables('dense2', _HIDDEN, 3)]
        self.variables = [variable for layer in self._trunk.convs for variable in layer.variables]
        self.variables += [variable for layer in self._dense for variable in layer]
        self.power_iteration = [conv.advance for conv in self._trunk.convs]

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """[N, H, W, 3] BGR in [-1, 1], H and W known -> normalised openness of left eye, right eye and mouth [N, 3]."""
        (kernel1, bias1), (kernel2, bias2) = self._dense
        maps = self._trunk(x)
        rows, columns = [averaging_matrix(side, 0, side, _CELLS) for side in maps.shape.as_list()[1:3]]
        features = tf.reshape(resampled(maps, rows, columns), [-1, _CELLS * _CELLS * self._trunk.outputs])
        return tf.matmul(leaky_relu(tf.matmul(features, kernel1) + bias1), kernel2) + bias2

    def normalised(self, openness: tf.Tensor) -> tf.Tensor:
        """[N, 3], less the mean and divided by the standard deviation of the photographs; NaN stays NaN."""
        mean, deviation = tf.unstack(self._spread)
        return (openness - mean) / deviation


def _dense_variables(name: str, inputs: int, outputs: int) -> tuple:
    with tf.variable_scope(name):
        return (tf.get_variable('kernel', [inputs, outputs], initializer=tf.glorot_uniform_initializer()),
                tf.get_variable('bias', [outputs], initializer=tf.zeros_initializer()))
