"""SLIC superpixels by tensor operations, on the device (Achanta et al. 2012; docs/recipe.md, "TTN": content loss).

The same method as ops.slic: k-means in the cells of a grid, then small separate pieces join a neighbour.
"""
import math
from typing import NamedTuple

import numpy as np

from dctnet.compat import tf
from dctnet.ops.slic import COMPACTNESS, SEGMENTS, SIGMA

ITERATIONS = 10
_REACH = 2  # cells in each direction in which a pixel looks for centres
_AROUND = [(i, j) for i in range(2 * _REACH + 1) for j in range(2 * _REACH + 1)]  # in a grid with that border
_FAR = 1e3  # a centre with this value in every feature is never the nearest

_RGB_TO_XYZ = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))  # sRGB
_WHITE = (0.95047, 1.0, 1.08883)  # D65
_NEIGHBOURS = ((1, 2), (1, 0), (2, 1), (0, 1))  # right, left, below, above, in an image with a border of one pixel


class _Grid(NamedTuple):
    """Square cells of `step` pixels, each with one seed, `start` pixels from its top and left.

    height, width: of the image in pixels. rows, columns: numbers of cells.
    """
    height: int
    width: int
    start: int
    step: int
    rows: int
    columns: int

    @property
    def pixels_per_seed(self) -> float:
        """The mean size of a region."""
        rows, columns = [len(range(self.start, side, self.step)) for side in (self.height, self.width)]
        return self.height * self.width / float(rows * columns)


def superpixels(images: tf.Tensor) -> tf.Tensor:
    """Each of about 200 regions filled with its mean colour; no gradient flows back.

    images: float32 [N, H, W, 3] of known shape, any range. Returns the same shape.
    """
    images = tf.stop_gradient(images)
    shape = images.shape.as_list()
    regions = tf.reshape(joined(_labels(images), min_size=int(_grid(*shape[1:3]).pixels_per_seed / 2)), [-1])  # [N·H·W]
    pixels = tf.concat([tf.reshape(images, [-1, 3]), tf.ones([int(np.prod(shape[:3])), 1])], 1)  # [N·H·W, 4]
    sums = tf.math.unsorted_segment_sum(pixels, regions, pixels.shape.as_list()[0])              # [N·H·W, 4]
    means = sums[:, :3] / tf.maximum(sums[:, 3:], 1.0)                                           # [N·H·W, 3]
    return tf.stop_gradient(tf.reshape(tf.gather(means, regions), shape))


def _labels(images: tf.Tensor) -> tf.Tensor:
    """int32 [N, H, W]: the seed that each pixel belongs to after the k-means, numbered within its image."""
    grid = _grid(*images.shape.as_list()[1:3])
    features = _in_cells(_features(images, grid), grid)                             # [N, rows, columns, step², 6]
    centres = tf.tile(_seeds(grid), [images.shape.as_list()[0], 1, 1, 1])           # [N, rows, columns, 5]
    for _ in range(ITERATIONS - 1):
        centres = _means(_nearest(features, centres), features)
    own = np.arange(grid.rows * grid.columns, dtype=np.int32).reshape((1, grid.rows, grid.columns, 1))
    steps = np.array([(i - _REACH) * grid.columns + j - _REACH for i, j in _AROUND], np.int32)
    labels = own + tf.gather(tf.constant(steps), _nearest(features, centres))       # [N, rows, columns, step²]
    return _in_picture(labels[..., None], grid)[..., 0]


