"""LPIPS on AlexNet (Zhang et al. 2018, version 0.1): how different two images look, as a frozen graph."""
from typing import Dict, List, NamedTuple, Tuple

import numpy as np

from dctnet import frozen
from dctnet.compat import session_config, tf

PHOTO, RESULT, OUTPUT = 'photo:0', 'result:0', 'distance:0'

# The published network subtracts the first from RGB in [-1, 1], and divides by the second.
_SHIFT_RGB, _SCALE_RGB = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
_EPSILON = 1e-10


class _Convolution(NamedTuple):
    """side: of the kernel. padding: zeros on every side. pooled: 3×3 max pooling of stride 2 comes before it."""
    side: int
    inputs: int
    outputs: int
    stride: int
    padding: int
    pooled: bool


_CONVOLUTIONS = (_Convolution(11, 3, 64, 4, 2, False), _Convolution(5, 64, 192, 1, 2, True),
                 _Convolution(3, 192, 384, 1, 1, True), _Convolution(3, 384, 256, 1, 1, False),
                 _Convolution(3, 256, 256, 1, 1, False))
COUNT = len(_CONVOLUTIONS)


def shapes() -> Dict[str, Tuple[int, ...]]:
    """Shapes of the weights: 'I/kernel' [k, k, in, out], 'I/bias' [out] and the channels' weights 'I/weight' [out]."""
    result: Dict[str, Tuple[int, ...]] = {}
    for index, layer in enumerate(_CONVOLUTIONS):
        result[f'{index}/kernel'] = (layer.side, layer.side, layer.inputs, layer.outputs)
        result[f'{index}/bias'] = result[f'{index}/weight'] = (layer.outputs,)
    return result


def distance(photo: tf.Tensor, result: tf.Tensor, arrays: Dict[str, np.ndarray]) -> tf.Tensor:
    """Images [N, H, W, 3] BGR in [-1, 1], sides of 31 px or more -> [N], 0 if equal. arrays: weights of `shapes`, which
    become constants."""
    total = 0.0
    for index, pair in enumerate(zip(_features(photo, arrays), _features(result, arrays))):
        ours, theirs = [x / (tf.sqrt(tf.reduce_sum(tf.square(x), axis=3, keepdims=True)) + _EPSILON) for x in pair]
        weighted = tf.square(ours - theirs) * tf.constant(arrays[f'{index}/weight'])
        total += tf.reduce_mean(tf.reduce_sum(weighted, axis=3), axis=[1, 2])
    return total


def _features(picture: tf.Tensor, arrays: Dict[str, np.ndarray]) -> List[tf.Tensor]:
    """AlexNet's five layers after their ReLU."""
    x = (tf.reverse(picture, axis=[3]) - tf.constant(_SHIFT_RGB)) / tf.constant(_SCALE_RGB)
    found = []
    for index, layer in enumerate(_CONVOLUTIONS):
        if layer.pooled:
            x = tf.nn.max_pool(x, [1, 3, 3, 1], [1, 2, 2, 1], 'VALID')
        x = tf.pad(x, [[0, 0], [layer.padding] * 2, [layer.padding] * 2, [0, 0]])
        x = tf.nn.conv2d(x, tf.constant(arrays[f'{index}/kernel']), [1, layer.stride, layer.stride, 1], 'VALID')
        x = tf.nn.relu(tf.nn.bias_add(x, tf.constant(arrays[f'{index}/bias'])))
        found.append(x)
    return found


def freeze_graph(arrays: Dict[str, np.ndarray]) -> tf.GraphDef:
    """photo:0, result:0 [N, H, W, 3] BGR in [-1, 1] -> distance:0 [N]: what checkpoints/lpips.pb holds."""
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu')) as session:
        photo, result = [tf.placeholder(tf.float32, [None, None, None, 3], name=name.split(':')[0])
                         for name in (PHOTO, RESULT)]
        return frozen.freeze(session, [tf.identity(distance(photo, result, arrays), name=OUTPUT.split(':')[0])])
