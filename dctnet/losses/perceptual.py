"""Losses that keep content and expression and smooth the picture (RECIPE.md, TTN). They build no networks."""
from dctnet.compat import tf


def content_loss(target: tf.Tensor, features: tf.Tensor) -> tf.Tensor:
    """mean |target − features| / (h · w · c) of feature maps [N, h, w, c] of known size; a scalar.

    The division by the size of the features is the published normalisation; the weight 200 belongs to it.
    """
    _, height, width, channels = features.shape.as_list()
    return tf.reduce_mean(tf.abs(target - features)) / (height * width * channels)


def total_variation(x: tf.Tensor) -> tf.Tensor:
    """(mean Δh² + mean Δw²) / (3 H W) of pictures [N, H, W, 3] of known size; a scalar."""
    _, height, width, channels = x.shape.as_list()
    down = tf.reduce_mean(tf.square(x[:, 1:] - x[:, :-1]))
    right = tf.reduce_mean(tf.square(x[:, :, 1:] - x[:, :, :-1]))
    return (down + right) / (channels * height * width)


def facial_loss(predicted: tf.Tensor, openness: tf.Tensor) -> tf.Tensor:
    """Mean of ‖predicted − openness‖₂ over the pictures of known openness, both [N, 3]; a scalar, 0 where none is.

    A row of `openness` with a NaN is a photograph without a known face and has no part in it.
    """
    known = tf.reduce_all(tf.is_finite(openness), axis=1)
    target = tf.where(tf.is_finite(openness), openness, tf.zeros_like(openness))
    # The constant keeps the gradient of the root finite where the distance is 0.
    distance = tf.sqrt(tf.reduce_sum(tf.square(predicted - target), axis=1) + 1e-12)
    weight = tf.cast(known, tf.float32)
    return tf.reduce_sum(weight * distance) / tf.maximum(tf.reduce_sum(weight), 1.0)
