"""Several pictures in one: grids, labels, contact sheets."""
import numpy as np
import pytest

from dctnet import images
from tests.test_images import noise


def test_a_grid_is_white_between_and_after_its_pictures():
    sheet = images.grid([[noise(6, 8, i) for i in range(3)], [noise(6, 8, 9)]], gap=2)
    assert sheet.shape == (6 * 2 + 2, 8 * 3 + 4, 3) and sheet.dtype == np.uint8
    assert np.array_equal(sheet[:6, 10:18], noise(6, 8, 1)) and np.array_equal(sheet[8:, :8], noise(6, 8, 9))


@pytest.mark.parametrize('width', [1, 12, 32, 300])
def test_a_label_is_a_strip_below(width):
    picture = noise(10, width)
    sheet = images.labelled(picture, 'output')
    assert sheet.shape[1:] == (width, 3) and sheet.shape[0] > 10 and sheet.dtype == np.uint8
    assert np.array_equal(sheet[:10], picture)
    assert width < 12 or sheet[10:].min() < 200  # there is something written


def test_a_contact_sheet_fills_row_by_row():
    tiles = [noise(6, 8, i) for i in range(5)]
    np.testing.assert_array_equal(images.contact_sheet(tiles, 3), images.grid([tiles[:3], tiles[3:]]))
    assert images.contact_sheet(tiles[:2], 3).shape == (6, 8 + 4 + 8, 3)
