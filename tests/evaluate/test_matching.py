"""Which result belongs to which photograph."""
from pathlib import Path

import pytest

from dctnet.errors import UserError
from dctnet.evaluate import matched


def files(folder, names):
    return [Path(folder) / name for name in names.split()]


def pairs(photos, results):
    return [(result.name, photo.name) for result, photo in matched(files('P', photos), files('R', results), Path('P'))]


def test_whole_names_come_first():
    assert pairs('a.jpg a.png b.jpg', 'a.jpg a.png b.png') == [
        ('a.jpg', 'a.jpg'), ('a.png', 'a.png'), ('b.png', 'b.jpg')]
    assert pairs('a.jpg a.png', 'a.png') == [('a.png', 'a.png')]


def test_a_name_that_could_mean_two_is_refused():
    for photos, results in (('a.jpg a.png', 'a.webp'), ('a.webp', 'a.jpg a.png'), ('a.jpg a.png a.bmp', 'a.jpg a.tif')):
        with pytest.raises(UserError, match='share a name'):
            pairs(photos, results)


def test_no_pair_at_all():
    with pytest.raises(UserError, match='no picture of R has the name of a photo of P'):
        pairs('a.jpg', 'b.jpg')
