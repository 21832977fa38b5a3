"""Sheets of samples and the way back to their pictures."""
import numpy as np
import pytest

from dctnet.runs import sample_sheet


def pictures(count, size, seed):
    return list(np.random.RandomState(seed).randint(0, 256, (count, size, size, 3)).astype(np.uint8))


@pytest.mark.parametrize('size', [32, 128, 512])
@pytest.mark.parametrize('count', [1, 4])
def test_columns_come_back_as_they_were(size, count):
    columns = {'photo': pictures(count, size, 0), 'output': pictures(count, size, 1)}
    found = sample_sheet.columns_of(sample_sheet.sheet(columns), size)
    assert np.array_equal(found, list(columns.values()))


def test_other_pictures_are_no_sheet():
    drawn = sample_sheet.sheet({'photo': pictures(3, 64, 0)})
    assert sample_sheet.columns_of(drawn, 64)
    assert sample_sheet.columns_of(drawn, 48) == []
    assert sample_sheet.columns_of(drawn[:-1], 64) == []
    assert sample_sheet.columns_of(drawn[:20, :20], 64) == []
