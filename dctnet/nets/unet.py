"""The generator of the texture translation network: a U-Net of 1 467 075 parameters (docs/recipe.md, "TTN")."""
from typing import Dict, List

import numpy as np

from dctnet.compat import tf
from dctnet.ops.filters import guided_filter
from dctnet.ops.layers import conv, leaky_relu
from dctnet.ops.resample import upsample_bilinear

SCOPE = 'generator'


def unet(photo: tf.Tensor, channels: int = 32) -> tf.Tensor:
    """Translate photographs, before the guided filter. [N, H, W, 3] BGR in [-1, 1] -> the same shape, unbounded.

    H and W are multiples of 4. A second call shares the variables `generator/Conv/weights` ... of the first.
    """
    with tf.variable_scope(SCOPE, reuse=tf.AUTO_REUSE):
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


def translate(photo: tf.Tensor, channels: int = 32) -> tf.Tensor:
    """The whole translator, in training and in the export: U-Net, then the guided filter with the photo as guide."""
    return guided_filter(photo, unet(photo, channels), radius=1, eps=1e-2)


def variables() -> List[tf.Variable]:
    """The generator's variables in the current graph."""
    return tf.trainable_variables(SCOPE + '/')


def channels_of(weights: Dict[str, np.ndarray]) -> int:
    """Width of the first layer of a generator, from its weights by name; 0 if they hold none."""
    kernel = weights.get(f'{SCOPE}/Conv/weights')
    return int(kernel.shape[-1]) if kernel is not None and kernel.ndim == 4 else 0


def _residual(x: tf.Tensor, channels: int, scope: str) -> tf.Tensor:
    with tf.variable_scope(scope):
        return conv(leaky_relu(conv(x, channels, 3, scope='conv1')), channels, 3, scope='conv2') + x
