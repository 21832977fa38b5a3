"""Changes of resolution."""
import numpy as np

from dctnet.compat import tf

_FIR = np.array([1.0, 3.0, 3.0, 1.0]) / 8.0  # StyleGAN2's low-pass filter, along each axis


def upsample_bilinear(x: tf.Tensor) -> tf.Tensor:
    """Twice the height and width, [N, H, W, C] -> [N, 2H, 2W, C].

    TensorFlow's legacy bilinear kernel (no align_corners, no half pixels): output 2i is input i exactly, output 2i+1
    the mean of inputs i and i+1, the last one repeated. Released weights rely on it (docs/recipe.md, "TTN").
    """
    size = tf.shape(x)[1:3] * 2
    return tf.image.resize_bilinear(x, size, align_corners=False, half_pixel_centers=False)


def fir(x: tf.Tensor, before: int, after: int, gain: float = 1.0, stride: int = 1) -> tf.Tensor:
    """StyleGAN2's low-pass filter (1, 3, 3, 1)² / 64 with zero padding.

    x: [N, H, W, C] -> [N, (H + before + after - 4) // stride + 1, the same of W, C].
    before, after: zeros above and left; below and right.
    gain: factor of the result.
    stride: in both directions.

    A depthwise convolution is the fastest of the ways that were tried (sums of slices, three 2×2 means, products with a
    band matrix), and differentiable as often as needed.
    """
    channels = x.shape.as_list()[3]
    kernel = np.tile((gain * np.outer(_FIR, _FIR))[:, :, None, None], (1, 1, channels, 1))
    border = [before, after]
    padded = tf.pad(x, [[0, 0], border, border, [0, 0]])
    return tf.nn.depthwise_conv2d(padded, tf.constant(kernel, x.dtype), [1, stride, stride, 1], 'VALID')


def upsample_fir(x: tf.Tensor) -> tf.Tensor:
    """Twice the height and width: zeros between the pixels, then the low-pass filter. [N, H, W, C], H, W, C known."""
    height, width, channels = x.shape.as_list()[1:]
    behind = [[0, 0], [0, 0], [0, 1], [0, 0], [0, 1], [0, 0]]
    spread = tf.pad(tf.reshape(x, [-1, height, 1, width, 1, channels]), behind)  # [N, H, 2, W, 2, C]
    return fir(tf.reshape(spread, [-1, 2 * height, 2 * width, channels]), 2, 1, gain=4.0)


def downsample_fir(x: tf.Tensor) -> tf.Tensor:
    """Half the height and width: the low-pass filter at every second pixel. [N, H, W, C], H and W even."""
    return fir(x, 1, 1, stride=2)


def resampled(x: tf.Tensor, rows: np.ndarray, columns: np.ndarray) -> tf.Tensor:
    """Any separable crop and resize, as products with constant matrices: x [N, H, W, C], rows [h, H], columns [w, W]
    -> [N, h, w, C]."""
    return tf.einsum('ih,nhwc,jw->nijc', tf.constant(rows), x, tf.constant(columns))


def averaging_matrix(size: int, start: float, end: float, outputs: int) -> np.ndarray:
    """[outputs, size] for `resampled`: start...end is cut into equal parts, and output i is the mean of the pixels that
    part i touches. If start and end are whole numbers, these are the bins of PyTorch's adaptive average pooling.

    size: pixels of the input.
    start, end: the crop in pixels; 0 is the left edge of pixel 0.
    outputs: pixels of the result.
    """
    edges = np.linspace(start, end, outputs + 1)
    matrix = np.zeros((outputs, size), np.float32)
    for i in range(outputs):
        first, last = int(np.floor(edges[i] + 1e-6)), int(np.ceil(edges[i + 1] - 1e-6))
        matrix[i, first:last] = 1.0 / (last - first)
    return matrix


def triangle_matrix(size: int, start: float, end: float, outputs: int) -> np.ndarray:
    """[outputs, size] for `resampled`: start...end resized by a triangle filter: bilinear if it gets larger, averaging
    if it gets smaller.

    size: pixels of the input.
    start, end: the crop in pixels; 0 is the left edge of pixel 0.
    outputs: pixels of the result.
    """
    step = (end - start) / outputs
    centres = start + (np.arange(outputs)[:, None] + 0.5) * step - 0.5
    weights = np.maximum(0.0, 1.0 - np.abs(np.arange(size)[None, :] - centres) / max(step, 1.0))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
