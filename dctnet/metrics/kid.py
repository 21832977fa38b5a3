"""Kernel distance of two sets of features (KID if they are Inception's): unbiased, of few images too."""
from typing import NamedTuple

import numpy as np

SUBSETS, LARGEST_SUBSET = 100, 1000


class KernelDistance(NamedTuple):
    """value: mean over the subsets. standard_error: of that mean, their deviation / root of their number."""
    value: float
    standard_error: float
    subset_size: int
    subsets: int


def kernel_distance(a: np.ndarray, b: np.ndarray, seed: int = 0) -> KernelDistance:
    """Mean of `squared_mmd` over subsets without repetition of min(1000, half of the smaller set) features of each
    side, two at least (Binkowski et al. 2018). a: [N, D], b: [M, D], two rows each at least.

    Subsets of few images overlap: their standard error then tells less than what other images would change.
    """
    rng = np.random.RandomState(seed)
    size = max(2, min(LARGEST_SUBSET, min(len(a), len(b)) // 2))
    values = [squared_mmd(*(side[rng.choice(len(side), size, replace=False)] for side in (a, b)))
              for _ in range(SUBSETS)]
    return KernelDistance(float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(SUBSETS)), size, SUBSETS)


def squared_mmd(a: np.ndarray, b: np.ndarray) -> float:
    """Unbiased squared maximum mean discrepancy under the kernel (x.y / D + 1)^3: 0 on average if both sets are of
    one distribution, slightly negative at times. a: [N, D], b: [M, D], two rows each at least."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    within = [(kernel.sum() - np.trace(kernel)) / (len(side) * (len(side) - 1))
              for side, kernel in ((a, _kernel(a, a)), (b, _kernel(b, b)))]
    return float(sum(within) - 2.0 * _kernel(a, b).mean())


def _kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (x @ y.T / x.shape[1] + 1.0) ** 3
