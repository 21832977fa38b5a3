"""Scores of one picture, on a real face and on copies of it that are worse in one way each."""
import cv2
import numpy as np
import pytest

from data_tools.recipe.demo_material import portrait
from data_tools.samples import scores


@pytest.fixture(scope='module')
def head():
    return np.ascontiguousarray(cv2.resize(portrait()[20:200, 135:315], (128, 128), interpolation=cv2.INTER_AREA))


@pytest.fixture(scope='module')
def good(head):
    return scores.look(head)


def test_a_face_is_sure_and_sharp(good):
    assert set(good) == {'face_score', 'landmark_spread', 'sharpness', 'hash'}
    assert good['face_score'] > 1 and 0 < good['landmark_spread'] < 0.01


def test_what_is_no_face_has_no_face_score(head, good):
    nothing = scores.look(np.full((64, 64, 3), 90, np.uint8))
    assert nothing['face_score'] is None and nothing['landmark_spread'] is None
    warped = cv2.resize(np.roll(head, 64, axis=0), (128, 128))
    assert (scores.look(warped)['face_score'] or -9) < 0.25 < good['face_score']


def test_landmarks_that_nothing_holds_move_with_the_box(head, good):
    copy = cv2.resize(head, (512, 512))
    detector = scores.face_detector()
    face = detector.detect(copy)[0]
    assert scores.landmark_spread(detector, copy, face) == pytest.approx(good['landmark_spread'], abs=2e-3)
    assert scores.landmark_spread(detector, np.full_like(copy, 90), face) > 0.02
