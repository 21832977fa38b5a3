"""The legacy bilinear kernel against its formula."""
import numpy as np

from dctnet.compat import tf
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
