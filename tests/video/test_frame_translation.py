"""Frames through a stylizer that is a plain function: batches, repeats, failures, and heads that stay."""
import numpy as np
import pytest

from dctnet.errors import UserError
from dctnet.inference.fusion import Head
from dctnet.video.analysis import Frame
from dctnet.video.frame_translation import translations
from dctnet.video.head_memory import HeadMemory


class Inverter:
    """255 - x; fails on pictures of this shade."""

    def __init__(self, at_once=1, fails_on=None):
        self.at_once, self.fails_on, self.batches = at_once, fails_on, []

    def frames_at_once(self, size):
        return self.at_once

    def stylize_frames(self, frames, heads, settle):
        self.batches.append([int(frame[0, 0, 0]) for frame in frames])
        if self.fails_on in self.batches[-1]:
            raise UserError('out of something')
        return [255 - frame for frame in frames]


def steps(shades, repeats=()):
    return [(Frame(index, None if shade is None else np.full((4, 6, 3), shade, np.uint8),
                   shade is None or index in repeats, index == 0), []) for index, shade in enumerate(shades)]


def shades_of(stylizer, given):
    return [(int(done.image[0, 0, 0]), done.failed) for done in translations(given, stylizer, (4, 6))]


@pytest.mark.parametrize('at_once, batches', [(1, [[1], [2], [3], [4]]), (3, [[1, 2, 3], [4]])])
def test_repeated_frames_are_translated_once(at_once, batches):
    stylizer = Inverter(at_once)
    found = shades_of(stylizer, steps([1, 1, 2, 3, 3, 4], repeats=(1, 4)))
    assert found == [(254, False), (254, False), (253, False), (252, False), (252, False), (251, False)]
    assert stylizer.batches == batches


@pytest.mark.parametrize('at_once', [1, 2])
def test_one_frame_that_fails_repeats_the_one_before(at_once, caplog):
    found = shades_of(Inverter(at_once, fails_on=2), steps([1, 2, 3, None, 5]))
    assert found == [(254, False), (254, True), (252, False), (252, True), (250, False)]
    assert 'frame 1 failed: out of something' in caplog.text


def test_if_the_first_frame_fails_none_can_be_translated():
    with pytest.raises(UserError, match='out of something'):
        shades_of(Inverter(fails_on=1), steps([1, 2]))


def test_a_clip_that_begins_unreadable_begins_black():
    assert shades_of(Inverter(), steps([None, 7])) == [(0, True), (248, False)]


def test_a_clip_that_goes_on_with_a_repeated_frame_translates_it():
    assert shades_of(Inverter(), steps([5, 5], repeats=(0, 1))) == [(250, False), (250, False)]


def crops(shade):
    return np.full((288, 288, 3), shade, np.uint8)


def test_heads_of_a_face_that_stays_are_blended_and_others_are_not():
    memory, points = HeadMemory(), np.zeros((5, 2))
    first = memory.settle(Head(points, number=1), crops(100), crops(50))
    same = memory.settle(Head(points, number=1), crops(101), crops(60))
    changed = memory.settle(Head(points, number=1), crops(160), crops(90))
    other = memory.settle(Head(points, number=2), crops(160), crops(10))
    assert (first == 50).all() and (same == 55).all() and (changed == 90).all() and (other == 10).all()


def test_a_blink_is_shown_at_once_beside_a_cheek_that_stays():
    memory, points = HeadMemory(), np.zeros((5, 2))
    memory.settle(Head(points), crops(100), crops(50))
    crop, translated = crops(100), crops(60)
    crop[100:120, 100:140] = 180
    shown = memory.settle(Head(points), crop, translated)
    assert (shown[105:115, 105:135] == 60).all() and (shown[200:] == 55).all()
