"""The generator of the texture translation network: a U-Net of 1 467 075 parameters (docs/recipe.md, "TTN")."""
from typing import Dict, List

import numpy as np

from dctnet.compat import tf
from dctnet.ops.filters import guided_filter
from dctnet.ops.layers import conv, leaky_relu
from dctnet.ops.resample import upsample_bilinear

SCOPE, AVERAGE_SCOPE = 'generator', 'generator_ema'
_VARIABLES = ('/weights', '/biases')


def unet(photo: tf.Tensor, channels: int = 32, scope: str = SCOPE) -> tf.Tensor:
    """Translate photographs, before the guided filter. [N, H, W, 3] BGR in [-1, 1] -> the same shape, unbounded.

    H and W are multiples of 4. A second call shares the variables `SCOPE/Conv/weights` ... of the first.
    """
    with tf.variable_scope(scope, reuse=tf.AUTO_REUSE):
        x0 = leaky_relu(conv(photo, channels, 7))                       # [N, H, W, c]
        x1 = leaky_relu(conv(x0, channels, 3, stride=2))
        x1 = leaky_relu(conv(x1, channels * 2, 3))                      # [N, H/2, W/2, 2c]
        x2 = leaky_relu(conv(x1, channels * 2, 3, stride=2))
        x2 = leaky_relu(conv(x2, channels * 4, 3))                      # [N, H/4, W/4, 4c]
        for index in range(4):
            x2 = _residual(x2, channels * 4, f'block_{index}')
        x2 = leaky_relu(conv(x2, channels * 2, 3))                      # [N, H/4, W/4, 2c]
        x3 = leaky_relu(conv(upsample_bilinear(x2) + x1, channels * 2, 3))
        x3 = leaky_relu(conv(x3, channels, 3))                          # [N, H/2, W/2, c]
        x4 = leaky_relu(conv(upsample_bilinear(x3) + x0, channels, 3))  # [N, H, W, c]
        return conv(x4, 3, 7)


def smoothed(photo: tf.Tensor, raw: tf.Tensor) -> tf.Tensor:
    """The output of the U-Net after the guided filter, whose guide is the photograph."""
    return guided_filter(photo, raw, radius=1, eps=1e-2)


def translate(photo: tf.Tensor, channels: int = 32, scope: str = SCOPE) -> tf.Tensor:
    """The whole translator, in training and in the export. scope: of the variables."""
    return smoothed(photo, unet(photo, channels, scope))


def variables() -> List[tf.Variable]:
    """The generator's variables in the current graph."""
    return tf.trainable_variables(SCOPE + '/')


def by_name() -> Dict[str, tf.Variable]:
    """Name within the scope -> variable, of the generator in the current graph."""
    return {variable.op.name[len(SCOPE) + 1:]: variable for variable in variables()}


def averages() -> Dict[str, tf.Variable]:
    """New variables for the moving averages of the generator's, which they start as: name within the scope ->
    variable `generator_ema/Conv/weights` ..., not trainable."""
    return {name: tf.get_variable(f'{AVERAGE_SCOPE}/{name}', initializer=variable.initial_value, trainable=False)
            for name, variable in by_name().items()}


def is_averaged(weights: Dict[str, np.ndarray]) -> bool:
    """Whether weights by name hold a moving average of the generator."""
    return f'{AVERAGE_SCOPE}/Conv/weights' in weights


def exported(weights: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
    """The generator that an export takes, under the released names: the averaged one if there is one.

    weights: of a checkpoint, by name; those of other networks and of the optimiser are left out.
    """
    scope = AVERAGE_SCOPE if is_averaged(weights) else SCOPE
    return {SCOPE + name[len(scope):]: array for name, array in weights.items()
            if name.startswith(scope + '/') and name.endswith(_VARIABLES)}


def channels_of(weights: Dict[str, np.ndarray]) -> int:
    """Width of the first layer of a generator, from its weights by name; 0 if they hold none."""
    kernel = weights.get(f'{SCOPE}/Conv/weights')
    return int(kernel.shape[-1]) if kernel is not None and kernel.ndim == 4 else 0


def _residual(x: tf.Tensor, channels: int, scope: str) -> tf.Tensor:
    with tf.variable_scope(scope):
        return conv(leaky_relu(conv(x, channels, 3, scope='conv1')), channels, 3, scope='conv2') + x
