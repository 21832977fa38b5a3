"""Losses that keep the content and smooth the picture (RECIPE.md, TTN). They take features, never build networks."""
from dctnet.compat import tf


def content_loss(target: 'tf.Tensor', features: 'tf.Tensor') -> 'tf.Tensor':
    """mean |target − features| / (h · w · c) of feature maps [N, h, w, c] of known size; a scalar.

    The division by the size of the features is the published normalisation; the weight 200 belongs to it.
    """
    _, height, width, channels = features.shape.as_list()
    return tf.reduce_mean(tf.abs(target - features)) / (height * width * channels)


def total_variation(x: 'tf.Tensor') -> 'tf.Tensor':
    """(mean Δh² + mean Δw²) / (3 H W) of pictures [N, H, W, 3] of known size; a scalar."""
    _, height, width, channels = x.shape.as_list()
    down = tf.reduce_mean(tf.square(x[:, 1:] - x[:, :-1]))
    right = tf.reduce_mean(tf.square(x[:, :, 1:] - x[:, :, :-1]))
    return (down + right) / (channels * height * width)
