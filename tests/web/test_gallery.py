"""Styles of a folder: which are found, few in memory, exported again, their previews."""
import os
import shutil

import numpy as np
import pytest

from dctnet.errors import UserError
from dctnet.web import gallery
from dctnet.web.gallery import Gallery, find_styles
from tests.inference.tiny_graphs import darken, invert, write_model, write_translator

PHOTO = np.full((40, 56, 3), 100, np.uint8)


@pytest.fixture()
def folder(tmp_path):
    for name in ('b', 'a', '.hidden'):
        write_model(tmp_path / 'models' / name)
    (tmp_path / 'models' / 'half').mkdir()
    shutil.copy(str(tmp_path / 'models' / 'a' / 'cartoon_h.pb'), str(tmp_path / 'models' / 'half'))
    return tmp_path / 'models'


def test_model_folders_are_styles_and_one_alone_is_taken(folder):
    assert find_styles(folder) == {'a': folder / 'a', 'b': folder / 'b'}
    assert find_styles(folder / 'b') == {'b': folder / 'b'}
    assert find_styles(folder / 'no') == {}


def test_a_name_that_is_no_utf8_is_shown(tmp_path):
    folder = write_model(tmp_path / os.fsdecode(b'q\xff'))
    assert find_styles(tmp_path) == find_styles(folder) == {'q\\udcff': folder}


def test_few_styles_are_in_memory_and_all_work(folder, one_detector, monkeypatch):
    monkeypatch.setattr(gallery, 'MAX_LOADED', 1)
    styles = Gallery(folder, device='cpu')
    for name in ('a', 'b', 'a'):
        assert (styles.translate(name, PHOTO).image == 82).all()
        assert list(styles._loaded) == [(name, False)]
    styles.close()


def test_a_style_that_is_exported_again_is_loaded_anew(folder, one_detector):
    styles = Gallery(folder, device='cpu')
    assert (styles.translate('a', PHOTO).image == 82).all()
    for name in ('cartoon_h.pb', 'cartoon_bg.pb'):
        write_translator(folder / 'a' / name, invert if 'bg' in name else darken)
    assert (styles.translate('a', PHOTO).image == 155).all()
    shutil.rmtree(str(folder / 'a'))
    with pytest.raises(UserError, match='style a is not there'):
        styles.translate('a', PHOTO)
    styles.close()


def test_previews_are_made_once_and_a_broken_style_is_passed_over(folder, one_detector, caplog):
    (folder / 'a' / 'cartoon_bg.pb').write_bytes(b'cut off')
    styles = Gallery(folder, device='cpu')
    assert styles.make_next_preview() and not styles.make_next_preview()
    assert styles.preview('a') is None and styles.preview('b')[:2] == b'\xff\xd8'
    assert caplog.text.count('no preview of a') == 1
    styles.close()