def _grid(height: int, width: int) -> _Grid:
    spacing = math.sqrt(height * width / SEGMENTS)
    if spacing < 1:
        raise ValueError(f'superpixels of pictures of {height} × {width} pixels: at least {SEGMENTS} pixels are needed')
    step = int(round(spacing))
    return _Grid(height, width, int(spacing // 2), step, -(-height // step), -(-width // step))


def _seeds(grid: _Grid) -> np.ndarray:
    """[1, rows, columns, 5]: the first centres, without a colour, so that the first regions are squares. Cells at the
    lower and right edges that end before their seed have none."""
    seeds = np.zeros((1, grid.rows, grid.columns, 5), np.float32)
    y, x = [grid.start + grid.step * np.arange(count) for count in (grid.rows, grid.columns)]
    seeds[..., 3], seeds[..., 4] = y[:, None] / grid.step, x[None, :] / grid.step
    seeds[:, y >= grid.height] = _FAR
    seeds[:, :, x >= grid.width] = _FAR
    return seeds


def _features(images: tf.Tensor, grid: _Grid) -> tf.Tensor:
    """[N, H, W, 6]: smoothed Lab / compactness; y and x in steps; 1. The squared distance of the first five is
    SLIC's."""
    low = tf.reduce_min(images, [1, 2, 3], keepdims=True)
    high = tf.reduce_max(images, [1, 2, 3], keepdims=True)
    spread = high - low
    unit = (images - low) / (spread + tf.cast(tf.equal(spread, 0.0), tf.float32))
    colour = _smoothed(_lab(unit)) / COMPACTNESS
    y, x = np.mgrid[:grid.height, :grid.width] / float(grid.step)
    place = tf.constant(np.stack([y, x, np.ones_like(y)], 2)[None], tf.float32)
    return tf.concat([colour, tf.tile(place, [tf.shape(images)[0], 1, 1, 1])], 3)


def _lab(rgb: tf.Tensor) -> tf.Tensor:
    """sRGB in [0, 1] -> CIE Lab, as scikit-image does it. The channels are taken for RGB although they are BGR, as
    `slic` does in ops.slic and in the published code."""
    linear = tf.where(rgb > 0.04045, tf.pow((rgb + 0.055) / 1.055, 2.4), rgb / 12.92)
    to_xyz = np.array(_RGB_TO_XYZ).T / np.array(_WHITE)
    xyz = tf.tensordot(linear, tf.constant(to_xyz, tf.float32), 1)
    f = tf.where(xyz > 0.008856, tf.pow(tf.maximum(xyz, 1e-6), 1 / 3.0), 7.787 * xyz + 16 / 116.0)
    fx, fy, fz = tf.unstack(f, axis=3)
    return tf.stack([116.0 * fy - 16.0, 500.0 * (fx - fy), 200.0 * (fy - fz)], 3)


def _smoothed(x: tf.Tensor) -> tf.Tensor:
    """Smoothed by a Gaussian of SIGMA, cut off at 4 SIGMA, with a mirrored border. [N, H, W, C] -> the same shape."""
    radius = 4 * SIGMA
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / float(SIGMA)) ** 2)
    weights = np.tile((weights / weights.sum())[:, None], (1, x.shape.as_list()[3]))  # [taps, channels]
    border = [radius, radius]
    x = tf.pad(x, [[0, 0], border, border, [0, 0]], 'SYMMETRIC')
    for shape in ((-1, 1), (1, -1)):
        kernel = weights.reshape(shape + (weights.shape[1], 1))
        x = tf.nn.depthwise_conv2d(x, tf.constant(kernel, tf.float32), [1, 1, 1, 1], 'VALID')
    return x


def _in_cells(x: tf.Tensor, grid: _Grid) -> tf.Tensor:
    """[N, H, W, C] -> [N, rows, columns, step², C], zeros where a cell extends beyond the image."""
    step, channels = grid.step, x.shape.as_list()[3]
    x = tf.pad(x, [[0, 0], [0, grid.rows * step - grid.height], [0, grid.columns * step - grid.width], [0, 0]])
    # [N, rows · step, columns · step, C] -> [N, rows, step, columns, step, C] -> [N, rows, columns, step, step, C]
    x = tf.transpose(tf.reshape(x, [-1, grid.rows, step, grid.columns, step, channels]), [0, 1, 3, 2, 4, 5])
    return tf.reshape(x, [-1, grid.rows, grid.columns, step * step, channels])


def _in_picture(x: tf.Tensor, grid: _Grid) -> tf.Tensor:
    """The inverse of `_in_cells`: [N, rows, columns, step², C] -> [N, H, W, C]."""
    step, channels = grid.step, x.shape.as_list()[4]
    # [N, rows, columns, step², C] -> [N, rows, columns, step, step, C] -> [N, rows, step, columns, step, C]
    x = tf.transpose(tf.reshape(x, [-1, grid.rows, grid.columns, step, step, channels]), [0, 1, 3, 2, 4, 5])
    return tf.reshape(x, [-1, grid.rows * step, grid.columns * step, channels])[:, :grid.height, :grid.width]


def _nearest(features: tf.Tensor, centres: tf.Tensor) -> tf.Tensor:
    """int64 [N, rows, columns, step²]: which of the centres around a pixel's cell (_AROUND) is nearest."""
    around = _around(centres)                                                                   # [..., 25, 5]
    # |f - c|² without |f|², which is the same for all of them, as one product: the last feature is 1.
    around = tf.concat([-2.0 * around, tf.reduce_sum(tf.square(around), 4, keepdims=True)], 4)  # [..., 25, 6]
    return tf.argmin(tf.matmul(features, around, transpose_b=True), 4)                          # of [..., step², 25]


def _around(cells: tf.Tensor) -> tf.Tensor:
    """[N, rows, columns, C] -> [N, rows, columns, 25, C]: each cell and those around it; _FAR outside the grid."""
    rows, columns = cells.shape.as_list()[1:3]
    border = [_REACH, _REACH]
    padded = tf.pad(cells, [[0, 0], border, border, [0, 0]], constant_values=_FAR)  # [N, rows + 4, columns + 4, C]
    return tf.stack([padded[:, i:i + rows, j:j + columns] for i, j in _AROUND], 3)


