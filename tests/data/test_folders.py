"""Mistakes in the training folders are reported before anything is built."""
import logging

import cv2
import numpy as np
import pytest

from dctnet import images
from dctnet.data import folders
from dctnet.errors import UserError
from tests.training.tiny_training import write_pictures


def texture(path, seed=0):
    images.write_bgr(path, np.random.RandomState(seed).randint(0, 256, (40, 40, 3)).astype(np.uint8))


def drawing(path, seed=0):
    flat = np.full((40, 40, 3), 210, np.uint8)
    cv2.circle(flat, (20, 20), 5 + seed, (20, 90, 160), -1)
    images.write_bgr(path, flat)


def message(function, *arguments):
    with pytest.raises(UserError) as caught:
        function(*arguments)
    return str(caught.value)


def test_both_folders_are_listed(pictures):
    found = folders.list_folders(str(pictures / 'photo'), str(pictures / 'style'), batch_size=3)
    assert [len(found.photo), len(found.style)] == [5, 3]
    folders.check_pictures(found.photo + found.style)
    folders.check_not_swapped(found)


def test_a_tilde_stands_for_the_home_folder(pictures, monkeypatch):
    monkeypatch.setenv('HOME', str(pictures))
    found = folders.list_folders('~/photo', '~/style', batch_size=1)
    assert found.photo[0] == pictures / 'photo' / 'p0.png' and len(found.style) == 3


def test_missing_empty_equal_and_small_folders_are_refused(tmp_path, pictures):
    photo, style, empty = str(pictures / 'photo'), str(pictures / 'style'), tmp_path / 'empty'
    empty.mkdir()
    assert 'data.photo is not set' in message(folders.list_folders, '', style, 1)
    assert '--set data.style=FOLDER' in message(folders.list_folders, photo, '', 1)
    assert 'does not exist' in message(folders.list_folders, photo, str(tmp_path / 'gone'), 1)
    assert f'no pictures in {empty}' in message(folders.list_folders, str(empty), style, 1)
    assert 'same folder' in message(folders.list_folders, photo, photo + '/../photo', 1)
    assert 'is a file' in message(folders.list_folders, str(pictures / 'photo' / 'p0.png'), style, 1)
    text = message(folders.list_folders, photo, style, 4)
    assert 'data.style holds 3 pictures, fewer than a batch of 4' in text and 'data.batch_size' in text


def test_a_link_to_the_same_folder_counts_as_the_same(tmp_path, pictures):
    (tmp_path / 'link').symlink_to(pictures / 'photo')
    assert 'same folder' in message(folders.list_folders, str(pictures / 'photo'), str(tmp_path / 'link'), 1)


def test_a_keep_list_names_the_generated_samples(tmp_path, pictures):
    for i in range(4):
        drawing(tmp_path / 'samples' / f'{i}.png', i)
    keep = tmp_path / 'samples' / 'keep.txt'
    keep.write_text('# made by hand\n3.png\n\n  1.png \n3.png\n')
    both = str(pictures / 'photo'), str(pictures / 'style')
    assert [path.name for path in folders.list_folders(*both, 2, str(keep)).generated] == ['1.png', '3.png']
    assert len(folders.list_folders(*both, 2, str(tmp_path / 'samples')).generated) == 4
    assert folders.list_folders(*both, 2).generated == []
    assert 'data.generated holds 2 pictures, fewer' in message(folders.list_folders, *both, 3, str(keep))
    keep.write_text('9.png\n1.png\n')
    assert 'keep.txt names 1 pictures that are not there (9.png)' in message(folders.list_folders, *both, 1, str(keep))
    keep.write_text('# nothing\n')
    assert 'names no picture' in message(folders.list_folders, *both, 1, str(keep))
    keep.unlink()
    assert 'does not exist' in message(folders.list_folders, *both, 1, str(keep))
    assert 'data.style and data.generated are the same' in message(folders.list_folders, *both, 1, both[1])


def test_what_is_written_into_a_keep_list_is_read_again(tmp_path):
    names = [' a  b.png', '#1.png', 'c.png', 'é.png']
    (tmp_path / 'keep.txt').write_text(folders.keep_list_text(names, ['made of two\nlines.png']), encoding='utf-8')
    assert folders.keep_list_names(tmp_path / 'keep.txt') == names
    folders.check_listable([tmp_path / name for name in names])


@pytest.mark.parametrize('name', ['two\nlines.png', 'a\u2028b.png', 'q\udcff.png', 'a.png '])
def test_names_that_cannot_stand_in_a_keep_list(tmp_path, name):
    assert 'rename it' in message(folders.check_listable, [tmp_path / 'a.png', tmp_path / name])


