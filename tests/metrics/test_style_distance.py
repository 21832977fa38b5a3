"""Style distances against closed forms."""
import cv2
import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from dctnet.metrics.style_distance import colour_distance, texture_distance


def noise(seed, spread=40.0, mean=120.0, side=48):
    values = np.random.RandomState(seed).normal(mean, spread, (side, side, 3))
    return np.clip(values, 0, 255).astype(np.uint8)


def test_equal_sets_are_at_distance_zero_in_any_order():
    pictures = [noise(0), noise(1, mean=60)]
    assert colour_distance(pictures, pictures[::-1]) == pytest.approx(0, abs=1e-6)
    assert texture_distance(pictures, pictures[::-1]) == pytest.approx(0, abs=1e-6)


def test_colour_distance_is_the_wasserstein_distance_in_lab():
    a, b = noise(0), noise(1, spread=20, mean=90)
    lab = [cv2.cvtColor(x.astype(np.float32) / 255, cv2.COLOR_BGR2LAB).reshape(-1, 3) for x in (a, b)]
    expected = np.mean([wasserstein_distance(lab[0][:, c], lab[1][:, c]) for c in range(3)])
    assert colour_distance([a], [b]) == pytest.approx(expected, rel=0.02)


def test_shuffled_pixels_keep_the_colours_but_not_the_texture():
    smooth = cv2.normalize(cv2.GaussianBlur(noise(3, side=64), (0, 0), 4), None, 0, 255, cv2.NORM_MINMAX)
    order = np.random.RandomState(0).permutation(64 * 64)
    shuffled = smooth.reshape(-1, 3)[order].reshape(smooth.shape)
    assert colour_distance([shuffled], [smooth]) == pytest.approx(0, abs=1e-6)
    assert texture_distance([shuffled], [smooth]) > 1


def test_more_contrast_is_further_away():
    near, far = noise(1, spread=45), noise(2, spread=80)
    assert texture_distance([near], [noise(0)]) < texture_distance([far], [noise(0)])
