"""Augmentation of what a discriminator sees (Karras et al., Training Generative Adversarial Networks with Limited Data,
2020, section 3 and appendix B): pixel blitting, geometry and colour, each with probability p.

Differentiable with respect to the images as often as needed, as R1 requires, and exactly the identity if p is 0. It
consists of sums and products of floats and one gather: matrix products would be rounded to ten bits on GPUs with TF32,
and integer arithmetic has no GPU kernels.

Unlike in the paper, images are sampled bilinearly at their own resolution, without low-pass filters (sym6, at twice
the resolution) before and after. Arbitrary rotations and shifts blur a little more, shrinking aliases a little; flips,
right angles and whole pixels stay exact. Borders are reflected as often as needed instead of once.
"""
import math
from typing import List

import numpy as np

from dctnet.compat import tf
from dctnet.ops.random import StatelessRandom

STREAMS = 6  # streams of random numbers that `augmented` takes, counted from its `stream`

_COSINES = np.array([1.0, 0.0, -1.0, 0.0], np.float32)  # of quarter turns, exact: pixels are moved, not mixed
_GREY_AXIS = np.full((3, 3), 1 / 3.0, np.float32)  # projection onto the grey axis
_HUE_TURN = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], np.float32) / np.float32(math.sqrt(3.0))  # cross product


def augmented(pictures: tf.Tensor, p: tf.Tensor, draws: StatelessRandom, stream: int) -> tf.Tensor:
    """Images that are moved and recoloured at random, each on its own: the same shape, values may exceed [-1, 1].

    pictures: float32 [N, H, W, 3] in [-1, 1], shape known.
    p: float32 scalar in [0, 1], the probability of each single transform.
    draws: random numbers of the training step.
    stream: the first of the STREAMS streams that are used.
    """
    count, height, width = pictures.shape.as_list()[:3]
    p = tf.convert_to_tensor(p)  # a variable is read once
    moved = warped(pictures, geometric_matrices(count, height, width, p, draws, stream))
    return recoloured(moved, colour_matrices(count, p, draws, stream + 3))


def geometric_matrices(count: int, height: int, width: int, p: tf.Tensor, draws: StatelessRandom,
                       stream: int) -> tf.Tensor:
    """[N, 3, 3] for `warped`: mirroring, quarter turns, whole pixels; then scale, rotation, stretch, rotation, shift.

    The inverses of the transforms, that of the first one in front, because `warped` needs the place that a pixel comes
    from.

    count, height, width: of the images.
    p: float32 scalar in [0, 1], the probability of each transform.
    draws: random numbers of the training step.
    stream: the first of three streams that are used.
    """
    chance = tf.unstack(draws.uniform(stream, [8, count]))
    uniform = tf.unstack(draws.uniform(stream + 1, [6, count]))
    normal = tf.unstack(draws.normal(stream + 2, [4, count]))
    sides = (width, height)
    rotating = 1.0 - tf.sqrt(1.0 - p)  # either of two rotations with probability p

    mirror = _sometimes(chance[0] < p, 1.0 - 2.0 * tf.floor(uniform[0] * 2.0), 1.0)
    turns = _sometimes(chance[1] < p, tf.floor(uniform[1] * 4.0), 0.0)
    pixels = [_sometimes(chance[2] < p, tf.round((u * 2.0 - 1.0) * 0.125 * side), 0.0)
              for u, side in zip(uniform[2:4], sides)]
    scale = _sometimes(chance[3] < p, tf.exp(-math.log(2) * 0.2 * normal[0]), 1.0)
    # Both directions by exp: 1 / 1.0 is rounded below 1 by the vector code of 2.15.
    stretch = [_sometimes(chance[5] < p, tf.exp(sign * math.log(2) * 0.2 * normal[1]), 1.0) for sign in (-1, 1)]
    before, after = [_sometimes(chance[i] < rotating, (u * 2.0 - 1.0) * math.pi, 0.0)
                     for i, u in zip((4, 6), uniform[4:6])]
    shift = [_sometimes(chance[7] < p, n * 0.125 * side, 0.0) for n, side in zip(normal[2:4], sides)]
    return _product([scaling(mirror, tf.ones_like(mirror)), quarter_turns(turns), translation(*pixels),
                     scaling(scale, scale), rotation(before), scaling(*stretch), rotation(after),
                     translation(*shift)])


def colour_matrices(count: int, p: tf.Tensor, draws: StatelessRandom, stream: int) -> tf.Tensor:
    """[N, 3, 4] for `recoloured`: brightness, contrast, flip of the luma, hue, saturation.

    count: of the images.
    p: float32 scalar in [0, 1], the probability of each transform.
    draws: random numbers of the training step.
    stream: the first of three streams that are used.
    """
    chance = tf.unstack(draws.uniform(stream, [5, count]))
    uniform = tf.unstack(draws.uniform(stream + 1, [2, count]))
    normal = tf.unstack(draws.normal(stream + 2, [3, count]))

    brightness = _sometimes(chance[0] < p, 0.2 * normal[0], 0.0)
    contrast = _sometimes(chance[1] < p, tf.exp(math.log(2) * 0.5 * normal[1]), 1.0)
    flip = _sometimes(chance[2] < p, tf.floor(uniform[0] * 2.0), 0.0)
    angle = _sometimes(chance[3] < p, (uniform[1] * 2.0 - 1.0) * math.pi, 0.0)
    saturation = _sometimes(chance[4] < p, tf.exp(math.log(2) * normal[2]), 1.0)
    linear = _product([saturating(saturation), turning_hue(angle), flipping_luma(flip),
                       contrast[:, None, None] * np.eye(3, dtype=np.float32)])
    constant = tf.reduce_sum(linear, 2, keepdims=True) * brightness[:, None, None]  # brightness comes first
    return tf.concat([linear, constant], 2)


