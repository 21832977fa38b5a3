"""R_exp of the facial perception loss (RECIPE.md, TTN): openness of eyes and mouth as a picture shows it."""
from dctnet.compat import tf
from dctnet.nets.spectral_trunk import SpectralTrunk
from dctnet.ops.layers import leaky_relu

SCOPE = 'expression'
_HIDDEN = 512


class ExpressionRegressor:
    """The spectral-norm trunk of the discriminators, its mean over the picture, and two dense layers to 3 numbers.

    At 32 channels 128 -> 512 -> 3. The leaky ReLU between the dense layers is ours: without it they are one layer.
    """

    def __init__(self, channels: int = 32) -> None:
        with tf.variable_scope(SCOPE):
            self._trunk = SpectralTrunk(3, channels)
            self._dense = [_dense_variables('dense1', self._trunk.outputs, _HIDDEN),
                           _dense_variables('dense2', _HIDDEN, 3)]
        self.variables = [variable for layer in self._trunk.convs for variable in layer.variables]
        self.variables += [variable for layer in self._dense for variable in layer]
        self.power_iteration = [conv.advance for conv in self._trunk.convs]

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """[N, H, W, 3] BGR in [-1, 1] -> openness of left eye, right eye and mouth [N, 3]."""
        (kernel1, bias1), (kernel2, bias2) = self._dense
        features = tf.reduce_mean(self._trunk(x), axis=[1, 2])
        return tf.matmul(leaky_relu(tf.matmul(features, kernel1) + bias1), kernel2) + bias2


def _dense_variables(name: str, inputs: int, outputs: int) -> tuple:
    with tf.variable_scope(name):
        return (tf.get_variable('kernel', [inputs, outputs], initializer=tf.glorot_uniform_initializer()),
                tf.get_variable('bias', [outputs], initializer=tf.zeros_initializer()))