def test_every_bad_picture_is_named_in_one_error(tmp_path):
    write_pictures(tmp_path, photos=2, exemplars=2)
    whole = (tmp_path / 'photo' / 'p0.png').read_bytes()
    (tmp_path / 'photo' / 'cut.png').write_bytes(whole[:len(whole) // 2])
    (tmp_path / 'photo' / 'empty.jpg').write_bytes(b'')
    (tmp_path / 'style' / 'text.png').write_text('no picture')
    images.write_bgr(tmp_path / 'style' / 'dot.png', np.zeros((1, 1, 3), np.uint8))
    found = folders.list_folders(str(tmp_path / 'photo'), str(tmp_path / 'style'), 2)
    text = message(folders.check_pictures, found.photo + found.style)
    assert text.startswith('4 of 8 training pictures cannot be used')
    for part in ('cut.png', 'empty.jpg (the file is empty', 'text.png', 'dot.png is only 1x1 pixels'):
        assert part.split(' ')[0] in text and part.split('(')[-1] in text
    assert 'p0.png' not in text and '\n' not in text


def test_a_long_list_of_bad_pictures_is_cut(tmp_path):
    write_pictures(tmp_path)
    for i in range(9):
        (tmp_path / 'photo' / f'z{i}.png').write_bytes(b'')
    found = folders.list_folders(str(tmp_path / 'photo'), str(tmp_path / 'style'), 2)
    record = tmp_path / 'run' / 'unusable_pictures.txt'
    text = message(folders.check_pictures, found.photo + found.style, record)
    assert '9 of 17 training pictures' in text and text.count('is empty') == 5
    assert f'... and 4 more, all of them in {record}' in text
    assert record.read_text().count('is empty') == 9 == len(record.read_text().splitlines())
    folders.check_pictures(found.style, record)
    assert not record.exists()
    assert message(folders.check_pictures, found.photo).endswith('... and 4 more')


def test_a_long_check_tells_how_far_it_is(tmp_path, monkeypatch, caplog):
    caplog.set_level('INFO')
    write_pictures(tmp_path)
    monkeypatch.setattr(folders, 'REPORT_SECONDS', -1)
    folders.check_pictures(images.list_images(tmp_path / 'photo'))
    assert 'checked 1 of 5 pictures' in caplog.text


def test_the_folders_of_ffhq_are_read(tmp_path):
    for number in (0, 1, 1000, 1001):
        folder = tmp_path / 'images1024x1024' / f'{number // 1000 * 1000:05d}'
        images.write_bgr(folder / f'{number:05d}.png', np.full((20, 20, 3), number % 200, np.uint8))
    (tmp_path / 'images1024x1024' / 'LICENSE.txt').write_text('x')
    paths = folders.list_folder('data.photo', str(tmp_path / 'images1024x1024'), 1)
    assert [path.name for path in paths] == ['00000.png', '00001.png', '01000.png', '01001.png']
    images.write_bgr(tmp_path / 'images1024x1024' / '01000' / '00000.png', np.zeros((20, 20, 3), np.uint8))
    text = message(folders.list_folder, 'data.photo', str(tmp_path / 'images1024x1024'), 1)
    assert 'several pictures' in text and '00000.png' in text
    images.write_bgr(tmp_path / 'images1024x1024' / 'x.png', np.zeros((20, 20, 3), np.uint8))
    assert len(images.list_images(tmp_path / 'images1024x1024')) == 1  # what lies directly in a folder comes first


def pair(tmp_path, photo_name, style_name, photo, style, count=6):
    for i in range(count):
        photo(tmp_path / photo_name / f'{i}.png', i)
        style(tmp_path / style_name / f'{i}.png', i)
    return folders.list_folders(str(tmp_path / photo_name), str(tmp_path / style_name), 1)


def test_folders_swapped_by_name_are_refused(tmp_path):
    text = message(folders.check_not_swapped, pair(tmp_path, 'anime_style', 'ffhq', texture, texture))
    assert '"anime_style"' in text and '"ffhq"' in text and 'data.check_folders=false' in text


def test_folders_swapped_by_flatness_are_refused(tmp_path):
    text = message(folders.check_not_swapped, pair(tmp_path, 'a', 'b', drawing, texture))
    assert 'look swapped' in text and 'flat' in text and 'data.check_folders=false' in text


@pytest.mark.parametrize('names, photo, style', [
    (('a', 'b'), texture, drawing), (('a', 'b'), texture, texture), (('a', 'b'), drawing, drawing),
    (('photo_style', 'photo_other'), texture, drawing), (('ffhq', 'anime'), texture, drawing)])
def test_folders_that_are_not_swapped_pass(tmp_path, names, photo, style, caplog):
    caplog.set_level(logging.DEBUG)
    folders.check_not_swapped(pair(tmp_path, names[0], names[1], photo, style))


def test_share_of_pairs_in_which_one_is_larger():
    assert folders.share_larger(np.array([3.0, 1.0]), np.array([0.0, 1.0, 2.0])) == pytest.approx(4.5 / 6)
