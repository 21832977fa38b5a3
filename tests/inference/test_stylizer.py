"""The stylizer with tiny frozen graphs and a real face."""
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from dctnet import images
from dctnet.frozen import read_runnable
from dctnet.inference import graph_translator
from dctnet.inference import stylizer as stylizer_module
from dctnet.inference.stylizer import Stylizer
from tests.inference.tiny_graphs import darken, of_background, write_model, write_translator


@pytest.fixture(scope='module', autouse=True)
def quick_start(one_detector):
    """Every stylizer here shares the loaded landmarks model."""


def test_the_head_is_inverted_and_the_rest_darkened(stylizer, astronaut):
    result = stylizer.stylize(astronaut)
    face, = result.faces
    x, y = face.landmarks[30].astype(int)
    np.testing.assert_allclose(result.image[y, x], 255 - astronaut[y, x].astype(int), atol=12)  # two resamplings
    np.testing.assert_array_equal(result.image[250:], of_background(astronaut[250:]))
    np.testing.assert_array_equal(stylizer(astronaut), result.image)


@pytest.mark.parametrize('shape', [(1, 1), (2, 3), (17, 33), (301, 299), (40, 4000), (733, 801)])
def test_a_picture_without_a_face_keeps_its_size(stylizer, single, shape):
    image = np.random.RandomState(0).randint(0, 255, shape + (3,), dtype=np.uint8)
    for translate in (stylizer, single):
        result = translate.stylize(image)
        assert result.image.shape == image.shape and result.image.dtype == np.uint8
        assert result.faces == []
    if min(shape) <= 720:
        np.testing.assert_array_equal(stylizer(image), of_background(image))


@pytest.mark.parametrize('width, height', [(40, 45), (151, 171), (733, 801)])
def test_a_picture_with_a_face_keeps_its_size(stylizer, single, astronaut, width, height):
    image = cv2.resize(astronaut[30:200, 150:300], (width, height), interpolation=cv2.INTER_AREA)
    for translate in (stylizer, single):
        result = translate.stylize(image)
        assert result.image.shape == image.shape
        assert len(result.faces) == 1


@pytest.mark.parametrize('columns', [slice(190, None), slice(0, 260)])
def test_faces_cut_by_the_border_are_translated(stylizer, astronaut, columns):
    image = astronaut[:, columns]
    result = stylizer.stylize(image)
    face, = result.faces
    x, y = face.landmarks[33].astype(int)
    assert np.abs(result.image[y, x].astype(int) - of_background(image)[y, x]).max() > 20


def test_4000_pixels_wide_is_reduced_and_told(stylizer, astronaut, caplog):
    caplog.set_level('INFO')
    image = cv2.resize(astronaut, (4000, 4000), interpolation=cv2.INTER_LINEAR)[:2000]
    result = stylizer.stylize(image)
    assert result.image.shape == image.shape
    assert result.working_size == (720, 1440)
    assert '4000x2000 is translated at 1440x720' in caplog.text
    np.testing.assert_allclose(result.faces[0].landmarks[30] * 512 / 4000, (225, 126), atol=3)  # input's own pixels
    x, y = result.faces[0].landmarks[30].astype(int)
    np.testing.assert_allclose(result.image[y, x], 255 - image[y, x].astype(int), atol=12)


@pytest.mark.parametrize('faces, expected', [('all', 4), ('largest', 1), (1, 1), (3, 3), (9, 4)])
def test_the_faces_that_are_asked_for_are_translated(model, four_faces, faces, expected):
    result = Stylizer(model, device='cpu', faces=faces).stylize(four_faces)
    assert len(result.faces) == expected
    changed = np.abs(result.image.astype(int) - of_background(four_faces)).max(axis=2) > 60
    count, _, boxes, _ = cv2.connectedComponentsWithStats(
        cv2.morphologyEx(changed.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((15, 15))))
    assert sum(box[cv2.CC_STAT_AREA] > 2000 for box in boxes[1:count]) == expected


