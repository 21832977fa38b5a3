"""Frechet distance of two sets of features (FID if they are Inception's), from statistics that are streamed."""
from typing import NamedTuple, Optional

import numpy as np


class Gaussian(NamedTuple):
    """count images, the mean [D] of their features and the covariance [D, D] (divided by count - 1), float64."""
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody wants of it
    mean: np.ndarray
    covariance: np.ndarray


class RunningStatistics:
    """Mean and covariance in constant memory: a running sum and a running sum of outer products, float64."""

    def __init__(self, dimension: int) -> None:
        self._count = 0
        self._sum = np.zeros(dimension)
        self._products = np.zeros((dimension, dimension))

    def add(self, features: np.ndarray) -> None:
        """features: [N, D], any N."""
        features = np.asarray(features, np.float64)
        self._count += len(features)
        self._sum += features.sum(axis=0)
        self._products += features.T @ features

    def result(self) -> Gaussian:
        """Needs an image at least; the covariance of one is 0."""
        mean = self._sum / self._count
        covariance = (self._products - self._count * np.outer(mean, mean)) / max(self._count - 1, 1)
        return Gaussian(self._count, mean, covariance)


def frechet_distance(a: Gaussian, b: Gaussian) -> float:
    """|mean_a - mean_b|^2 + tr(A) + tr(B) - 2 tr((A B)^(1/2)) (Heusel et al. 2017); 0 = equal.

    The last trace is the sum of the singular values of A^(1/2) B^(1/2): real, and defined for singular covariances
    too, which no more images than dimensions give.
    """
    roots = [_root(gaussian.covariance) for gaussian in (a, b)]
    cross = np.linalg.svd(roots[0] @ roots[1], compute_uv=False).sum()
    distance = np.sum(np.square(a.mean - b.mean)) + np.trace(a.covariance) + np.trace(b.covariance) - 2.0 * cross
    return max(float(distance), 0.0)  # never negative but for rounding


def frechet_distance_of_few(a: np.ndarray, b: np.ndarray) -> float:
    """The same distance from the features themselves, [N, D] and [M, D], two rows each at least: exact, and quick if
    there are fewer images than dimensions, for the last trace is then of a matrix of N x M numbers."""
    means = [side.mean(axis=0) for side in (a, b)]
    spread = [(side - mean) / np.sqrt(len(side) - 1) for side, mean in zip((a, b), means)]
    cross = np.linalg.svd(spread[0] @ spread[1].T, compute_uv=False).sum()
    distance = np.sum(np.square(means[0] - means[1])) + sum(np.square(side).sum() for side in spread) - 2.0 * cross
    return max(float(distance), 0.0)


def standard_error(a: np.ndarray, b: Gaussian, groups: int = 10) -> Optional[float]:
    """How much `frechet_distance` of features a to b would vary with other images in a's place: the jackknife over
    groups, each left out once. None for less than four images.

    a: [N, D]. b: what they are compared with, held fixed. groups: at most so many.
    """
    a, count = np.asarray(a, np.float64), min(groups, len(a) // 2)
    if count < 2:
        return None
    values = []
    for group in range(count):
        statistics = RunningStatistics(a.shape[1])
        statistics.add(np.delete(a, np.s_[group::count], axis=0))
        values.append(frechet_distance(statistics.result(), b))
    return float(np.sqrt((count - 1) * np.var(values)))


def _root(covariance: np.ndarray) -> np.ndarray:
    """The symmetric square root. Eigenvalues within rounding of 0 count as 0: their roots would not be small."""
    values, vectors = np.linalg.eigh(covariance)
    smallest = max(values.max(), 0.0) * len(values) * np.finfo(np.float64).eps
    values = np.where(values > smallest, values, 0.0)
    return (vectors * np.sqrt(values)) @ vectors.T
