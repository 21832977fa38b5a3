"""Content, total-variation, pixel and range losses against numpy."""
import numpy as np
import pytest

from dctnet.compat import tf
from dctnet.losses import content_loss, out_of_range, pixel_loss, total_variation

A, B = np.random.RandomState(0).standard_normal((2, 2, 5, 7, 3)).astype(np.float32)


def run(function, *arrays):
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(function(*[tf.constant(array) for array in arrays]))


def test_content_loss():
    assert run(content_loss, A, B) == pytest.approx(np.abs(A - B).mean() / (5 * 7 * 3), rel=1e-5)
    assert run(content_loss, A, A) == 0


def test_total_variation():
    down, right = np.diff(A, axis=1), np.diff(A, axis=2)
    assert run(total_variation, A) == pytest.approx(((down ** 2).mean() + (right ** 2).mean()) / (3 * 5 * 7), rel=1e-5)
    assert run(total_variation, np.full_like(A, 0.3)) == 0


def test_pixel_loss_and_range():
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.constant([[[[-1.5, 0.0, 1.0]], [[3.0, -1.0, 0.5]]]])
        assert session.run(pixel_loss(x, tf.zeros([1, 2, 1, 3]))) == pytest.approx(7 / 6)
        assert session.run(out_of_range(x)) == pytest.approx((0.5 + 2) / 6)
        pull = session.run(tf.gradients(out_of_range(x), x)[0]).ravel() * 6
        np.testing.assert_allclose(pull, [-1, 0, 0, 1, 0, 0])  # nothing pulls at what is within the range
