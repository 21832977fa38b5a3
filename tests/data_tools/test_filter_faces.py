"""filter_faces as a user meets it, on a face, a blurred copy, a duplicate, and pictures that are none."""
import csv
import logging

import cv2
import numpy as np
import pytest

from data_tools import filter_faces
from data_tools.recipe.demo_material import portrait
from data_tools.samples import contact_sheet, folder_scores, scores
from dctnet import images
from dctnet.data import folders
from dctnet.errors import UserError, exit_with

HEAD = cv2.resize(portrait()[20:200, 135:315], (64, 64), interpolation=cv2.INTER_AREA)


class Closeness:
    """In the place of dlib's network: how alike the grey values are."""

    def __init__(self, device):
        pass

    def __call__(self, pictures, twins):
        return np.array([1 - np.abs(a.astype(float) - b).mean() / 255 for a, b in zip(pictures, twins)])


class Distance:
    """In the place of dlib's network: of the mean colours."""

    def __init__(self, exemplars, device):
        self._mean = np.mean([exemplar.mean() for exemplar in exemplars])

    def __call__(self, pictures):
        return np.array([abs(picture.mean() - self._mean) for picture in pictures])


@pytest.fixture(scope='module')
def look_once():
    """sample_scores.look, once for each picture of this module."""
    known, look = {}, scores.look

    def remembered(picture):
        key = picture.tobytes()
        if key not in known:
            known[key] = look(picture)
        return known[key]
    return remembered


@pytest.fixture(autouse=True)
def quick(monkeypatch, caplog, look_once):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(scores, 'look', look_once)
    monkeypatch.setattr(folder_scores, 'IdentityScore', Closeness)
    monkeypatch.setattr(folder_scores, 'StyleDistance', Distance)


@pytest.fixture()
def faces(tmp_path):
    folder = tmp_path / 'faces'
    mirrored = np.ascontiguousarray(HEAD[:, ::-1])
    for name, picture in (('0', HEAD), ('1', cv2.GaussianBlur(mirrored, (0, 0), 1.5)),
                          ('2', (HEAD * 0.95).astype(np.uint8)), ('3', np.ascontiguousarray(HEAD[::-1])),
                          ('4', mirrored)):
        images.write_bgr(folder / f'00000{name}.png', picture)
        images.write_bgr(folder / 'source' / f'00000{name}.png', mirrored if name in '14' else HEAD)
    return folder


def run(folder, *words):
    return filter_faces.main([str(folder)] + [str(word) for word in words])


def rows(folder):
    with (folder / 'scores.csv').open() as stream:
        return {row['name']: row for row in csv.DictReader(stream)}


@pytest.mark.long
def test_the_best_are_listed_and_every_score_is_in_the_table(faces, caplog):
    assert run(faces, '--keep', 2) == 0
    lines = (faces / 'scores.csv').read_text().splitlines()
    assert lines[0] == 'name,rank,total,face_score,landmark_spread,identity,sharpness,style_distance,verdict,reason'
    found = rows(faces)
    assert [int(row['rank']) for row in found.values()] == [1, 2, 3, 4, 5]
    assert float(found['000001.png']['sharpness']) < 0.3 * float(found['000004.png']['sharpness'])
    assert int(found['000001.png']['rank']) > int(found['000004.png']['rank'])
    assert found['000002.png']['reason'] == 'duplicate of 000000.png'
    assert found['000001.png']['reason'] == 'duplicate of 000004.png'  # the blurred one goes
    assert float(found['000000.png']['identity']) == 1 and found['000000.png']['style_distance'] == ''
    assert {name for name, row in found.items() if row['verdict'] == 'keep'} == {'000000.png', '000004.png'}
    listed = (faces / 'keep.txt').read_text().splitlines()
    assert [line for line in listed if not line.startswith('#')] == ['000000.png', '000004.png']
    assert listed[0] == '# 2 of 5 pictures; dropped 2 by duplicate, 1 by rank' and '--keep 2' in listed[1]
    assert folders.keep_list_names(faces / 'keep.txt') == ['000000.png', '000004.png']
    sheet = images.read_bgr(faces / 'sheets' / 'contact_sheet_001.png')
    first = images.square(images.read_bgr(faces / next(iter(found))), contact_sheet.SIDE)
    np.testing.assert_array_equal(sheet[:contact_sheet.SIDE, :contact_sheet.SIDE], first)


