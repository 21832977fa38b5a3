"""SLIC superpixels for GPUs (Achanta et al. 2012; docs/recipe.md, "TTN": content loss).

The same method as ops.slic: k-means in the cells of a grid, by tensor operations on the device; then small separate
pieces join a neighbour, by scikit-image on the host: one piece after the other, which a GPU is slow at.

The k-means is in float64: TF32 and half precision, which may take the place of float32 in a product, have 10 bits after
the point, and the distances of neighbouring centres differ by less.
"""
import math
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from skimage.segmentation import _slic  # not public: skimage.segmentation.slic joins with it after its own k-means

from dctnet.compat import tf
from dctnet.ops.slic import COMPACTNESS, SEGMENTS, SIGMA
from dctnet.parallel import core_count

ITERATIONS = 10
_REACH = 2  # cells in each direction in which a pixel looks for centres
_AROUND = [(i, j) for i in range(2 * _REACH + 1) for j in range(2 * _REACH + 1)]  # in a grid with that border
_FAR = 1e3  # a centre with this value in every feature is never the nearest

_RGB_TO_XYZ = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))  # sRGB
_WHITE = (0.95047, 1.0, 1.08883)  # D65


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
    count, height, width, _ = images.shape.as_list()
    min_size = max(1, int(_grid(height, width).pixels_per_seed / 2))
    most = height * width // min_size + 2                                     # regions of an image
    first = np.arange(count, dtype=np.int32).reshape((-1, 1, 1)) * most       # of each image, in the whole batch
    regions = tf.reshape(joined(_labels(images), min_size, 6 * min_size) + first, [-1])      # [N·H·W]
    pixels = tf.concat([tf.reshape(images, [-1, 3]), tf.ones([count * height * width, 1])], 1)  # [N·H·W, 4]
    sums = tf.math.unsorted_segment_sum(pixels, regions, count * most)                       # [regions, 4]
    means = sums[:, :3] / tf.maximum(sums[:, 3:], 1.0)                                       # [regions, 3]
    return tf.stop_gradient(tf.reshape(tf.gather(means, regions), [count, height, width, 3]))


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
    seeds = np.zeros((1, grid.rows, grid.columns, 5))
    y, x = [grid.start + grid.step * np.arange(count) for count in (grid.rows, grid.columns)]
    seeds[..., 3], seeds[..., 4] = y[:, None] / grid.step, x[None, :] / grid.step
    seeds[:, y >= grid.height] = _FAR
    seeds[:, :, x >= grid.width] = _FAR
    return seeds


def _features(images: tf.Tensor, grid: _Grid) -> tf.Tensor:
    """float64 [N, H, W, 6]: smoothed Lab / compactness; y and x in steps; 1. The squared distance of the first five is
    SLIC's."""
    images = tf.cast(images, tf.float64)
    low = tf.reduce_min(images, [1, 2, 3], keepdims=True)
    high = tf.reduce_max(images, [1, 2, 3], keepdims=True)
    spread = high - low
    unit = (images - low) / (spread + tf.cast(tf.equal(spread, 0.0), tf.float64))
    colour = _smoothed(_lab(unit)) / COMPACTNESS
    y, x = np.mgrid[:grid.height, :grid.width] / float(grid.step)
    place = tf.constant(np.stack([y, x, np.ones_like(y)], 2)[None])
    return tf.concat([colour, tf.tile(place, [tf.shape(images)[0], 1, 1, 1])], 3)


def _lab(rgb: tf.Tensor) -> tf.Tensor:
    """sRGB in [0, 1] -> CIE Lab, as scikit-image does it. The channels are taken for RGB although they are BGR, as
    `slic` does in ops.slic and in the published code."""
    linear = tf.where(rgb > 0.04045, tf.pow((rgb + 0.055) / 1.055, 2.4), rgb / 12.92)
    to_xyz = np.array(_RGB_TO_XYZ).T / np.array(_WHITE)
    xyz = tf.tensordot(linear, tf.constant(to_xyz), 1)
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
        x = tf.nn.depthwise_conv2d(x, tf.constant(kernel), [1, 1, 1, 1], 'VALID')
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
    sums = tf.matmul(tf.one_hot(nearest, len(_AROUND), dtype=tf.float64), features, transpose_a=True)
    rows, columns = sums.shape.as_list()[1:3]
    border, last = [_REACH, _REACH], 2 * _REACH
    padded = tf.pad(sums, [[0, 0], border, border, [0, 0], [0, 0]])             # [N, rows + 4, columns + 4, 25, 6]
    total = tf.reduce_sum(tf.stack([padded[:, last - i:last - i + rows, last - j:last - j + columns, k]
                                    for k, (i, j) in enumerate(_AROUND)], 4), 4)  # [N, rows, columns, 6]
    count = total[..., -1:]
    return total[..., :-1] / tf.maximum(count, 1.0) + _FAR * tf.cast(tf.equal(count, 0.0), tf.float64)


def joined(labels: tf.Tensor, min_size: int, max_size: int) -> tf.Tensor:
    """int32 labels [N, H, W] -> int32 regions [N, H, W], numbered from 0 within each image. On all cores of the host.

    A region is a connected part of one label. One of fewer than min_size pixels joins a neighbour, one of more than
    max_size is divided, as by scikit-image.
    """
    pool = ThreadPoolExecutor(core_count())  # threads: the function releases the interpreter lock

    def of_picture(picture: np.ndarray) -> np.ndarray:
        picture = np.ascontiguousarray(picture[None] + 1, np.intp)  # [1, H, W], from 1 on
        return np.asarray(_slic._enforce_label_connectivity_cython(picture, min_size, max_size, 1))[0]

    def on_host(batch: np.ndarray) -> np.ndarray:
        return np.stack(list(pool.map(of_picture, batch))).astype(np.int32)

    regions = tf.numpy_function(on_host, [labels], tf.int32)
    regions.set_shape(labels.shape)
    return regions
