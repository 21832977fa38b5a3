"""VGG19 up to conv4_4 before its ReLU, as a frozen graph: the features of the content loss (docs/recipe.md, "TTN")."""
from typing import Dict, List, Tuple

import numpy as np

from dctnet.compat import tf

# (block, convolutions, channels); conv4_4 is the last layer that the recipe needs.
BLOCKS = ((1, 2, 64), (2, 2, 128), (3, 4, 256), (4, 4, 512))
LAYERS = tuple(f'conv{block}_{i + 1}' for block, count, _ in BLOCKS for i in range(count))
CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)


def shapes() -> Dict[str, Tuple[int, int, int, int]]:
    """Kernel shape [3, 3, in, out] of each layer."""
    result, width = {}, 3
    for block, count, channels in BLOCKS:
        for i in range(count):
            result[f'conv{block}_{i + 1}'] = (3, 3, width, channels)
            width = channels
    return result


def random_weights(seed: int) -> Dict[str, List[np.ndarray]]:
    """He-normal kernels and zero biases: features good enough for demos and tests, with no download."""
    rng = np.random.RandomState(seed)
    return {name: [(rng.standard_normal(shape) * np.sqrt(2.0 / np.prod(shape[:3]))).astype(np.float32),
                   np.zeros(shape[3], np.float32)] for name, shape in shapes().items()}


def features(image: tf.Tensor, weights: Dict[str, List[np.ndarray]]) -> tf.Tensor:
    """conv4_4 before ReLU. image: [N, H, W, 3] BGR in [-1, 1] -> [N, H/8, W/8, 512].

    weights: layer name -> [kernel, bias] in Caffe's convention (BGR, 0-255 minus the mean), baked in as constants.
    """
    x = (image + 1.0) * 127.5 - tf.constant(CAFFE_MEAN_BGR, tf.float32)
    for block, count, _ in BLOCKS:
        for i in range(count):
            kernel, bias = weights[f'conv{block}_{i + 1}']
            x = tf.nn.bias_add(tf.nn.conv2d(x, tf.constant(kernel), [1, 1, 1, 1], 'SAME'), tf.constant(bias))
            if (block, i) == (4, 3):
                return x
            x = tf.nn.relu(x)
        x = tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], 'VALID')
    raise AssertionError('BLOCKS must end with conv4_4')


def freeze_graph(weights: Dict[str, List[np.ndarray]]) -> tf.GraphDef:
    """A frozen content network, the form in which checkpoints/vgg19.pb is kept."""
    with tf.Graph().as_default() as graph:
        image = tf.placeholder(tf.float32, [None, None, None, 3], name='image')
        tf.identity(features(image, weights), name='features')
    return graph.as_graph_def()  # all is constant