@pytest.mark.long
def test_a_list_corrected_by_hand_stays(faces, caplog):
    run(faces, '--keep', 2)
    corrected = '# mine\n\n000003.png\n./#1.png\n'
    (faces / 'keep.txt').write_text(corrected)
    assert folders.keep_list_names(faces / 'keep.txt') == ['000003.png', '#1.png']
    assert run(faces, '--keep', 2) == 0
    assert (faces / 'keep.txt').read_text() == corrected
    assert 'stays as it is: 2 names, 2 of them not in the new choice of 2' in caplog.text
    assert run(faces, '--keep', 2, '--force') == 0
    assert folders.keep_list_names(faces / 'keep.txt') == ['000000.png', '000004.png']
    assert folders.keep_list_text(['#1.png'], ['a']) == '# a\n./#1.png\n'


def test_the_same_again_measures_nothing_and_a_change_only_itself(faces, monkeypatch):
    run(faces, '--exemplars', faces / 'source', '--workers', 3)
    before = {path.name: path.read_bytes() for path in faces.iterdir() if path.is_file()}
    looked, look = [], scores.look
    monkeypatch.setattr(scores, 'look', lambda picture: looked.append(1) or look(picture))
    run(faces, '--exemplars', faces / 'source', '--workers', 3)
    assert looked == [] and before == {path.name: path.read_bytes() for path in faces.iterdir() if path.is_file()}
    assert float(rows(faces)['000002.png']['style_distance']) > 0
    images.write_bgr(faces / '000002.png', np.full((64, 64, 3), 9, np.uint8))
    run(faces, '--exemplars', faces / 'source')
    assert looked == [1] and rows(faces)['000002.png']['face_score'] == ''
    (faces / 'scores_cache.json').write_text('{"version": 1, "kin')
    run(faces)
    assert len(looked) == 6


def test_limits_and_a_missing_face_drop_pictures(faces):
    run(faces, '--keep', '1.0', '--require-face', '--limit', 'sharpness=0.2', '--duplicates', -1)
    found = rows(faces)
    assert found['000003.png']['reason'] in ('no face_score', 'face_score '
                                                              f"{float(found['000003.png']['face_score'] or 0):g} is "
                                                              'worse than 0.25')
    assert found['000001.png']['reason'].startswith('sharpness') and found['000002.png']['verdict'] == 'keep'


def test_a_choice_that_keeps_nothing_is_refused(faces):
    with pytest.raises(SystemExit) as left:
        exit_with(lambda: run(faces, '--limit', 'identity=2'))
    assert left.value.code == 2
    with pytest.raises(UserError, match='nothing of 5 pictures .* dropped 5 by identity'):
        run(faces, '--limit', 'identity=2')
    assert not (faces / 'keep.txt').exists() and (faces / 'scores.csv').exists()


def test_a_picture_that_cannot_be_read_is_dropped_and_missing_twins_are_told(faces, caplog):
    (faces / '000003.png').write_bytes(b'')
    (faces / 'source' / '000001.png').unlink()
    assert run(faces) == 1
    assert '1 of 4 pictures have no twin' in caplog.text and '000003.png' in rows(faces)['000003.png']['reason']
    assert list(rows(faces))[-1] == '000003.png' and rows(faces)['000001.png']['identity'] == ''


def test_pages_of_longer_sheets_are_removed(tmp_path, monkeypatch):
    images.write_bgr(tmp_path / 'a.png', HEAD)
    monkeypatch.setattr(contact_sheet, 'ROWS', 1)
    entries = [contact_sheet.Entry(tmp_path / 'a.png', str(i), i == 1) for i in range(14)]
    pages = contact_sheet.write_pages(tmp_path / 'sheets', entries)
    assert [page.name for page in pages] == ['contact_sheet_001.png', 'contact_sheet_002.png']
    page = images.read_bgr(pages[0])
    width = contact_sheet.SIDE
    assert page[:width, width + 4:2 * width + 4].mean() > page[:width, :width].mean() + 30
    assert contact_sheet.write_pages(tmp_path / 'sheets', entries[:3]) == pages[:1]
    assert not pages[1].exists()


def test_a_name_that_no_list_takes_is_told_before_the_scores(faces, monkeypatch):
    monkeypatch.setattr(scores, 'look', None)
    (faces / '000001.png').rename(faces / 'two\nlines.png')
    with pytest.raises(UserError, match='holds a line break'):
        run(faces)


@pytest.mark.parametrize('words, part', [
    (('--keep', 'many'), '--keep many'), (('--keep', '1.5'), '--keep 1.5'), (('--keep', '0'), '--keep 0'),
    (('--limit', 'beauty=1'), 'there is no score beauty'), (('--limit', 'identity'), 'NAME=NUMBER'),
    (('--workers', '0'), '--workers'), (('--exemplars', 'nowhere'), 'nowhere does not exist')])
def test_mistakes_are_refused(faces, words, part):
    with pytest.raises(UserError) as caught:
        run(faces, *words)
    assert part in str(caught.value) and not (faces / 'scores.csv').exists()
