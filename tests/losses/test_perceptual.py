"""Content, total-variation and pixel losses against numpy."""
import numpy as np
import pytest

from dctnet.compat import tf
from dctnet.losses import content_loss, pixel_loss, total_variation

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


def test_pixel_loss():
    x, y = np.array([[[[-1.5, 0.0, 1.0]]]], np.float32), np.array([[[[0.5, 0.5, 1.0]]]], np.float32)
    assert run(pixel_loss, x, y) == pytest.approx(2.5 / 3)
