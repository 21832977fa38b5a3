"""Frames of a clip, whose heads are known, through the stylizer."""
import cv2
import numpy as np
import pytest

from dctnet.face import alignment
from dctnet.inference import fusion
from dctnet.inference.stylizer import Stylizer
from tests.inference.tiny_graphs import of_background


@pytest.fixture(scope='module', autouse=True)
def quick_start(one_detector):
    """Every stylizer here shares the loaded landmarks model."""


def test_frames_with_known_heads_are_translated_as_pictures_are(stylizer, model, astronaut):
    """The same, as long as the heads are the same; smaller working sizes and several frames, too."""
    small = Stylizer(model, device='cpu', short_side=256)
    for each in (stylizer, small):
        result = each.stylize(astronaut)
        working = cv2.resize(astronaut, result.working_size, interpolation=cv2.INTER_AREA)
        points = alignment.five_points(working, fusion.move_points(result.faces[0].landmarks, astronaut.shape,
                                                                   working.shape))
        head = fusion.Head(fusion.move_points(points, working.shape, astronaut.shape))
        one, other = each.stylize_frames([astronaut, astronaut], [[head], []])
        assert np.abs(one.astype(int) - result.image).max() <= 1
        assert (one != other).any(axis=2).sum() > 1000
    half = head._replace(opacity=0.5)
    pale, = stylizer.stylize_frames([astronaut], [[half]])
    x, y = result.faces[0].landmarks[30].astype(int)
    assert abs(int(pale[y, x, 0]) - (255 - int(astronaut[y, x, 0]) + int(of_background(astronaut)[y, x, 0])) / 2) < 8


def test_what_is_blended_in_can_be_settled(stylizer, astronaut):
    head, seen = fusion.Head(alignment.reference_points() / 3 + (180, 60), number=7), []

    def settle(head, crop, translated):
        seen.append(head.number)
        np.testing.assert_array_equal(translated, 255 - crop)
        return np.zeros_like(crop)

    result, = stylizer.stylize_frames([astronaut], [[head]], settle)
    assert seen == [7] and (result == 0).all(axis=2).sum() > 500
