"""Kernel distance against a plain double sum."""
import numpy as np
import pytest

from dctnet.metrics.kid import kernel_distance, squared_mmd


def drawn(seed, count, shift=0.0):
    return np.random.RandomState(seed).normal(shift, 1, (count, 5))


def test_the_estimate_is_that_of_the_double_sum():
    a, b = drawn(0, 7), drawn(1, 9, shift=0.5)

    def kernel(x, y):
        return (float(np.dot(x, y)) / 5 + 1) ** 3

    def within(side):
        return sum(kernel(x, y) for i, x in enumerate(side) for j, y in enumerate(side) if i != j) / (
            len(side) * (len(side) - 1))
    across = sum(kernel(x, y) for x in a for y in b) / (len(a) * len(b))
    assert squared_mmd(a, b) == pytest.approx(within(a) + within(b) - 2 * across, rel=1e-12)
    assert squared_mmd(a, b) == pytest.approx(squared_mmd(b, a), rel=1e-12)
    assert squared_mmd(a[::-1], b) == pytest.approx(squared_mmd(a, b), rel=1e-12)


def test_one_distribution_has_no_distance_on_average():
    found = [squared_mmd(drawn(2 * i, 20), drawn(2 * i + 1, 20)) for i in range(200)]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(200)
    assert min(found) < 0


def test_subsets_have_a_standard_error_and_follow_the_seed():
    a, b = drawn(0, 60), drawn(1, 90, shift=1.0)
    found = kernel_distance(a, b)
    assert (found.subset_size, found.subsets) == (30, 100)
    assert found.value == pytest.approx(squared_mmd(a, b), rel=0.2) and 0 < found.standard_error < found.value / 10
    assert found == kernel_distance(a, b) and found != kernel_distance(a, b, seed=1)
    assert kernel_distance(a[:2], b[:3]).subset_size == 2
