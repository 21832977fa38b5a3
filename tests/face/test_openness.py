"""Openness of eyes and mouth, on landmarks with known answers and on a real face."""
import numpy as np
import pytest
from skimage import data

from dctnet.face.detector import FaceDetector
from dctnet.face.measures import mirrored, openness

# Where each landmark is found in the mirrored picture, for the parts that count: eyes, inner lips.
MIRROR = {36: 45, 37: 44, 38: 43, 39: 42, 40: 47, 41: 46, 60: 64, 61: 63, 62: 62, 63: 61, 67: 65, 66: 66, 65: 67}
MIRROR.update({there: here for here, there in MIRROR.items()})


def eye(left, top, width, height):
    """Six landmarks clockwise from the corner on the left of the picture."""
    return np.array([[0, 0], [1, -1], [2, -1], [3, 0], [2, 1], [1, 1]]) * (width / 3, height / 2) + (left, top)


def face(left_eye=(40, 12), right_eye=(40, 8), mouth=(60, 30)):
    """Landmarks [68, 2] with (width, height) of each part; the person's left eye is on the picture's right."""
    landmarks = np.random.RandomState(0).uniform(0, 200, (68, 2))  # the others must not count
    landmarks[36:42], landmarks[42:48] = eye(30, 60, *right_eye), eye(120, 60, *left_eye)
    shape = np.array([[0, 0], [1, -1], [2, -1], [3, -1], [4, 0], [3, 1], [2, 1], [1, 1]])
    landmarks[60:68] = shape * (mouth[0] / 4, mouth[1] / 2) + (60, 150)
    return landmarks


def test_openness_is_height_by_width_of_left_eye_right_eye_and_mouth():
    found = openness(face())
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [0.3, 0.2, 0.5], rtol=1e-6)
    np.testing.assert_allclose(openness(face(mouth=(60, 0))), [0.3, 0.2, 0], rtol=1e-6)


@pytest.mark.parametrize('angle', [0, 25, 90, 180, -60])
def test_turned_resized_and_moved_faces_keep_it(angle):
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    for scale in (0.1, 1, 7):
        moved = scale * face().dot(np.array([[cos, sin], [-sin, cos]])) + (300, -20)
        np.testing.assert_allclose(openness(moved), [0.3, 0.2, 0.5], rtol=1e-5)


def test_height_is_measured_across_the_line_of_the_corners():
    slanted = face()
    slanted[[43, 44]] += (6, 0)  # the upper lid moves along the eye: it opens no further
    np.testing.assert_allclose(openness(slanted), openness(face()), rtol=1e-6)


def test_the_mirror_exchanges_the_eyes():
    there = face()
    for here, place in MIRROR.items():
        there[place] = face()[here]
    there[:, 0] = 255 - there[:, 0]
    np.testing.assert_allclose(openness(there), [0.2, 0.3, 0.5], rtol=1e-6)
    np.testing.assert_allclose(mirrored(openness(face())), openness(there), rtol=1e-6)


def test_corners_that_coincide_are_not_known():
    found = openness(face(left_eye=(0, 5)))
    assert np.isnan(found[0]) and np.isfinite(found[1:]).all()


def test_a_real_face_agrees_with_its_mirror_image():
    astronaut = np.ascontiguousarray(data.astronaut()[:, :, ::-1])
    detector = FaceDetector()
    found, there = [openness(detector.detect(picture)[0].landmarks)
                    for picture in (astronaut, np.ascontiguousarray(astronaut[:, ::-1]))]
    assert (found[:2] > 0.2).all() and (found[:2] < 0.45).all() and 0.05 < found[2] < 0.4  # she smiles
    np.testing.assert_allclose(mirrored(found), there, atol=0.08)
