"""Cached arrays equal computed ones, and a training goes on if the disk is broken or full."""
import logging
import os

import numpy as np
import pytest

from dctnet import images
from dctnet.data import extras, geometry
from dctnet.data.cache import Cache
from dctnet.data.pipeline import DomainSampler, Sample
from dctnet.errors import UserError
from dctnet.files import atomic

SIZE = 16


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / 'a.png'
    images.write_bgr(path, np.random.RandomState(0).randint(0, 256, (40, 40, 3)).astype(np.uint8))
    return path


def made_once(value):
    """A function that gives `value`, and the list of its calls."""
    calls = []

    def make():
        calls.append(1)
        return value
    return make, calls


def test_an_array_is_made_once_for_a_picture_and_again_when_it_changes(tmp_path, picture):
    value = np.arange(6, dtype=np.float32).reshape(2, 3)
    make, calls = made_once(value)
    cache = Cache(tmp_path / 'kept')
    for other in (cache, cache, Cache(tmp_path / 'kept')):  # another process
        found = other(picture, 'what', make)
        assert found.dtype == value.dtype and np.array_equal(found, value)
    assert len(calls) == 1
    cache(picture, 'other', make)
    os.utime(str(picture), (1, 1))
    cache(picture, 'what', make)
    assert len(calls) == 3
    Cache()(picture, 'what', make)
    assert len(calls) == 4


def test_a_damaged_file_is_made_anew(tmp_path, picture, caplog):
    make, calls = made_once(np.ones(3))
    cache = Cache(tmp_path / 'kept')
    cache(picture, 'what', make)
    file = next((tmp_path / 'kept' / 'what').iterdir())
    whole = file.read_bytes()
    for damaged in (b'', whole[:-3], b'x' * len(whole)):
        file.write_bytes(damaged)
        with caplog.at_level(logging.WARNING):
            assert np.array_equal(cache(picture, 'what', make), np.ones(3))
        assert file.read_bytes() == whole and 'made anew' in caplog.text
        caplog.clear()
    assert len(calls) == 4


def test_a_full_disk_is_told_once(tmp_path, picture, caplog, monkeypatch):
    def full(path, data):
        raise UserError(f'cannot write {path}: the disk is full: free some space')
    monkeypatch.setattr(atomic, 'write_bytes', full)
    make, calls = made_once(np.ones(3))
    cache = Cache(tmp_path / 'kept')
    with caplog.at_level(logging.WARNING):
        assert all(np.array_equal(cache(picture, 'what', make), np.ones(3)) for _ in range(3))
    assert len(calls) == 3 and caplog.text.count('the disk is full') == 1
    (tmp_path / 'file').write_text('')
    with pytest.raises(UserError, match='is a file'):
        Cache(tmp_path / 'file')


@pytest.mark.parametrize('preset', geometry.PRESETS)
def test_pictures_are_the_same_with_and_without(tmp_path, picture, preset, monkeypatch):
    plain, kept = [DomainSampler([picture], 0, SIZE, 0, True, preset, cache)
                   for cache in (Cache(), Cache(tmp_path / 'kept'))]
    assert all(np.array_equal(plain(k).picture, kept(k).picture) for k in range(6))
    monkeypatch.setattr(images, 'read_bgr', None)
    assert kept(7).picture.shape == (SIZE, SIZE, 3)


def test_targets_of_the_content_loss_are_kept_for_each_orientation(tmp_path, picture):
    calls = []

    def features(batch):
        calls.append(batch)
        return batch[:, ::8, ::8, :1]
    cache = Cache(tmp_path / 'kept')
    shown = images.square(images.read_bgr(picture), SIZE)
    samples = [Sample(geometry.transformed(shown, transform), picture, transform)
               for transform in (geometry.Transform(), geometry.Transform(mirror=True))]
    for of in (extras.photo_features, extras.superpixel_features):
        extra = of(features, 'net', SIZE, cache)
        calls.clear()
        assert extra.shape == (2, 2, 1)
        for sample in samples * 2:
            wanted = images.to_unit(sample.picture)
            if of is extras.superpixel_features:
                wanted = extras.superpixel(SIZE).of(sample)
            np.testing.assert_array_equal(extra.of(sample), wanted[::8, ::8, :1])
        assert len(calls) == 2
        turned = geometry.Transform(angle=3.0)
        for _ in range(2):
            extra.of(Sample(geometry.transformed(shown, turned), picture, turned))
        assert len(calls) == 4
