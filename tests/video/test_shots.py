"""Cuts are seen; motion, light and noise are none."""
import numpy as np
import pytest
from skimage import data

from dctnet.video import shots
from tests.video.synthetic import moved_photograph


@pytest.fixture(scope='module')
def astronaut():
    return np.ascontiguousarray(data.astronaut()[:, :, ::-1])


def cut(one, other):
    return shots.is_cut(shots.lights(one), shots.lights(other))


def test_motion_is_no_cut(astronaut):
    frames = moved_photograph(astronaut, (128, 128), still=1, moving=24, scale=0.3).frames
    assert not any(cut(one, other) for one, other in zip(frames, frames[1:]))
    assert not any(cut(one, other) for one, other in zip(frames, frames[3:]))


def test_other_pictures_are_cuts_and_other_light_is_none(astronaut):
    pictures = [astronaut] + [np.ascontiguousarray(getattr(data, name)()[:, :, ::-1])
                              for name in ('chelsea', 'coffee', 'rocket')]
    for index, one in enumerate(pictures):
        assert not cut(one, np.rint(one * 0.95).astype(np.uint8))
        assert all(cut(one, other) for other in pictures[:index])
