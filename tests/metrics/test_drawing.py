"""Texture, ink and chroma of pictures whose drawing is known."""
import cv2
import numpy as np
import pytest

from data_tools.recipe.demo_material import portrait
from dctnet.metrics.drawing import drawing_statistics

SIDE = 128


def of(image):
    return drawing_statistics(image)


@pytest.fixture(scope='module')
def head():
    return np.ascontiguousarray(cv2.resize(portrait()[20:200, 135:315], (SIDE, SIDE), interpolation=cv2.INTER_AREA))


def test_even_pictures_have_no_texture_and_no_ink():
    found = of(np.full((SIDE, SIDE, 3), (30, 120, 200), np.uint8))
    assert found['ink'] == pytest.approx([0, 0, 0]) and found['texture'][7:] == pytest.approx([0] * 4, abs=1e-3)
    lengths = {part: len(numbers) for part, numbers in found.items()}
    assert lengths == {'texture': 11, 'ink': 3, 'chroma': 6, 'colour': 15}


def test_blur_takes_the_fine_contrast_and_leaves_the_coarse(head):
    sharp, blurred = [of(image)['texture'][:4] for image in (head, cv2.GaussianBlur(head, (0, 0), 1.5))]
    assert sharp[0] - blurred[0] > 0.7  # of logarithms
    assert abs(sharp[3] - blurred[3]) < 0.2


def test_grain_is_even_and_edges_of_flat_areas_are_not():
    grain = np.random.RandomState(0).normal(128, 20, (SIDE, SIDE, 1)).repeat(3, axis=2)
    flat = np.zeros((SIDE, SIDE, 3), np.uint8)
    cv2.circle(flat, (64, 64), 40, (255, 255, 255), -1)
    evenness = [of(np.clip(image, 0, 255).astype(np.uint8))['texture'][7] for image in (grain, flat)]
    assert evenness[0] == pytest.approx(0.8, abs=0.03) and evenness[1] < 0.3


def test_ink_is_the_share_of_dark_thin_lines_only():
    paper = np.full((SIDE, SIDE, 3), 230, np.uint8)
    lines, pale, inverted, area = paper.copy(), paper.copy(), 255 - paper, paper.copy()
    pale[:, ::16] = 180
    lines[:, ::16] = inverted[:, ::16] = 0
    inverted[:, ::16] = 230
    area[:, :SIDE // 2] = 0
    assert of(lines)['ink'][0] == pytest.approx(np.sqrt(1 / 16), rel=0.1)
    for other in (pale, inverted, area):  # neither a pencil line, nor a light one, nor a dark half
        assert of(other)['ink'][0] == 0
    assert of(area)['ink'][2] > 0.1 > of(paper)['ink'][2]  # but it has an edge


def test_chroma_is_that_of_lab(head):
    assert of(cv2.cvtColor(cv2.cvtColor(head, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR))['chroma'] == pytest.approx(
        0, abs=0.1)
    red = np.full((SIDE, SIDE, 3), (0, 0, 255), np.uint8)
    assert of(red)['colour'] == pytest.approx([53.2, 80.1, 67.2] * 5, abs=0.2)
    assert of(red)['chroma'] == pytest.approx([104.6] * 6, abs=0.2)  # a* 80.1, b* 67.2 of sRGB's red
