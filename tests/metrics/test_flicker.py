"""Flicker: motion and light are none, noise is."""
import numpy as np
import pytest
from skimage import data

from dctnet.metrics import flicker
from tests.video.synthetic import moved_photograph, true_flow


@pytest.fixture(scope='module')
def moving():
    photo = np.ascontiguousarray(data.astronaut()[:256, 96:352, ::-1])
    return moved_photograph(photo, (96, 96), still=1, moving=3, scale=0.5, noise=0)


def everywhere(frame):
    return np.ones(frame.shape[:2], np.float32)


def test_a_still_clip_has_none_and_noise_is_measured():
    frame = np.random.RandomState(0).randint(50, 200, (40, 50, 3)).astype(np.uint8)
    stay = true_flow(np.eye(2, 3), np.eye(2, 3), frame.shape)
    assert flicker.change(frame, frame, stay, everywhere(frame)) == 0
    noisy = (frame + np.where(np.arange(50)[:, None] % 2, 2, -2)).astype(np.uint8)
    assert flicker.change(frame, noisy, stay, everywhere(frame)) == pytest.approx(2, abs=0.05)


def test_light_on_everything_is_none():
    frame = np.random.RandomState(0).randint(50, 200, (40, 50, 3)).astype(np.uint8)
    brighter = np.rint(frame * 1.1).astype(np.uint8)
    stay = true_flow(np.eye(2, 3), np.eye(2, 3), frame.shape)
    assert flicker.change(frame, brighter, stay, everywhere(frame)) < 0.5


def test_only_what_is_weighted_and_inside_counts():
    frame, other = np.full((40, 50, 3), 90, np.uint8), np.full((40, 50, 3), 90, np.uint8)
    other[:, :10:2] = 200
    stay = true_flow(np.eye(2, 3), np.eye(2, 3), frame.shape)
    weight = everywhere(frame)
    weight[:, :10] = 0
    assert flicker.change(frame, other, stay, weight) == 0
    assert flicker.change(frame, other, stay + 1000, everywhere(frame)) is None


def test_known_motion_is_carried_and_estimated(moving):
    for before, now, *motions in zip(moving.frames[1:], moving.frames[2:], moving.motions[1:], moving.motions[2:]):
        origins = true_flow(motions[0], motions[1], now.shape)
        stay = true_flow(motions[0], motions[0], now.shape)
        known = flicker.change(before, now, origins, everywhere(now))
        assert known < 0.5 * flicker.change(before, now, stay, everywhere(now))
        estimated, trusted = flicker.motion(before, now)
        assert trusted.mean() > 0.6
        errors = np.linalg.norm(estimated - origins, axis=2)[trusted > 0]
        assert np.median(errors) < 0.3
