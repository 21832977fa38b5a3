"""Scores of one picture, on a real face and on copies of it that are worse in one way each."""
import cv2
import numpy as np
import pytest

from data_tools import sample_scores
from data_tools.demo_material import portrait


@pytest.fixture(scope='module')
def head():
    return np.ascontiguousarray(cv2.resize(portrait()[20:200, 135:315], (128, 128), interpolation=cv2.INTER_AREA))


@pytest.fixture(scope='module')
def good(head):
    return sample_scores.look(head)


def differing(a, b):
    product = sample_scores.hash_bits(a).astype(int).dot(sample_scores.hash_bits(b))
    return (sample_scores.HASH_BITS - product) / 2


def test_a_face(good):
    assert set(good) == {'face_score', 'landmark_spread', 'sharpness', 'hash'}
    assert good['face_score'] > 1 and 0 < good['landmark_spread'] < 0.01


def test_a_face_that_is_none(head, good):
    nothing = sample_scores.look(np.full((64, 64, 3), 90, np.uint8))
    assert nothing['face_score'] is None and nothing['landmark_spread'] is None
    warped = cv2.resize(np.roll(head, 64, axis=0), (128, 128))
    assert (sample_scores.look(warped)['face_score'] or -9) < 0.25 < good['face_score']


def test_landmarks_that_nothing_holds_move_with_the_box(head, good):
    copy = cv2.resize(head, (512, 512))
    with sample_scores.face_detector() as detector:
        face = detector.detect(copy)[0]
        assert sample_scores.landmark_spread(detector, copy, face) == pytest.approx(good['landmark_spread'], abs=2e-3)
        assert sample_scores.landmark_spread(detector, np.full_like(copy, 90), face) > 0.02


def test_detectors_are_used_again_but_not_shared():
    with sample_scores.face_detector() as first, sample_scores.face_detector() as second:
        assert first is not second
    with sample_scores.face_detector() as again:
        assert again in (first, second)


def test_hash(head, good):
    text = sample_scores.perceptual_hash(head)
    assert text == good['hash'] and len(text) == 64 and differing(text, text) == 0
    noisy = np.clip(head + np.random.RandomState(0).normal(0, 4, head.shape), 0, 255).astype(np.uint8)
    for near in (cv2.imdecode(cv2.imencode('.jpg', head, [cv2.IMWRITE_JPEG_QUALITY, 70])[1], 1), noisy,
                 cv2.resize(head, (64, 64), interpolation=cv2.INTER_AREA), (head * 0.9).astype(np.uint8)):
        assert differing(text, sample_scores.perceptual_hash(near)) <= 12
    for far in (head[:, ::-1], head[::-1], portrait()[200:]):
        assert differing(text, sample_scores.perceptual_hash(np.ascontiguousarray(far))) > 60
