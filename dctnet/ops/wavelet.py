"""Twice and half the resolution through the low-pass filter of an orthogonal wavelet, so that an image may be warped in
between with little blur and few aliases (Karras et al. 2020, Training Generative Adversarial Networks with Limited
Data, appendix B)."""
import numpy as np

from dctnet.compat import tf

# Low-pass filter of the wavelet sym6, Daubechies' least asymmetric one with six vanishing moments. Orthonormal.
SYM6 = np.array([
    0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633, 0.4910559419267466,
    0.787641141030194, 0.3379294217276218, -0.07263752278646252, -0.021060292512300564, 0.04472490177066578,
    0.0017677118642428036, -0.007800708325034148])
# The filter is not symmetric: after `upsampled`, pixel i lies at place 2i + CENTRE.
CENTRE = float(np.sum(np.arange(12) * SYM6) / np.sum(SYM6)) - 5
BEYOND = 6  # places above and left of place 0 that `upsampled` gives, too
_REACH = 3  # pixels, of the filter at twice the resolution


def upsampled(x: tf.Tensor) -> tf.Tensor:
    """[N, H, W, C] -> [N, 2H + 11, 2W + 11, C], shape known, sides of at least 7, borders reflected: places -BEYOND to
    2H + 4."""
    border = [BEYOND // 2 + _REACH] * 2
    padded = tf.pad(x, [[0, 0], border, border, [0, 0]], 'REFLECT')
    height, width, channels = [side - 2 * _REACH for side in padded.shape.as_list()[1:3]] + [x.shape.as_list()[3]]
    # Over pixels i - 3 ... i + 3: every second number of the filter gives place 2i, the others place 2i + 1.
    taps = np.sqrt(2) * np.stack([np.append(SYM6[::-2], 0), np.append(0, SYM6[-2::-2])])  # [2, 7]
    kernel = np.einsum('ay,bx->yxab', taps, taps).reshape(7, 7, 1, 4)
    places = _depthwise(padded, kernel, stride=1)  # [N, H + 6, W + 6, C · 2 · 2]
    places = tf.transpose(tf.reshape(places, [-1, height, width, channels, 2, 2]), [0, 1, 4, 2, 5, 3])
    return tf.reshape(places, [-1, 2 * height, 2 * width, channels])[:, :-1, :-1]


def downsampled(x: tf.Tensor) -> tf.Tensor:
    """[N, 2H + 10, 2W + 10, C] -> [N, H, W, C]: undoes `upsampled`, of whose result x holds the places from
    1 - BEYOND on."""
    return _depthwise(x, (np.outer(SYM6, SYM6) / 2)[:, :, None, None], stride=2)


def _depthwise(x: tf.Tensor, kernel: np.ndarray, stride: int) -> tf.Tensor:
    kernel = np.tile(kernel, (1, 1, x.shape.as_list()[3], 1))
    return tf.nn.depthwise_conv2d(x, tf.constant(kernel, x.dtype), [1, stride, stride, 1], 'VALID')