def test_the_largest_face_is_painted_last(stylizer, astronaut, monkeypatch):
    order = []

    def add_heads(picture, image, points, *_):
        order.extend(np.linalg.norm(face[1] - face[0]) for face in points)

    monkeypatch.setattr(stylizer_module.fusion, 'add_heads', add_heads)
    head = astronaut[:250, 100:350]
    picture = np.concatenate([cv2.resize(head, (400, 400)), np.pad(head, ((0, 150), (0, 0), (0, 0)), 'edge')], axis=1)
    stylizer(picture)
    assert len(order) == 2 and order[0] < order[1]


@pytest.mark.long
def test_threads_agree_with_one_after_the_other(stylizer, astronaut, four_faces):
    pictures = [astronaut, four_faces, astronaut[:, ::-1], four_faces[:300], astronaut[:, 190:], astronaut[:300]]
    serial = [stylizer(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        for one, other in zip(serial, pool.map(stylizer, pictures)):
            np.testing.assert_array_equal(one, other)


def test_the_mask_decides_what_the_head_graph_covers(model, astronaut, tmp_path):
    images.write_bgr(tmp_path / 'black.png', np.zeros((60, 50, 3), np.uint8))
    images.write_bgr(tmp_path / 'white.png', np.full((400, 400, 3), 255, np.uint8))
    black = Stylizer(model, device='cpu', mask=tmp_path / 'black.png')(astronaut)
    np.testing.assert_array_equal(black, of_background(astronaut))
    white = Stylizer(model, device='cpu', mask=tmp_path / 'white.png')(astronaut)
    ellipse = Stylizer(model, device='cpu')(astronaut)
    assert (white != black).any(axis=2).sum() > 1.2 * (ellipse != black).any(axis=2).sum()


def test_the_folder_s_mask_is_used(tmp_path, astronaut):
    folder = write_model(tmp_path)
    images.write_bgr(folder / 'alpha.jpg', np.zeros((288, 288, 3), np.uint8))
    np.testing.assert_array_equal(Stylizer(folder, device='cpu')(astronaut), of_background(astronaut))


def test_equal_files_are_loaded_once(tmp_path, model, monkeypatch):
    loaded = []

    def recorded(path, inputs, outputs):
        loaded.append(path.name)
        return read_runnable(path, inputs, outputs)

    monkeypatch.setattr(graph_translator, 'read_runnable', recorded)
    # One file twice: serialising the same graph again may give other bytes.
    write_translator(tmp_path / 'cartoon_bg.pb', darken)
    (tmp_path / 'cartoon_h.pb').write_bytes((tmp_path / 'cartoon_bg.pb').read_bytes())
    Stylizer(tmp_path, device='cpu').close()
    assert loaded == ['cartoon_bg.pb']
    Stylizer(model, device='cpu').close()
    assert loaded == ['cartoon_bg.pb'] * 2 + ['cartoon_h.pb']


def test_single_brings_the_face_to_the_training_size(model, astronaut):
    only_background = Stylizer(background=model / 'cartoon_bg.pb', device='cpu', mode='single', training_size=128)
    result = only_background.stylize(astronaut)
    factor = result.working_size[0] / 512
    eyes = result.faces[0].landmarks
    distance = np.linalg.norm(eyes[42:48].mean(axis=0) - eyes[36:42].mean(axis=0))
    assert 0.2 < distance * factor / 128 < 0.27  # FFHQ crops: eyes a quarter of the side apart
    smooth = np.abs(result.image.astype(int) - of_background(astronaut)).mean()
    assert smooth < 8  # no head anywhere, only the loss of resizing


def test_single_says_when_the_picture_gets_too_large(single, astronaut, monkeypatch, caplog):
    monkeypatch.setattr(stylizer_module, 'MAX_SINGLE_PIXELS', 100000)
    result = single.stylize(astronaut)
    assert result.image.shape == astronaut.shape
    assert result.working_size[0] * result.working_size[1] <= 101000
    assert 'of the training size 256' in caplog.text
