"""The three detectors of faces on a real one: the same face, the same landmarks, in threads too; what they refuse."""
import shutil
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from skimage import data

from dctnet.errors import UserError
from dctnet.face import box_detectors
from dctnet.face.box_detectors import (DEFAULT_CASCADE, CascadeDetector, CnnDetector, DetectorPool, HogDetector,
                                       cascade_file)
from dctnet.face.installed_models import installed_model

DETECTORS = {'hog': HogDetector, 'cnn': CnnDetector, 'cascade': lambda: CascadeDetector(cascade_file(DEFAULT_CASCADE))}
NOSE = (225 - 100, 126)  # looked up in the picture


@pytest.fixture(scope='module', params=sorted(DETECTORS))
def box_detector(request):
    return DETECTORS[request.param]()


@pytest.fixture(scope='module')
def head():
    """uint8 [230, 230, 3] RGB: a face of 90 px."""
    return np.ascontiguousarray(data.astronaut()[:230, 100:330])


def test_each_detector_finds_the_same_face(box_detector, head):
    (box, score), = box_detector(head)
    np.testing.assert_allclose(box, (80, 80, 172, 172), atol=20)  # of 92 px
    assert all(isinstance(value, int) for value in box) and score > 0.25


def test_each_detector_gives_the_same_landmarks(box_detector, head, detector, monkeypatch):
    monkeypatch.setattr(detector, 'pixels', head.shape[0] * head.shape[1])
    bgr = np.ascontiguousarray(head[:, :, ::-1])
    expected, = detector.detect(bgr)
    monkeypatch.setattr(detector, 'detect_boxes', box_detector)
    face, = detector.detect(bgr)
    assert np.abs(face.landmarks - expected.landmarks).max() <= 3
    assert np.abs(face.landmarks - expected.landmarks).mean() < 0.6
    np.testing.assert_allclose(face.landmarks[30], NOSE, atol=3)


def test_both_faces_of_a_picture_of_two_are_found(box_detector, head):
    found = box_detector(np.concatenate([head, head[:, ::-1]], axis=1))
    assert sorted(box[0] > 230 for box, _ in found) == [False, True]


def test_a_cat_is_no_face(box_detector):
    cat = cv2.resize(data.chelsea(), (300, 200), interpolation=cv2.INTER_AREA)
    assert box_detector(cat) == []


@pytest.mark.parametrize('shape', [(1, 1), (2, 900), (7, 7), (63, 63), (64, 64), (64, 300)])
def test_small_pictures_have_no_face(box_detector, shape):
    assert box_detector(np.random.RandomState(0).randint(0, 255, shape + (3,), dtype=np.uint8)) == []


@pytest.mark.long
def test_threads_agree_with_one_after_the_other(box_detector, head):
    pictures = [np.ascontiguousarray(np.roll(head, 9 * step, axis=1)) for step in range(6)]
    serial = [box_detector(picture) for picture in pictures]
    assert len({found[0].box for found in serial}) > 3
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(box_detector, pictures)) == serial


def test_a_detector_serves_one_call_at_a_time():
    built = []
    pool = DetectorPool(lambda: built.append(len(built)) or len(built))
    with pool.borrow() as first, pool.borrow() as second:
        assert first != second
    with pytest.raises(ZeroDivisionError), pool.borrow():
        raise ZeroDivisionError
    with pool.borrow(), pool.borrow():
        pass
    assert len(built) == 2


def test_scores_of_a_cascade_are_windows_that_agree(head):
    grey = cv2.cvtColor(head, cv2.COLOR_RGB2GRAY)
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + DEFAULT_CASCADE)
    windows = cascade.detectMultiScale(grey, 1.1, 0, minSize=(60, 60))
    (_, score), = DETECTORS['cascade']()(head)
    assert 4 <= score <= len(windows)


def test_a_cascade_is_known_by_its_path_or_its_name(tmp_path, monkeypatch):
    mine = tmp_path / 'mine.xml'
    shutil.copy(cv2.data.haarcascades + DEFAULT_CASCADE, str(mine))
    assert cascade_file(str(mine)) == mine and cascade_file('haarcascade_profileface.xml').is_file()
    mine_digest, shipped_digest = [box_detectors.cascade_identity(path).split(' ')[1]
                                   for path in (mine, cascade_file(DEFAULT_CASCADE))]
    assert mine_digest == shipped_digest
    with pytest.raises(UserError, match='no cascade anime.xml: .*haarcascade_frontalface_default.xml'):
        cascade_file('anime.xml')


@pytest.mark.parametrize('content', [b'', b'no XML',
                                     b'<?xml version="1.0"?>\n<opencv_storage><a>1</a></opencv_storage>',
                                     b'<?xml version="1.0"?>\n<opencv_storage><cascade>'])
def test_a_file_that_is_no_cascade_is_refused(tmp_path, content):
    (tmp_path / 'mine.xml').write_bytes(content)
    with pytest.raises(UserError, match='mine.xml is no cascade that OpenCV can read'):
        CascadeDetector(tmp_path / 'mine.xml')


def test_a_network_that_is_not_installed_is_told(monkeypatch):
    monkeypatch.setattr(box_detectors, 'installed_model', lambda name: installed_model('missing-' + name))
    with pytest.raises(UserError, match='missing-mmod_human_face_detector.dat is not installed'):
        CnnDetector()
