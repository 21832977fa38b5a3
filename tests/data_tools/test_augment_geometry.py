"""Expansion into files: eight of each, restartable, seeded, and one bad picture does not stop the others."""
import numpy as np
import pytest

from data_tools import augment_geometry
from dctnet import images
from dctnet.errors import UserError


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def run(source, target, *words):
    return augment_geometry.main([str(source), str(target)] + list(words))


def test_each_picture_gives_eight_and_missing_ones_come_back(tmp_path, pictures):
    assert run(pictures / 'photo', tmp_path / 'a') == 0
    whole = contents(tmp_path / 'a')
    assert len(whole) == 8 * 5 and 'p0_png_flip_left.png' in whole
    np.testing.assert_array_equal(images.read_bgr(tmp_path / 'a' / 'p0_png.png'),
                                  images.read_bgr(pictures / 'photo' / 'p0.png'))
    for name in list(whole)[::3]:
        (tmp_path / 'a' / name).unlink()
    assert run(pictures / 'photo', tmp_path / 'a', '--workers', '1') == 0
    assert contents(tmp_path / 'a') == whole
    assert run(pictures / 'photo', tmp_path / 'b', '--seed', '1') == 0
    assert contents(tmp_path / 'b').keys() == whole.keys() and contents(tmp_path / 'b') != whole


def test_a_bad_picture_is_told_and_the_others_are_done(tmp_path, pictures, caplog):
    source = tmp_path / 'source'
    images.write_bgr(source / 'good.png', np.zeros((20, 20, 3), np.uint8))
    (source / 'bad.png').write_bytes(b'')
    assert run(source, tmp_path / 'out') == 1
    assert 'bad.png' in caplog.text and len(contents(tmp_path / 'out')) == 8


def test_mistakes_are_refused_before_anything_is_written(tmp_path, pictures):
    for words, part in [((tmp_path / 'none', tmp_path / 'out'), 'does not exist'),
                        ((pictures / 'photo', pictures / 'photo'), 'same folder'),
                        ((pictures / 'photo', tmp_path / 'out', '--workers', '0'), 'at least 1')]:
        with pytest.raises(UserError, match=part):
            run(*words)
    assert not (tmp_path / 'out').exists()


def test_a_place_that_takes_no_files_is_told_once(tmp_path, pictures):
    (tmp_path / 'file').write_text('')
    with pytest.raises(UserError, match='cannot write .*file: a file stands where a folder is needed'):
        run(pictures / 'photo', tmp_path / 'file')
