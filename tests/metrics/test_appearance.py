"""Saturation and sharpness of pictures made for it."""
import cv2
import numpy as np
import pytest

from data_tools.recipe.demo_material import portrait
from dctnet.metrics.style_distance import saturation, sharpness


def test_saturation_counts_pixels_that_are_clipped_in_all_channels():
    picture = np.full((4, 5, 3), 128, np.uint8)
    picture[0] = 255
    picture[1, :2] = (1, 0, 2)
    picture[2] = (255, 255, 40)  # a pure colour, not clipped
    assert saturation(picture) == pytest.approx(7 / 20)


def test_sharpness_falls_with_blur_and_not_with_contrast():
    head = portrait()[20:200, 135:315]
    blurred = cv2.GaussianBlur(head, (0, 0), 1.5)
    assert sharpness(blurred) < 0.2 * sharpness(head)
    pale = (head // 2 + 60).astype(np.uint8)
    assert sharpness(pale) == pytest.approx(sharpness(head), rel=0.05)
    assert sharpness(np.full((8, 8, 3), 7, np.uint8)) == 0
