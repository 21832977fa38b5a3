"""The wavelet's low-pass filter against what defines it; up and down against plain numpy."""
import numpy as np

from dctnet.compat import tf
from dctnet.ops import wavelet

RNG = np.random.RandomState(0)


def run(function):
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(function())


def test_the_filter_is_orthonormal_with_six_vanishing_moments():
    taps = np.arange(12)
    products = [np.sum(wavelet.SYM6[:12 - 2 * k] * wavelet.SYM6[2 * k:]) for k in range(6)]
    np.testing.assert_allclose(products, [1, 0, 0, 0, 0, 0], atol=1e-11)
    moments = [np.sum((-1.0) ** taps * wavelet.SYM6 * (taps - 5.5) ** k) for k in range(7)]
    np.testing.assert_allclose(moments[:6], 0, atol=1e-8)
    assert abs(moments[6]) > 1


def test_up_is_zeros_between_the_pixels_and_the_filter():
    x = RNG.standard_normal((1, 8, 10, 2)).astype(np.float32)
    found = run(lambda: wavelet.upsampled(tf.constant(x)))
    assert found.shape == (1, 27, 31, 2)
    for c in range(2):
        padded = np.pad(x[0, :, :, c], 7, mode='reflect')
        spread = np.zeros((2 * padded.shape[0], 2 * padded.shape[1]))
        spread[::2, ::2] = padded
        for axis in (0, 1):
            spread = np.apply_along_axis(np.convolve, axis, spread, np.sqrt(2) * wavelet.SYM6)
        start = 14 + 5 - wavelet.BEYOND
        np.testing.assert_allclose(found[0, :, :, c], spread[start:start + 27, start:start + 31], atol=1e-5)


def test_down_undoes_up():
    x = RNG.standard_normal((2, 16, 20, 3)).astype(np.float32)
    found = run(lambda: wavelet.downsampled(wavelet.upsampled(tf.constant(x))[:, 1:, 1:]))
    np.testing.assert_allclose(found, x, atol=1e-5)


def test_a_line_keeps_its_place():
    """Of a ramp, place m shows the value of pixel (m - CENTRE) / 2."""
    ramp = np.tile(np.arange(20, dtype=np.float32)[None, None, :, None], (1, 8, 1, 1))
    found = run(lambda: wavelet.upsampled(tf.constant(ramp)))[0, 4, :, 0]
    inside = np.arange(8, 30)
    np.testing.assert_allclose(found[inside + wavelet.BEYOND], (inside - wavelet.CENTRE) / 2, atol=1e-4)
