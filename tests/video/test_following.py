"""Faces followed over frames: who is who, what counts as a face, and where its head is shown."""
import numpy as np
import pytest

from dctnet.video import smoothing
from dctnet.video.analysis import frames_of, with_heads
from dctnet.video.faces import Sighting
from dctnet.video.tracks import REACH, Tracker, distance

POINTS = np.array([[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]], np.float64)


def face(x=0.0, y=0.0, score=1.0, size=1.0):
    return Sighting((x, y, x + 100 * size, y + 100 * size), score, POINTS * size + (x, y))


def heads_of(found, cuts=(), limit=None, repeats=()):
    """The heads of each frame if these faces are found."""
    shades = np.cumsum([0 if index in repeats else 1 for index in range(len(found))])
    shades = shades + 120 * np.cumsum([index in cuts for index in range(len(found))])
    images = [np.full((8, 8, 3), shade, np.uint8) for shade in shades]
    asked = []

    def find(index, image):
        asked.append(index)
        return found[index]

    heads = [row for _, row in with_heads(iter(images), find, limit)]
    assert sorted(asked) == [index for index in range(len(found)) if index not in repeats]
    return heads


def test_distance_is_in_face_widths():
    assert distance((0, 0, 10, 10), (3, 4, 13, 14)) == pytest.approx(0.5)
    assert distance((0, 0, 10, 10), (-3, -3, 17, 17)) == np.inf


def test_two_faces_keep_their_numbers_whatever_their_order():
    tracker = Tracker()
    first = tracker.follow(0, [face(0), face(200)], True)
    second = tracker.follow(1, [face(205), face(4)], False)
    assert list(first) == [0, 1] and second[0].box[0] == 4 and second[1].box[0] == 205


def test_a_face_that_is_missed_comes_back_as_itself_a_late_one_or_after_a_cut_does_not():
    tracker = Tracker()
    assert list(tracker.follow(0, [face()], True)) == [0]
    assert list(tracker.follow(REACH, [face()], False)) == [0]
    assert list(tracker.follow(2 * REACH + 1, [face()], False)) == [1]
    assert list(tracker.follow(2 * REACH + 2, [face()], True)) == [2]


def test_an_unsure_face_goes_on_but_does_not_begin():
    tracker = Tracker()
    assert tracker.follow(0, [face(score=0.1)], True) == {}
    tracker.follow(1, [face()], False)
    assert list(tracker.follow(2, [face(2, score=0.1), face(300, score=0.1)], False)) == [0]


def test_a_fast_face_that_looks_unsure_goes_on():
    """Turned and blurred, while it moves by half its width a frame."""
    scores = [1.2] * 6 + [0.35] * 10
    heads = heads_of([[face(50.0 * index, score=score)] for index, score in enumerate(scores)])
    assert all(len(row) == 1 and row[0].number == 0 for row in heads)


def test_a_head_is_there_from_the_first_to_the_last_frame_of_a_shot():
    heads = heads_of([[face()]] * 12 + [[]] * 3, cuts=(12,))
    assert [len(row) for row in heads] == [1] * 12 + [0] * 3
    assert all(row[0].opacity == 1 for row in heads[:12])


def test_no_ghosts():
    """A pattern that passes for a face in some frames, or with a low score in many, is none."""
    rare = heads_of([[face()] if index in (3, 4, 12, 20) else [] for index in range(24)])
    weak = heads_of([[face(score=0.4)]] * 24)
    assert not any(rare) and not any(weak)


def test_a_head_is_held_while_the_face_is_missed_and_lies_between():
    heads = heads_of([[face(3.0 * index)] if index not in (8, 9, 10) else [] for index in range(20)])
    assert all(len(row) == 1 and row[0].opacity == 1 for row in heads)
    np.testing.assert_allclose(heads[9][0].points, POINTS + (27, 0), atol=0.01)


def test_a_head_comes_and_goes_softly_within_a_shot():
    opacities = [row[0].opacity if row else 0 for row in heads_of([[]] * 6 + [[face()]] * 14 + [[]] * 6)]
    assert opacities[:6] == opacities[-6:] == [0] * 6
    np.testing.assert_allclose(opacities[6:10] + opacities[16:20], [1 / 3, 2 / 3, 1, 1, 1, 1, 2 / 3, 1 / 3])


def test_a_cut_starts_anew():
    heads = heads_of([[face()]] * 10 + [[face(20)]] * 10, cuts=(10,))
    np.testing.assert_allclose([row[0].points[0, 0] for row in heads], [30] * 10 + [50] * 10, atol=1e-9)
    assert heads[9][0].number != heads[10][0].number
    assert all(row[0].opacity == 1 for row in heads)


def test_a_shot_of_one_frame_has_its_head():
    assert [len(row) for row in heads_of([[face()]] * 9, cuts=(4, 5))] == [1] * 9


def test_the_largest_are_shown_and_painted_last():
    heads = heads_of([[face(), face(200, size=2), face(500, size=1.5)]] * 5, limit=2)
    np.testing.assert_allclose([[head.points[0, 0] for head in row] for row in heads], [[545, 260]] * 5)


def test_repeated_frames_are_looked_at_once():
    heads = heads_of([[face()]] * 9, repeats=(3, 4, 8))
    assert all(len(row) == 1 for row in heads)


def test_frames_that_cannot_be_read_repeat_the_one_before():
    images = [None, np.zeros((8, 8, 3), np.uint8), None, np.ones((8, 8, 3), np.uint8),
              np.full((8, 8, 3), 200, np.uint8)]
    frames = list(frames_of(images))
    assert [frame.repeated for frame in frames] == [True, False, True, False, False]
    assert [frame.new_shot for frame in frames] == [True, True, False, False, True]


def seen(path, noise=0.0):
    random = np.random.RandomState(0)
    return [{offset: face(*(path(at + offset) + noise * random.randn(2))) for offset in range(-REACH, REACH + 1)}
            for at in range(40)]


def test_a_still_face_stands_still():
    noisy = [smoothing.smoothed_points(near)[0] for near in seen(lambda at: np.zeros(2), noise=0.3)]
    assert np.std(noisy) > 0 and np.std(noisy, axis=0).max() < 0.11  # of 0.3


def test_a_moving_face_is_followed_without_lag():
    def path(at):
        return np.array([60 * np.sin(0.2 * at), 3.0 * at])

    errors = [smoothing.smoothed_points(near)[0] - POINTS[0] - path(at) for at, near in enumerate(seen(path))]
    assert np.abs(errors).max() < 0.3


def test_a_face_does_not_move_before_it_does():
    def path(at):
        return np.array([5.0 * max(0, at - 20), 0])

    places = [smoothing.smoothed_points(near)[0, 0] - 30 for near in seen(path)[:22]]
    assert np.abs(places[:20]).max() < 0.1 and abs(places[20]) < 0.5
