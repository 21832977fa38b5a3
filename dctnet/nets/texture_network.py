"""A small network of random filters whose mean and deviation describe the texture of an image: no download, and never
the network that holds the content.

Untrained filters are known to capture textures well (Ustyuzhaninov et al. 2017). Equal in both runtimes and for all
trainings, so that the figures compare.
"""
import numpy as np

from dctnet import frozen
from dctnet.compat import tf

_LAYERS = ((5, 32), (3, 48), (3, 64))  # side and number of the filters; each layer works at half the size of the last
_SEED = 0


def statistics(image: tf.Tensor) -> tf.Tensor:
    """Mean and deviation of each filter's rectified response over the image: [N, H, W, 3] BGR in [-1, 1], 16 px or
    more each way -> [N, 288]."""
    rng, x, numbers = np.random.RandomState(_SEED), image, []
    for side, count in _LAYERS:
        kernel = rng.standard_normal((side, side, x.shape.as_list()[3], count))
        kernel -= kernel.mean(axis=(0, 1), keepdims=True)  # an even area of any colour gives no response
        kernel /= np.sqrt(np.square(kernel).sum(axis=(0, 1, 2), keepdims=True) / 2)
        x = tf.nn.relu(tf.nn.conv2d(x, tf.constant(kernel, tf.float32), [1, 1, 1, 1], 'VALID'))
        mean, variance = tf.nn.moments(x, [1, 2])
        numbers += [mean, tf.sqrt(variance + 1e-12)]
        x = tf.nn.avg_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')
    return tf.concat(numbers, axis=1)


def session(device: str) -> frozen.FrozenGraph:
    """The network ready to be called: float32 [N, H, W, 3] BGR in [-1, 1] -> [N, 288]. device: 'auto', 'cpu' or
    'gpu'."""
    with tf.Graph().as_default() as graph:
        tf.identity(statistics(tf.placeholder(tf.float32, [None, None, None, 3], name='image')), name='features')
    return frozen.FrozenGraph(graph.as_graph_def(), [frozen.CONTENT_INPUT], [frozen.CONTENT_OUTPUT], device)
