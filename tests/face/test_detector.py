"""Detection on a real face, whole, cut, tiny, huge and repeated."""
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from skimage import data

from dctnet.face.box_detectors import HogDetector
from dctnet.face.detector import FaceDetector, quarters_turned

NOSE = 30


@pytest.fixture(scope='module')
def astronaut():
    return np.ascontiguousarray(data.astronaut()[:, :, ::-1])


def test_one_face_is_found_with_its_landmarks(detector, astronaut):
    face, = detector.detect(astronaut)
    left, top, right, bottom = face.box
    assert 80 < face.size < 110 and face.size == right - left
    assert face.score > 1
    assert face.landmarks.shape == (68, 2) and face.landmarks.dtype == np.float64
    np.testing.assert_allclose(face.landmarks[NOSE], (225, 126), atol=3)  # looked up in the picture
    np.testing.assert_allclose(face.landmarks[36:42].mean(axis=0), (203, 101), atol=3)
    np.testing.assert_allclose(face.landmarks[48], (201, 140), atol=3)


@pytest.mark.long
def test_steady_landmarks_change_less_when_the_picture_moves_a_little(astronaut):
    steady, plain = FaceDetector(pixels=250000, steady=True), FaceDetector(pixels=250000)
    marks = {True: [], False: []}
    for step in range(6):
        moved = cv2.warpAffine(astronaut, np.array([[1, 0, 0.3 * step], [0, 1, 0.2 * step]]), (512, 512))
        for detector, kind in ((steady, True), (plain, False)):
            marks[kind].append(detector.detect(moved)[0].landmarks - (0.3 * step, 0.2 * step))
    spread = {kind: np.std(found, axis=0).mean() for kind, found in marks.items()}
    assert spread[True] < 0.7 * spread[False]
    assert np.linalg.norm(np.mean(marks[True], axis=0) - np.mean(marks[False], axis=0), axis=1).mean() < 2


def test_several_faces_come_largest_first(detector, astronaut):
    head = astronaut[:250, 100:350]
    picture = np.full((500, 900, 3), 128, np.uint8)
    picture[:250, :250] = head
    picture[:500, 400:900] = cv2.resize(head, (500, 500))
    picture[250:500, :250] = head[:, ::-1]
    faces = detector.detect(picture)
    assert len(faces) == 3
    assert [face.size for face in faces] == sorted((face.size for face in faces), reverse=True)
    assert faces[0].landmarks[NOSE][0] > 400


@pytest.mark.parametrize('rows, columns', [(slice(0, None), slice(190, None)), (slice(0, None), slice(0, 255)),
                                           (slice(75, None), slice(0, None)), (slice(0, 160), slice(0, None))],
                         ids=['left', 'right', 'top', 'bottom'])
def test_faces_cut_by_the_border_are_found(detector, astronaut, rows, columns):
    face, = detector.detect(astronaut[rows, columns])
    np.testing.assert_allclose(face.landmarks[NOSE] + (columns.start, rows.start), (225, 126), atol=8)


def test_a_face_40_pixels_wide_is_found(detector, astronaut):
    small = cv2.resize(astronaut[30:200, 150:300], (40, 45), interpolation=cv2.INTER_AREA)
    face, = detector.detect(small)
    np.testing.assert_allclose(face.landmarks[NOSE], ((225 - 150) * 40 / 150, (126 - 30) * 45 / 170), atol=1.5)
    assert 18 < face.size < 34


def test_a_picture_4000_pixels_wide_has_landmarks_of_full_resolution(detector, astronaut):
    large = cv2.resize(astronaut, (4000, 4000), interpolation=cv2.INTER_CUBIC)[:2000]
    face, = detector.detect(large)
    np.testing.assert_allclose(face.landmarks[NOSE] * 512 / 4000, (225, 126), atol=3)
    # Marks of a reduced copy would lie on a coarse grid; dlib's whole pixels of the picture itself stay whole.
    np.testing.assert_array_equal(face.landmarks, np.rint(face.landmarks))


