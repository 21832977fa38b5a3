"""Spectral normalisation against numpy's singular value decomposition."""
import numpy as np
import pytest

from dctnet.compat import tf
from dctnet.ops.spectral_norm import spectral_normalised

SHAPE = (3, 3, 4, 6)


@pytest.fixture()
def built():
    """(session, kernel variable, u, normalised), with fixed values."""
    rng = np.random.RandomState(0)
    with tf.Graph().as_default(), tf.Session() as session:
        kernel = tf.get_variable('kernel', initializer=rng.standard_normal(SHAPE).astype(np.float32))
        u = tf.get_variable('u', initializer=rng.standard_normal((1, SHAPE[3])).astype(np.float32), trainable=False)
        normalised = spectral_normalised(kernel, u)
        session.run(tf.global_variables_initializer())
        yield session, kernel, u, normalised


def matrix(kernel):
    return kernel.reshape(-1, SHAPE[3]).astype(np.float64)


def unit(x):
    return x / np.linalg.norm(x)


def test_many_iterations_reach_the_largest_singular_value(built):
    session, kernel, u, normalised = built
    for _ in range(200):
        session.run(normalised.advance)
    largest = np.linalg.svd(matrix(session.run(kernel)), compute_uv=False)[0]
    found = session.run(normalised.kernel)
    np.testing.assert_allclose(found, session.run(kernel) / largest, rtol=1e-4, atol=1e-6)
    assert np.linalg.svd(matrix(found), compute_uv=False)[0] == pytest.approx(1, rel=1e-4)


def test_one_iteration_from_the_stored_u(built):
    session, kernel, u, normalised = built
    w, start = matrix(session.run(kernel)), session.run(u).astype(np.float64)
    v = unit(start @ w.T)
    next_u = unit(v @ w)
    sigma = float(v @ w @ next_u.T)
    np.testing.assert_allclose(session.run(normalised.kernel), session.run(kernel) / sigma, rtol=1e-5, atol=1e-6)
    session.run(normalised.advance)
    np.testing.assert_allclose(session.run(u), next_u, rtol=1e-5, atol=1e-6)


def test_reading_has_no_side_effect_and_advance_runs_once(built):
    session, kernel, u, normalised = built
    before = session.run(u)
    for _ in range(3):
        session.run([normalised.kernel, tf.reduce_sum(normalised.kernel)])
    assert np.array_equal(session.run(u), before)
    session.run([normalised.advance, normalised.advance, normalised.kernel])
    once = session.run(u)
    w = matrix(session.run(kernel))
    np.testing.assert_allclose(once, unit(unit(before.astype(np.float64) @ w.T) @ w), rtol=1e-5, atol=1e-6)


def test_gradient_takes_the_singular_vectors_as_constants(built):
    session, kernel, u, normalised = built
    weight = np.random.RandomState(1).standard_normal(SHAPE).astype(np.float32)
    found = session.run(tf.gradients(tf.reduce_sum(normalised.kernel * weight), kernel)[0])
    w, start = matrix(session.run(kernel)), session.run(u).astype(np.float64)
    v = unit(start @ w.T)
    next_u = unit(v @ w)
    sigma, g = float(v @ w @ next_u.T), matrix(weight)
    expected = g / sigma - (g * w).sum() / sigma ** 2 * (v.T @ next_u)
    np.testing.assert_allclose(matrix(found), expected, rtol=1e-4, atol=1e-5)


def test_u_is_not_trained(built):
    session, kernel, u, normalised = built
    assert [v.op.name for v in tf.trainable_variables()] == ['kernel']
    assert tf.gradients(normalised.kernel, u) == [None]