def _means(nearest: tf.Tensor, features: tf.Tensor) -> tf.Tensor:
    """The mean features of each region, [N, rows, columns, 5]; _FAR for a region without pixels.

    The sums are matrix products, whose order does not depend on timing. features: [N, rows, columns, step², 6], the
    last is 1 inside the image and 0 outside.
    """
    # [N, rows, columns, 25, 6]: what each cell adds to the regions of the cells around it
    sums = tf.matmul(tf.one_hot(nearest, len(_AROUND)), features, transpose_a=True)
    rows, columns = sums.shape.as_list()[1:3]
    border, last = [_REACH, _REACH], 2 * _REACH
    padded = tf.pad(sums, [[0, 0], border, border, [0, 0], [0, 0]])             # [N, rows + 4, columns + 4, 25, 6]
    total = tf.reduce_sum(tf.stack([padded[:, last - i:last - i + rows, last - j:last - j + columns, k]
                                    for k, (i, j) in enumerate(_AROUND)], 4), 4)  # [N, rows, columns, 6]
    count = total[..., -1:]
    return total[..., :-1] / tf.maximum(count, 1.0) + _FAR * tf.cast(tf.equal(count, 0.0), tf.float32)


def joined(labels: tf.Tensor, min_size: int) -> tf.Tensor:
    """int32 labels [N, H, W] of known shape -> int32 regions [N, H, W], each the index of one of its pixels in [N·H·W].

    A piece is a connected part of one label. A piece of fewer than `min_size` pixels joins one that begins above or
    left of it, as in scikit-image: there the neighbour that a breadth-first search from the piece's first pixel meets
    last, here the neighbour of the pixel farthest from the first. No piece is divided.
    """
    shape = labels.shape.as_list()
    count = int(np.prod(shape))
    piece = _pieces(labels)         # [N, H, W]
    root = tf.reshape(piece, [-1])  # [N·H·W]
    size = tf.math.unsorted_segment_sum(tf.ones([count], tf.int32), root, count)

    neighbour = -tf.ones(shape, tf.int32)
    for other in _neighbours(piece, count):
        neighbour = tf.where(other < piece, other, neighbour)
    neighbour, (_, height, width) = tf.reshape(neighbour, [-1]), shape
    index = tf.range(count)
    away = tf.abs(index // width % height - root // width % height) + tf.abs(index % width - root % width)
    away = tf.where(neighbour >= 0, away, -tf.ones_like(away))
    farthest = tf.equal(away, tf.gather(tf.math.unsorted_segment_max(away, root, count), root))
    target = tf.math.unsorted_segment_max(tf.where(farthest, neighbour, -tf.ones_like(away)), root, count)
    joins = tf.equal(root, index) & (size < min_size) & (target >= 0)
    return tf.reshape(_followed(tf.where(joins, target, root)), shape)


def _pieces(labels: tf.Tensor) -> tf.Tensor:
    """[N, H, W]: the first pixel of the piece that each pixel belongs to, as its index in [N·H·W]."""
    shape = labels.shape.as_list()
    count = int(np.prod(shape))
    same = [tf.equal(labels, other) for other in _neighbours(labels, -1)]

    def spread(first: tf.Tensor, changes: tf.Tensor) -> list:
        nearer = first
        for alike, other in zip(same, _neighbours(first, count)):
            nearer = tf.where(alike, tf.minimum(nearer, other), nearer)
        flat = tf.reshape(nearer, [-1])
        nearer = tf.reshape(tf.gather(flat, flat), shape)
        return [nearer, tf.reduce_any(tf.not_equal(nearer, first))]

    start = [tf.reshape(tf.range(count), shape), tf.constant(True)]
    return tf.while_loop(lambda first, changes: changes, spread, start, back_prop=False)[0]


def _followed(parent: tf.Tensor) -> tf.Tensor:
    """The end of every chain parent, parent of parent, ...; an end is its own parent. [M] -> [M]."""
    def doubled(parent: tf.Tensor, changes: tf.Tensor) -> list:
        further = tf.gather(parent, parent)
        return [further, tf.reduce_any(tf.not_equal(further, parent))]

    return tf.while_loop(lambda parent, changes: changes, doubled, [parent, tf.constant(True)], back_prop=False)[0]


def _neighbours(x: tf.Tensor, border: int) -> list:
    """The four neighbours of each pixel, each [N, H, W]; `border` outside the image."""
    height, width = x.shape.as_list()[1:]
    padded = tf.pad(x, [[0, 0], [1, 1], [1, 1]], constant_values=border)
    return [padded[:, top:top + height, left:left + width] for top, left in _NEIGHBOURS]
