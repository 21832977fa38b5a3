"""Edge-preserving smoothing by box filters (RECIPE.md, TTN: guided filter)."""
from typing import List

from dctnet.compat import tf


def box_mean(x: 'tf.Tensor', radius: int) -> 'tf.Tensor':
    """Mean over the (2 radius + 1)² window, over the part of it inside the picture. [N, H, W, C] -> the same shape.

    Two passes of one-dimensional pooling: `avg_pool` leaves the padding out of its mean, and so do both passes, which
    makes them equal to box sum / count at 2k instead of k² additions a pixel.
    """
    side = 2 * radius + 1
    rows = tf.nn.avg_pool(x, [1, side, 1, 1], [1, 1, 1, 1], 'SAME')
    return tf.nn.avg_pool(rows, [1, 1, side, 1], [1, 1, 1, 1], 'SAME')


def guided_filter(guide: 'tf.Tensor', x: 'tf.Tensor', radius: int, eps: float) -> 'tf.Tensor':
    """Guided filter of He et al., channel by channel: locally x ≈ a · guide + b, with a damped by eps.

    guide, x: [N, H, W, C] in [-1, 1]; returns the same shape. eps is in squared units of the pictures.
    """
    # The guide's own means stand apart from those of x: where the guide is data, no gradient is computed for them.
    mean_guide, mean_square = _box_means([guide, guide * guide], radius)
    variance = mean_square - mean_guide * mean_guide
    if guide is x:
        mean_x, covariance = mean_guide, variance
    else:
        mean_x, mean_product = _box_means([x, guide * x], radius)
        covariance = mean_product - mean_guide * mean_x
    slope = covariance / (variance + eps)
    offset = mean_x - slope * mean_guide
    mean_slope, mean_offset = _box_means([slope, offset], radius)
    return mean_slope * guide + mean_offset


def surface(x: 'tf.Tensor') -> 'tf.Tensor':
    """The surface of a picture, its flat colours without texture: the self-guided filter of radius 5, eps 0.2."""
    return guided_filter(x, x, radius=5, eps=0.2)


def _box_means(pictures: 'List[tf.Tensor]', radius: int) -> 'List[tf.Tensor]':
    return tf.split(box_mean(tf.concat(pictures, 3), radius), len(pictures), axis=3)
