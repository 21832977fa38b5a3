"""Pose, blur and share outside against heads and pictures with known answers."""
import cv2
import numpy as np
import pytest

from data_tools.recipe.demo_material import portrait
from dctnet.face import alignment, measures

EYES = [[203, 101], [247, 99]]  # looked up in the picture
POINTS = np.array(EYES + [[226, 127], [205, 146], [250, 144]], float)


def turned(yaw, pitch, roll):
    """Five points of the model's head turned by these angles, in degrees, seen from far away."""
    yaw, pitch, roll = np.radians([yaw, pitch, roll])
    x, y, z = measures.HEAD.T
    y, z = y * np.cos(pitch) - z * np.sin(pitch), y * np.sin(pitch) + z * np.cos(pitch)
    x, z = x * np.cos(yaw) + z * np.sin(yaw), -x * np.sin(yaw) + z * np.cos(yaw)
    return np.stack([x * np.cos(roll) - y * np.sin(roll), x * np.sin(roll) + y * np.cos(roll)], 1) * 3 + (70, 90)


@pytest.mark.parametrize('angles', [(0, 0, 0), (25, 0, 0), (0, -20, 0), (0, 0, 100), (-40, 15, -60), (30, 30, 170)])
def test_a_known_pose_is_found_again(angles):
    np.testing.assert_allclose(measures.pose(turned(*angles)), angles, atol=1e-6)


def test_yaw_pitch_and_roll_have_the_promised_signs():
    nose = np.array([[0, 0], [0, 0], [5, 0], [0, 0], [0, 0]])
    assert measures.pose(turned(0, 0, 0) + 3 * nose).yaw > 10
    assert measures.pose(turned(0, 0, 0) - 3 * nose[:, ::-1]).pitch > 10
    assert measures.pose(POINTS).roll < 0  # the eye on the right is the higher one
    assert measures.pose(POINTS + [[0, 0], [0, 30], [0, 15], [0, 0], [0, 30]]).roll > 10


def test_blur_grows_with_blur_and_knows_neither_size_nor_contrast():
    image = portrait()
    sharp = measures.blur(image, POINTS)
    softer = [measures.blur(cv2.GaussianBlur(image, (0, 0), sigma), POINTS) for sigma in (0.7, 1.5, 3)]
    assert sharp < softer[0] < softer[1] < softer[2]
    large = cv2.resize(image, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    assert measures.blur(large, (POINTS + 0.5) * 3 - 0.5) == pytest.approx(sharp, rel=0.1)
    small = cv2.resize(image, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
    assert measures.blur(small, (POINTS + 0.5) * 0.3 - 0.5) > 1.3 * sharp
    pale = (image * 0.5 + 60).astype(np.uint8)
    assert measures.blur(pale, POINTS) == pytest.approx(sharp, rel=0.05)


def test_blur_takes_the_border_of_a_picture_for_no_edge():
    image = cv2.GaussianBlur(portrait(), (0, 0), 3)
    assert measures.blur(image[:, 205:], POINTS - (205, 0)) == pytest.approx(measures.blur(image, POINTS), rel=0.15)


def test_blur_of_nothing_is_a_number():
    assert np.isfinite(measures.blur(np.zeros((50, 50, 3), np.uint8), POINTS))


@pytest.mark.parametrize('left, share', [(0, 0), (-16, 0.25), (-32, 0.5), (32, 0.5), (-100, 1)])
def test_the_share_outside_is_exact_for_a_shifted_crop(left, share):
    assert measures.outside_share((64, 64, 3), np.array([[1.0, 0, left], [0, 1, 0]]), 64) == share


def test_the_share_outside_of_a_turned_crop_is_right():
    side = 200
    corner = alignment.crop_to_image(alignment.reference_points(side).dot([[0, 1], [-1, 0]]), side)  # x < 0 only
    assert measures.outside_share((500, 500, 3), corner, side) > 0.99
    corner[:, 2] += (side / 2, 0)
    assert measures.outside_share((500, 500, 3), corner, side) == pytest.approx(0.5, abs=0.01)
