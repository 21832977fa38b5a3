"""Frechet distance against closed forms and scipy's square root of a matrix; streaming against numpy."""
import numpy as np
import pytest
from scipy.linalg import sqrtm

from dctnet.metrics.fid import Gaussian, RunningStatistics, frechet_distance, frechet_distance_of_few, standard_error


def drawn(seed, count=200, dimension=6):
    rng = np.random.RandomState(seed)
    return rng.normal(size=(count, dimension)) @ rng.normal(size=(dimension, dimension)) + rng.normal(size=dimension)


def gaussian_of(features, batch=7):
    statistics = RunningStatistics(features.shape[1])
    for first in range(0, len(features), batch):
        statistics.add(features[first:first + batch].astype(np.float32))
    return statistics.result()


def test_streamed_statistics_are_those_of_all_at_once():
    features = drawn(0).astype(np.float32).astype(np.float64)
    found = gaussian_of(features)
    assert found.count == 200
    np.testing.assert_allclose(found.mean, features.mean(0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.covariance, np.cov(features, rowvar=False), rtol=1e-10, atol=1e-10)


def test_known_gaussians_have_their_distance():
    """Diagonal covariances: |m|^2 + sum of (s - t)^2."""
    s, t, shift = np.array([1.0, 2.0, 0.5]), np.array([3.0, 2.0, 0.0]), np.array([1.0, -2.0, 0.5])
    a = Gaussian(9, np.zeros(3), np.diag(s ** 2))
    b = Gaussian(9, shift, np.diag(t ** 2))
    expected = np.sum(shift ** 2) + np.sum((s - t) ** 2)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-12)


def test_rotated_gaussians_have_their_distance():
    """Covariances that do not commute, in two dimensions: tr (AB)^(1/2) = (tr AB + 2 (det AB)^(1/2))^(1/2)."""
    a, b = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([[1.0, -0.6], [-0.6, 3.0]])
    trace = np.sqrt(np.trace(a @ b) + 2 * np.sqrt(np.linalg.det(a @ b)))
    found = frechet_distance(Gaussian(9, np.zeros(2), a), Gaussian(9, np.zeros(2), b))
    assert found == pytest.approx(np.trace(a) + np.trace(b) - 2 * trace, rel=1e-12)


def test_the_distance_is_that_with_the_root_of_the_product():
    x, y = drawn(1), drawn(2)
    a, b = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    expected = np.sum((x.mean(0) - y.mean(0)) ** 2) + np.trace(a + b - 2 * sqrtm(a @ b).real)
    assert frechet_distance(gaussian_of(x), gaussian_of(y)) == pytest.approx(expected, rel=1e-5)


def test_equal_sets_are_at_distance_0_and_order_does_not_count():
    a, b = gaussian_of(drawn(1)), gaussian_of(drawn(2))
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9)
    assert frechet_distance(gaussian_of(drawn(1)[::-1], batch=11), b) == pytest.approx(frechet_distance(a, b), rel=1e-6)


@pytest.mark.parametrize('count', [4, 30])
def test_the_distance_from_the_features_is_the_same(count):
    """With fewer images than dimensions, and with more."""
    x, y = drawn(1, count), drawn(2, count + 3)
    statistics = [Gaussian(len(side), side.mean(0), np.cov(side, rowvar=False)) for side in (x, y)]
    assert frechet_distance_of_few(x, y) == pytest.approx(frechet_distance(*statistics), rel=1e-9)
    assert frechet_distance_of_few(x, x) == pytest.approx(0, abs=1e-9)


def test_fewer_pictures_than_features_still_have_a_distance():
    """Singular covariances: in three of forty dimensions the distance is that of these three."""
    x, y = drawn(3, count=10, dimension=3), drawn(4, count=12, dimension=3)
    basis = np.linalg.qr(np.random.RandomState(0).normal(size=(40, 40)))[0][:, :3]
    wide = [Gaussian(len(side), basis @ side.mean(0), basis @ np.cov(side, rowvar=False) @ basis.T) for side in (x, y)]
    narrow = [Gaussian(len(side), side.mean(0), np.cov(side, rowvar=False)) for side in (x, y)]
    assert frechet_distance(*wide) == pytest.approx(frechet_distance(*narrow), rel=1e-6)
    assert frechet_distance(wide[0], wide[0]) == pytest.approx(0, abs=1e-9)


def test_the_standard_error_is_the_spread_over_other_choices_of_images():
    """Sixty choices of the same distribution against the jackknife of one: within a factor of 1.5."""
    rng = np.random.RandomState(7)
    style = gaussian_of(rng.standard_normal((4000, 3)))
    choices = [rng.standard_normal((400, 3)) + [1.0, 0.0, 0.0] for _ in range(60)]
    spread = np.std([frechet_distance(gaussian_of(choice), style) for choice in choices])
    assert 1 / 1.5 < np.mean([standard_error(choice, style) for choice in choices[:20]]) / spread < 1.5
    assert standard_error(choices[0][:3], style) is None
