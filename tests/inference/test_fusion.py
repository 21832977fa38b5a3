"""The picture around the graphs, with plain functions for graphs."""
import cv2
import numpy as np
import pytest

from dctnet.face import alignment
from dctnet.inference import fusion


@pytest.mark.parametrize('size, expected', [
    ((720, 720), (720, 720)), ((100, 5000), (100, 5000)), ((1, 1), (1, 1)), ((1440, 2000), (720, 1000)),
    ((3000, 4000), (720, 960)), ((1307, 1003), (938, 720)), ((1005, 1001), (722, 720)), ((1001, 1005), (720, 722))])
def test_only_a_larger_short_side_is_reduced(size, expected):
    assert fusion.reduced_size(*size, short_side=720) == expected


@pytest.mark.parametrize('shape', [(1, 1), (16, 32), (17, 33), (100, 47)])
def test_the_translator_sees_a_continued_border_and_the_padding_is_cut_off(shape):
    image = np.random.RandomState(0).randint(0, 200, shape + (3,), dtype=np.uint8)
    seen = []

    def translator(picture):
        seen.append(picture)
        return picture + 1

    result = fusion.translate_whole(image, translator)
    height, width = shape
    np.testing.assert_array_equal(result, image + 1)
    assert seen[0].shape[0] % 16 == 0 and seen[0].shape[1] % 16 == 0
    assert (seen[0][height:, :width] == image[-1]).all()  # no white that could bleed in
    assert (seen[0][:height, width:] == image[:, -1:]).all()


def test_a_translator_that_returns_its_input_is_not_written_over():
    image = np.full((288, 288, 3), 90, np.uint8)
    points = alignment.reference_points()
    picture = fusion.translate_whole(image, lambda x: x)
    fusion.add_heads(picture, image, [points], lambda heads: [255 - heads[0]], alignment.ellipse_mask())
    assert (picture != 90).any()
    assert (image == 90).all()


def test_heads_lie_over_the_background_later_over_earlier():
    image = np.full((400, 600, 3), 100, np.uint8)
    first = alignment.reference_points() + (20, 40)
    second = first + (150, 0)
    answers = iter([np.full((288, 288, 3), 10, np.uint8), np.full((288, 288, 3), 250, np.uint8)])
    sizes = []

    def head(crops):
        sizes.extend(crop.shape for crop in crops)
        return answers

    mask = np.ones((288, 288), np.float32)
    result = image // 2
    fusion.add_heads(result, image, [first, second], head, mask)
    assert sizes == [(288, 288, 3)] * 2
    assert result[200, 100, 0] == 10 and result[200, 400, 0] == 250 and result[20, 20, 0] == 50
    assert result[200, 250, 0] == 250  # where both lie


def test_points_follow_a_resized_picture():
    picture = np.zeros((60, 80, 3), np.uint8)
    picture[30:40, 50:60] = 255
    small = cv2.resize(picture, (40, 15), interpolation=cv2.INTER_AREA)
    rows, columns = np.nonzero(small[:, :, 0] > 127)
    moved = fusion.move_points(np.array([[54.5, 34.5]]), picture.shape, small.shape)
    np.testing.assert_allclose(moved[0], (columns.mean(), rows.mean()), atol=0.51)
    np.testing.assert_allclose(fusion.move_points(moved, small.shape, picture.shape), [[54.5, 34.5]])


def test_training_scale_is_that_of_ffhq_crops():
    landmarks = np.zeros((68, 2))
    landmarks[36:42], landmarks[42:48] = (100, 100), (164, 100)  # eyes 64 apart: a crop of 256
    landmarks[48], landmarks[54] = (110, 160), (154, 160)
    assert fusion.training_scale(landmarks, 256) == pytest.approx(1)
    assert fusion.training_scale(landmarks * 2, 256) == pytest.approx(0.5)
    landmarks[[48, 54], 1] = 200  # now the mouth decides
    assert fusion.training_scale(landmarks, 360) == pytest.approx(1)