def test_a_smaller_copy_shows_large_faces_only(detector, astronaut, monkeypatch):
    picture = np.full((1000, 1000, 3), 128, np.uint8)
    picture[:170, :150] = astronaut[30:200, 150:300]
    assert len(detector.detect(picture)) == 1
    monkeypatch.setattr(detector, 'pixels', 200000)
    assert detector.detect(picture) == [] and len(detector.detect(astronaut)) == 1


@pytest.mark.parametrize('shape', [(1, 1), (1, 3000), (2, 3), (300, 300)])
def test_noise_is_no_face(detector, shape):
    assert detector.detect(np.random.RandomState(0).randint(0, 255, shape + (3,), dtype=np.uint8)) == []


def test_clothes_and_rooms_are_no_faces(detector, astronaut):
    assert detector.detect(astronaut[190:]) == []
    assert detector.detect(np.dstack([data.camera()] * 3)) == []


def test_nothing_leaks_from_one_picture_to_the_next(detector, astronaut):
    alone, = FaceDetector().detect(astronaut)
    detector.detect(np.ascontiguousarray(astronaut[:, ::-1]))
    again, = detector.detect(astronaut)
    assert again.box == alone.box
    np.testing.assert_array_equal(again.landmarks, alone.landmarks)


def test_threads_agree_with_one_after_the_other(detector, astronaut):
    pictures = [np.ascontiguousarray(np.roll(astronaut, 9 * step, axis=1)) for step in range(8)]
    serial = [detector.detect(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        parallel = list(pool.map(detector.detect, pictures))
    for one, other in zip(serial, parallel):
        assert [face.box for face in one] == [face.box for face in other]
        np.testing.assert_array_equal([face.landmarks for face in one], [face.landmarks for face in other])


def test_colour_order_is_bgr(detector, astronaut, monkeypatch):
    seen = []

    monkeypatch.setattr(detector, 'detect_boxes', lambda picture: seen.append(picture) or [])
    blue = np.zeros((1000, 1000, 3), np.uint8)
    blue[:, :, 0] = 255
    detector.detect(blue)
    assert seen[0][0, 0].tolist() == [0, 0, 255]


def test_area_and_limit_can_be_chosen(astronaut):
    face, = FaceDetector(pixels=512 * 512).detect(astronaut)
    np.testing.assert_allclose(face.landmarks[NOSE], (225, 126), atol=3)
    assert FaceDetector(512 * 512, HogDetector(face.score + 0.1)).detect(astronaut) == []


def test_any_box_gets_landmarks(detector, astronaut):
    face, = detector.detect(astronaut)
    np.testing.assert_allclose(detector.landmarks(astronaut, face.box), face.landmarks, atol=4)
    assert detector.landmarks(np.zeros_like(astronaut), face.box).shape == (68, 2)


@pytest.mark.parametrize('quarters', [1, *(pytest.param(quarters, marks=pytest.mark.long) for quarters in (2, 3))])
def test_sideways_pictures_are_turned(astronaut, quarters):
    turning = FaceDetector(turning=True)
    upright, = turning.detect(astronaut)
    turned = np.ascontiguousarray(np.rot90(astronaut, quarters))
    face, = turning.detect(turned)
    assert (quarters_turned(upright), quarters_turned(face)) == (0, -quarters % 4)
    # np.rot90 turns about the middle: so do the marks.
    back = [(511 - face.landmarks[:, 1], face.landmarks[:, 0]), 511 - face.landmarks.T,
            (face.landmarks[:, 1], 511 - face.landmarks[:, 0])][quarters - 1]
    np.testing.assert_allclose(np.stack(list(back), axis=1), upright.landmarks, atol=1e-6)
    left, top, right, bottom = face.box
    assert left < face.landmarks[:, 0].mean() < right and top < face.landmarks[:, 1].mean() < bottom
    assert FaceDetector().detect(turned) == []


@pytest.mark.long
def test_turned_rooms_and_clothes_are_no_faces():
    turning = FaceDetector(turning=True)
    for name in ('coffee', 'chelsea', 'rocket'):
        assert turning.detect(np.ascontiguousarray(getattr(data, name)()[..., ::-1])) == []
