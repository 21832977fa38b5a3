"""Identity and edge agreement: what they must call equal, and what further apart."""
import cv2
import numpy as np
import pytest

from data_tools.recipe.demo_material import paint, portrait
from dctnet.metrics.edges import edge_agreement
from dctnet.metrics.pairs import cosine

HEAD = np.ascontiguousarray(portrait()[20:200, 135:315])


def test_cosine_is_1_for_the_same_direction():
    a = np.array([[1.0, 0.0], [3.0, 4.0], [1.0, 1.0], [0.0, 0.0]])
    b = np.array([[5.0, 0.0], [-3.0, -4.0], [1.0, -1.0], [1.0, 0.0]])
    np.testing.assert_allclose(cosine(a, b), [1, -1, 0, 0], atol=1e-12)


def test_edges_ignore_contrast_and_tell_pictures_apart():
    dark, painted, other = (HEAD * 0.5).astype(np.uint8), paint(HEAD), HEAD[::-1]
    assert edge_agreement(HEAD, HEAD) == pytest.approx(1)
    assert edge_agreement(HEAD, dark) > 0.95, 'contrast does not count'
    assert 0.97 > edge_agreement(HEAD, painted) > edge_agreement(HEAD, other) > 0.1
    assert edge_agreement(HEAD, painted) == pytest.approx(edge_agreement(painted, HEAD), rel=1e-9)


def test_a_shift_beyond_the_tolerance_costs():
    square = np.full((256, 256, 3), 40, np.uint8)
    square[80:180, 80:180] = 200
    one, six = [np.roll(square, shift, axis=1) for shift in (1, 6)]
    assert edge_agreement(square, one) == pytest.approx(1)
    # Upper and lower edge stay; left and right one move away.
    assert edge_agreement(square, six) == pytest.approx(0.5, abs=0.08)


def test_pictures_without_edges_agree_with_each_other_only():
    flat = np.full((64, 64, 3), 90, np.uint8)
    assert edge_agreement(flat, flat) == 1 and edge_agreement(flat, HEAD) == 0 == edge_agreement(HEAD, flat)
    assert 0 <= edge_agreement(cv2.GaussianBlur(HEAD, (0, 0), 5), HEAD) < 1
