"""Augmentation of what a discriminator sees (Karras et al., Training Generative Adversarial Networks with Limited Data,
2020, section 3 and appendix B): pixel blitting, geometry and colour, each with probability p.

Differentiable with respect to the images as often as needed, as R1 requires. If p is 0, it is the identity but for
rounding. It consists of sums and products of floats and one gather: matrix products would be rounded to ten bits on
GPUs with TF32, and integer arithmetic has no GPU kernels.

As in the paper, images are moved at twice their resolution, between the low-pass filters of a wavelet (sym6). Unlike
there, borders are reflected as often as needed instead of once.
"""
import math
from typing import List

import numpy as np

from dctnet.compat import tf
from dctnet.ops import wavelet
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
    """Images that are moved, [N, H, W, C] -> [N, H, W, C], shape known, with borders reflected: sampled at twice the
    resolution between low-pass filters.

    matrices: [N, 3, 3], from a pixel (x, y, 1) of the result to the place it comes from, in pixels from the centre.
    """
    height, width = pictures.shape.as_list()[1:3]
    centre = np.array([width - 1, height - 1], np.float32) / 2
    # The places at twice the resolution that `downsampled` takes, in pixels from the centre.
    x, y = [((np.arange(2 * side + 10) + 1 - wavelet.BEYOND - wavelet.CENTRE) / 2 - middle).astype(np.float32)
            for side, middle in zip((width, height), centre)]
    x, y = x[None, None, :], y[None, :, None]
    m = matrices[:, :, :, None, None]
    from_x, from_y = [(m[:, i, 0] * x + m[:, i, 1] * y + m[:, i, 2] + centre[i]) * 2 + np.float32(wavelet.CENTRE)
                      for i in (0, 1)]  # [N, 2H + 10, 2W + 10] each
    return wavelet.downsampled(sampled(wavelet.upsampled(pictures), from_x, from_y, wavelet.BEYOND))


def sampled(pictures: tf.Tensor, from_x: tf.Tensor, from_y: tf.Tensor, border: int = 0) -> tf.Tensor:
    """Bilinear samples, [N, H, W, C] -> [N, h, w, C], shape known.

    pictures: with a border of their own.
    from_x, from_y: places of the samples, [N, h, w]; 0 is the first pixel within the border.
    border: width of the border, in pixels. What lies beyond it is a reflection of what lies within (edge not repeated).
    """
    count, height, width = pictures.shape.as_list()[:3]
    left, top = tf.floor(from_x), tf.floor(from_y)
    right_share, lower_share = (from_x - left)[..., None], (from_y - top)[..., None]
    number = tf.zeros_like(left) + np.arange(count, dtype=np.float32)[:, None, None]

    def row(rows: tf.Tensor) -> tf.Tensor:
        at_left, at_right = [tf.gather_nd(pictures, tf.cast(tf.stack(
            [number, _index(rows, height, border), _index(columns, width, border)], 3), tf.int32))
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


def _index(place: tf.Tensor, size: int, border: int) -> tf.Tensor:
    """Where whole numbers (as floats) of any size stand among `size` pixels, the first and last of which are a border:
    0 ... size - 1."""
    last = size - 2 * border - 1.0
    within = place - 2.0 * last * tf.floor(place / (2.0 * last))
    reflected = last - tf.abs(last - within)
    return border + tf.where(tf.abs(place - last / 2) <= last / 2 + border, place, reflected)
