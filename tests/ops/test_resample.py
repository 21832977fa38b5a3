"""Changes of resolution against plain formulas."""
import numpy as np
from scipy.signal import convolve2d

from dctnet.compat import tf
from dctnet.ops import resample
from dctnet.ops.resample import upsample_bilinear


def doubled(x, axis):
    """Output 2i is input i, output 2i + 1 the mean of i and i + 1, the last repeated."""
    after = np.concatenate([np.take(x, range(1, x.shape[axis]), axis), np.take(x, [-1], axis)], axis)
    pairs = np.stack([x, (x + after) / 2], axis + 1)
    shape = list(x.shape)
    shape[axis] *= 2
    return pairs.reshape(shape)


def test_upsample_bilinear():
    x = np.random.RandomState(0).standard_normal((2, 5, 3, 4)).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        found = session.run(upsample_bilinear(tf.constant(x)))
    np.testing.assert_allclose(found, doubled(doubled(x, 1), 2), atol=1e-6)


def test_fir_against_scipy():
    x = np.random.RandomState(0).standard_normal((1, 6, 8, 2)).astype(np.float32)
    kernel = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64.0
    with tf.Graph().as_default(), tf.Session() as session:
        plain, up, down = session.run([resample.fir(tf.constant(x), 2, 1), resample.upsample_fir(tf.constant(x)),
                                       resample.downsample_fir(tf.constant(x))])
    for c in range(2):
        padded = np.pad(x[0, :, :, c], ((2, 1), (2, 1)), mode='constant')
        np.testing.assert_allclose(plain[0, :, :, c], convolve2d(padded, kernel, 'valid'), atol=1e-6)
        spread = np.zeros((12, 16))
        spread[::2, ::2] = x[0, :, :, c]
        padded = np.pad(spread, ((2, 1), (2, 1)), mode='constant')
        np.testing.assert_allclose(up[0, :, :, c], 4 * convolve2d(padded, kernel, 'valid'), atol=1e-6)
        padded = np.pad(x[0, :, :, c], 1, mode='constant')
        np.testing.assert_allclose(down[0, :, :, c], convolve2d(padded, kernel, 'valid')[::2, ::2], atol=1e-6)


def test_averaging_matrix_has_the_bins_of_adaptive_pooling():
    matrix = resample.averaging_matrix(256, 35, 223, 112)
    for i in range(112):
        first, last = 35 + i * 188 // 112, 35 + -(-(i + 1) * 188 // 112)
        assert np.flatnonzero(matrix[i]).tolist() == list(range(first, last))
        np.testing.assert_allclose(matrix[i, first:last], 1.0 / (last - first))


def test_triangle_matrix_is_bilinear_where_it_gets_larger():
    ramp = np.arange(10.0)
    np.testing.assert_allclose(resample.triangle_matrix(10, 2, 8, 6) @ ramp, np.arange(2.0, 8.0))
    np.testing.assert_allclose(resample.triangle_matrix(10, 2, 8, 12) @ ramp, np.arange(1.75, 7.5, 0.5))
    np.testing.assert_allclose((resample.triangle_matrix(10, 0, 10, 5) @ ramp)[1:4], [2.5, 4.5, 6.5])


def test_resampled_turns_rows_and_columns():
    x = np.random.RandomState(0).standard_normal((1, 4, 6, 2)).astype(np.float32)
    rows, columns = np.eye(4, dtype=np.float32)[[2]], np.eye(6, dtype=np.float32)[[5, 0]]
    with tf.Graph().as_default(), tf.Session() as session:
        found = session.run(resample.resampled(tf.constant(x), rows, columns))
    np.testing.assert_array_equal(found, x[:, [2]][:, :, [5, 0]])
