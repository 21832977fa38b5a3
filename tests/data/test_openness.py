"""The openness of photographs: measured once, again if a file changes, and NaN if there is no face."""
import json
import logging
import shutil

import numpy as np
import pytest

from dctnet import images
from dctnet.data import openness as module
from dctnet.data.openness import FILE_NAME, LEAST_DEVIATION, photo_openness, spread
from dctnet.errors import UserError
from dctnet.files import atomic


class Face:
    def __init__(self, brightness):
        self.landmarks = np.full((68, 2), float(brightness))


@pytest.fixture()
def seen(monkeypatch, caplog):
    """Brightness of every picture that the detector was shown; pure black ones have no face. A face's openness is its
    picture's brightness / 1000, / 500 and / 250."""
    caplog.set_level(logging.INFO)
    shown = []

    class Detector:
        def detect(self, picture):
            assert picture.shape == (40, 40, 3)  # the centre square of 40 x 60
            shown.append(int(picture[0, 0, 0]))
            return [Face(picture[0, 0, 0])] * int(picture[0, 0, 0] > 0)

    monkeypatch.setattr(module, 'FaceDetector', Detector)
    monkeypatch.setattr(module, 'openness', lambda marks: np.array([1, 2, 4], np.float32) * np.float32(
        marks[0, 0] / 1000) if marks[0, 0] != 99 else np.full(3, np.nan, np.float32))
    return shown


def write(folder, brightness, name):
    images.write_bgr(folder / name, np.full((40, 60, 3), brightness, np.uint8))


@pytest.fixture()
def photos(tmp_path):
    for i in range(5):
        write(tmp_path, 50 * i, f'{i}.png')
    return tmp_path


def measured(folder, **options):
    found = photo_openness(images.list_images(folder), 2, **options)
    return {path.name: values.tolist() for path, values in found.items()}


def test_measured_once_and_again_where_a_file_changed(photos, seen, caplog):
    first = photo_openness(images.list_images(photos), 2)
    assert sorted(seen) == [0, 50, 100, 150, 200]
    assert all(values.dtype == np.float32 and values.shape == (3,) for values in first.values())
    np.testing.assert_allclose(first[photos / '3.png'], [0.15, 0.3, 0.6], rtol=1e-6)
    assert np.isnan(first[photos / '0.png']).all()
    assert 'no face is found in 1 of 5 photographs (0.png)' in caplog.text

    del seen[:]
    again = photo_openness(images.list_images(photos), 2)
    assert seen == [] and [a.tobytes() for a in again.values()] == [a.tobytes() for a in first.values()]

    write(photos, 77, '2.png')      # the same name and size
    write(photos, 88, 'new.png')
    shutil.copy(str(photos / '1.png'), str(photos / '1_touched.png'))
    (photos / '1_touched.png').replace(photos / '1.png')  # another time stamp, the same picture
    found = measured(photos)
    assert sorted(seen) == [77, 88] and found['2.png'][0] == pytest.approx(0.077)
    assert found['1.png'][0] == pytest.approx(0.05)
    (photos / 'new.png').unlink()
    del seen[:]
    assert 'new.png' not in measured(photos) and seen == []


def test_several_folders_and_parts_of_one_share_the_kept_values(photos, seen):
    write(photos, 120, 'more/1.png')
    paths = images.list_images(photos)
    both = photo_openness(paths + [photos / 'more' / '1.png'], 2)
    assert [both[path][0] for path in (photos / '1.png', photos / 'more' / '1.png')] == pytest.approx([0.05, 0.12])
    write(photos, 130, '2.png')
    del seen[:]
    photo_openness(paths[1:3], 2)
    photo_openness(paths + [photos / 'more' / '1.png'], 2)
    assert seen == [130]  # the others were kept


def test_no_detector_is_loaded_where_all_is_known(photos, seen, monkeypatch):
    measured(photos)

    def none():
        raise AssertionError('built')
    monkeypatch.setattr(module, 'FaceDetector', none)
    assert len(measured(photos)) == 5


@pytest.mark.parametrize('text', ['', '[]', '{"version": 1}', '{"version": 0, "photographs": {}}',
                                  '{"version": 1, "photographs": {"1.png": 3}}'])
def test_a_damaged_or_older_file_is_made_anew(photos, seen, text):
    (photos / FILE_NAME).write_text(text)
    assert measured(photos)['1.png'][0] == pytest.approx(0.05) and len(seen) == 5
    assert set(json.loads((photos / FILE_NAME).read_text())['photographs']) == {f'{i}.png' for i in range(5)}


def test_a_folder_that_cannot_be_written_is_a_warning(photos, seen, monkeypatch, caplog):
    def refuse(path, text):
        raise UserError(f'cannot write {path}: the disk is read-only')
    monkeypatch.setattr(atomic, 'write_text', refuse)
    assert measured(photos)['1.png'][0] == pytest.approx(0.05)
    assert caplog.text.count('the disk is read-only') == 1 and 'computed again' in caplog.text
    assert not (photos / FILE_NAME).exists()


def test_a_long_measurement_reports_and_is_kept_on_the_way(photos, seen, monkeypatch, caplog):
    monkeypatch.setattr(module, 'REPORT_SECONDS', 0.0)
    texts, usual = [], atomic.write_text
    monkeypatch.setattr(atomic, 'write_text', lambda path, text: (texts.append(text), usual(path, text)))
    measured(photos)
    assert [len(json.loads(text)['photographs']) for text in texts] == [1, 2, 3, 4, 5, 5]
    assert 'measured 3 of 5 photographs' in caplog.text


def test_a_look_without_keeping_writes_nothing(photos, seen):
    assert len(measured(photos, keep=False)) == 5 and not (photos / FILE_NAME).exists()


def test_a_face_too_small_to_measure_is_none(photos, seen):
    write(photos, 99, '1.png')
    assert np.isnan(measured(photos)['1.png']).all()


def test_nearly_no_faces_is_a_mistake(photos, seen):
    for i in range(10, 30):
        write(photos, 0, f'{i}.png')
    assert len(measured(photos)) == 25  # 4 of 25 are enough
    for i in range(30, 50):
        write(photos, 0, f'{i}.png')
    with pytest.raises(UserError, match='41 of the 45 photographs in .* show none'):
        measured(photos)
    del seen[:]
    with pytest.raises(UserError):
        measured(photos)
    assert seen == []  # known by now


def test_spread_of_known_photographs_with_both_eyes_as_one():
    values = [[0.1, 0.3, 0.0], [0.2, 0.4, 0.5], [np.nan] * 3]
    found = spread({str(i): np.array(row, np.float32) for i, row in enumerate(values)})
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[0], [0.25, 0.25, 0.25], rtol=1e-6)
    np.testing.assert_allclose(found[1], [np.std([0.1, 0.3, 0.2, 0.4])] * 2 + [0.25], rtol=1e-6)
    alike = spread({str(i): np.full(3, 0.3, np.float32) for i in range(2)})
    np.testing.assert_allclose(alike[1], LEAST_DEVIATION)