def warped(pictures: tf.Tensor, matrices: tf.Tensor) -> tf.Tensor:
    """Bilinear samples, [N, H, W, C] -> [N, H, W, C], shape known, with the border reflected (edge not repeated).

    matrices: [N, 3, 3], from a pixel (x, y, 1) of the result to the place it comes from, in pixels from the centre.
    """
    count, height, width = pictures.shape.as_list()[:3]
    centre = np.array([width - 1, height - 1], np.float32) / 2
    x = np.arange(width, dtype=np.float32)[None, None, :] - centre[0]
    y = np.arange(height, dtype=np.float32)[None, :, None] - centre[1]
    m = matrices[:, :, :, None, None]
    from_x, from_y = [m[:, i, 0] * x + m[:, i, 1] * y + m[:, i, 2] + centre[i] for i in (0, 1)]  # [N, H, W]
    left, top = tf.floor(from_x), tf.floor(from_y)
    right_share, lower_share = (from_x - left)[..., None], (from_y - top)[..., None]
    number = tf.zeros_like(left) + np.arange(count, dtype=np.float32)[:, None, None]

    def row(rows: tf.Tensor) -> tf.Tensor:
        at_left, at_right = [tf.gather_nd(pictures, tf.cast(tf.stack(
            [number, _reflected(rows, height), _reflected(columns, width)], 3), tf.int32))
            for columns in (left, left + 1.0)]
        return (1.0 - right_share) * at_left + right_share * at_right

    return (1.0 - lower_share) * row(top) + lower_share * row(top + 1.0)


def recoloured(pictures: tf.Tensor, matrices: tf.Tensor) -> tf.Tensor:
    """Apply a matrix to the colours, [N, H, W, 3] -> [N, H, W, 3]. matrices: [N, 3, 4], the last column is added."""
    columns = tf.unstack(matrices[:, None, None], axis=4)  # four of [N, 1, 1, 3]
    return sum(pictures[..., i:i + 1] * columns[i] for i in range(3)) + columns[3]


def translation(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """[N, 3, 3] for `warped`: the content moves left by x and up by y pixels, each [N]."""
    one, zero = tf.ones_like(x), tf.zeros_like(x)
    return _matrices([[one, zero, x], [zero, one, y], [zero, zero, one]])


def scaling(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """[N, 3, 3] for `warped`: the content shrinks by the factors x and y, each [N]; -1 mirrors."""
    one, zero = tf.ones_like(x), tf.zeros_like(x)
    return _matrices([[x, zero, zero], [zero, y, zero], [zero, zero, one]])


def rotation(angle: tf.Tensor) -> tf.Tensor:
    """[N, 3, 3] for `warped`: the content turns anticlockwise, in radians [N]."""
    return _turned(tf.cos(angle), tf.sin(angle))


def quarter_turns(turns: tf.Tensor) -> tf.Tensor:
    """[N, 3, 3] for `warped`: `rotation` by exact right angles, 0 to 3 of them, floats [N]."""
    whole = tf.cast(turns, tf.int32)
    return _turned(tf.gather(_COSINES, whole), tf.gather(np.roll(_COSINES, 1), whole))


def flipping_luma(flip: tf.Tensor) -> tf.Tensor:
    """[N, 3, 3] for colours: negates the grey part if flip [N] is 1, keeps it if it is 0."""
    return np.eye(3, dtype=np.float32) - 2.0 * flip[:, None, None] * _GREY_AXIS


def turning_hue(angle: tf.Tensor) -> tf.Tensor:
    """[N, 3, 3] for colours: turns them around the grey axis, in radians [N]."""
    cosine, sine = tf.cos(angle)[:, None, None], tf.sin(angle)[:, None, None]
    return cosine * np.eye(3, dtype=np.float32) + (1.0 - cosine) * _GREY_AXIS + sine * _HUE_TURN


def saturating(factor: tf.Tensor) -> tf.Tensor:
    """[N, 3, 3] for colours: multiplies their distance from the grey axis by a factor [N]."""
    factor = factor[:, None, None]
    return factor * np.eye(3, dtype=np.float32) + (1.0 - factor) * _GREY_AXIS


def _sometimes(condition: tf.Tensor, drawn: tf.Tensor, neutral: float) -> tf.Tensor:
    return tf.where(condition, drawn, tf.fill(drawn.shape, neutral))


def _turned(cosine: tf.Tensor, sine: tf.Tensor) -> tf.Tensor:
    one, zero = tf.ones_like(cosine), tf.zeros_like(cosine)
    return _matrices([[cosine, -sine, zero], [sine, cosine, zero], [zero, zero, one]])


def _matrices(rows: List[List[tf.Tensor]]) -> tf.Tensor:
    return tf.stack([tf.stack(row, 1) for row in rows], 1)


def _product(factors: List[tf.Tensor]) -> tf.Tensor:
    """The matrix product of [N, k, k], in full precision everywhere."""
    result = factors[0]
    for factor in factors[1:]:
        result = tf.reduce_sum(result[:, :, :, None] * factor[:, None, :, :], 2)
    return result


def _reflected(index: tf.Tensor, size: int) -> tf.Tensor:
    """Whole numbers (as floats) of any size folded into 0 ... size - 1."""
    period = 2.0 * (size - 1)
    within = index - period * tf.floor(index / period)
    return size - 1.0 - tf.abs(size - 1.0 - within)
