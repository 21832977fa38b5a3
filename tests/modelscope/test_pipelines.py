"""The pipeline: what it takes, what it gives, what it refuses."""
import io
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage import data

from dctnet import images
from dctnet.errors import UserError
from dctnet.modelscope import OutputKeys, Tasks, pipeline, remote_picture, snapshot_download

ROOT = Path(__file__).parents[2]
PORTRAIT = np.ascontiguousarray(data.astronaut()[:, :, ::-1])


@pytest.fixture(scope='module')
def translate(model, one_detector):
    return pipeline(Tasks.image_portrait_stylization, model=str(model), device='cpu')


def cartoon(answer):
    assert set(answer) == {OutputKeys.OUTPUT_IMG} == {'output_img'}
    return answer['output_img']


def test_all_kinds_of_pictures_give_the_same(translate, tmp_path):
    images.write_bgr(tmp_path / 'photo.png', PORTRAIT)
    expected = cartoon(translate(PORTRAIT))
    assert expected.dtype == np.uint8 and expected.shape == PORTRAIT.shape
    np.testing.assert_array_equal(expected[300:], PORTRAIT[300:] // 2 + 32)  # the background graph
    assert (expected[:300] != PORTRAIT[:300] // 2 + 32).any()                # the head graph
    rgb = PORTRAIT[:, :, ::-1]
    for picture in (str(tmp_path / 'photo.png'), tmp_path / 'photo.png', Image.fromarray(rgb.copy()), rgb[:, :, ::-1]):
        np.testing.assert_array_equal(cartoon(translate(picture)), expected)
    np.testing.assert_array_equal(cartoon(translate(input=PORTRAIT)), expected)


def test_a_list_gives_a_list(translate):
    answers = translate([PORTRAIT[:100, :80], Image.new('RGB', (33, 17), (10, 20, 30))])
    assert [cartoon(answer).shape for answer in answers] == [(100, 80, 3), (17, 33, 3)]
    assert cartoon(answers[1])[0, 0].tolist() == [47, 42, 37]  # BGR
    assert translate([]) == []


def test_without_a_face_and_larger_than_the_working_size_it_keeps_its_size(translate):
    picture = cv2.resize(PORTRAIT[300:], (1100, 800))
    assert cartoon(translate(picture)).shape == picture.shape and cartoon(translate(picture)).dtype == np.uint8


def test_grey_arrays(translate):
    np.testing.assert_array_equal(cartoon(translate(np.full((20, 30), 100, np.uint8))), np.full((20, 30, 3), 82))


@pytest.mark.parametrize('picture, said', [
    (None, 'NoneType is no picture'), (3, 'int is no picture'), ({'image': 'x'}, 'dict is no picture'),
    (np.zeros((4, 4, 3), np.float32), 'must be uint8'), (np.zeros((4, 4, 4), np.uint8), 'must be uint8'),
    (np.zeros((0, 4), np.uint8), 'must be uint8'), ('none.png', 'none.png does not exist'), ('', 'a folder'),
    ('https://x.org/a.png', 'is not fetched'), ('ftp://x.org/a.png', 'is not fetched'),
])
def test_what_is_no_picture(translate, picture, said):
    with pytest.raises(UserError, match=said) as caught:
        translate(picture)
    assert '\n' not in str(caught.value)


def test_a_cut_off_picture_of_pillow(translate, tmp_path):
    images.write_bgr(tmp_path / 'photo.png', PORTRAIT)
    (tmp_path / 'cut.png').write_bytes((tmp_path / 'photo.png').read_bytes()[:5000])
    with pytest.raises(UserError, match='a picture of Pillow cannot be read'):
        translate(Image.open(str(tmp_path / 'cut.png')))


@pytest.mark.parametrize('arguments, said', [
    (dict(task='image-classification'), 'image-portrait-stylization'),
    (dict(device='gpu:7'), 'choose auto, cpu or gpu'), (dict(model=None), 'name a model folder'),
    (dict(model='damo/none'), 'nothing is downloaded'), (dict(model=3), 'name a model folder'),
])
def test_a_wrong_call(model, arguments, said):
    with pytest.raises(UserError, match=said):
        pipeline(**dict(dict(task=Tasks.image_portrait_stylization, model=model), **arguments))


def test_a_folder_without_a_model_and_a_file(tmp_path):
    with pytest.raises(UserError, match='holds no cartoon_h.pb'):
        pipeline(Tasks.image_portrait_stylization, model=tmp_path)
    (tmp_path / 'file').write_text('')
    with pytest.raises(UserError, match='is a file'):
        pipeline(Tasks.image_portrait_stylization, model=tmp_path / 'file')


class Answers:
    """Stands for the web."""

    def __init__(self, data):
        self.data, self.asked = data, []

    def __call__(self, url, timeout):
        self.asked.append((url, timeout > 0))
        if isinstance(self.data, Exception):
            raise self.data
        return io.BytesIO(self.data)


def test_addresses_if_they_are_allowed(model, one_detector, monkeypatch):
    web = Answers(cv2.imencode('.png', PORTRAIT)[1].tobytes())
    monkeypatch.setattr(urllib.request, 'urlopen', web)
    asked = pipeline(Tasks.image_portrait_stylization, model=model, device='cpu', allow_urls=True)
    np.testing.assert_array_equal(cartoon(asked('https://x.org/a.png')), cartoon(asked(PORTRAIT)))
    assert web.asked == [('https://x.org/a.png', True)]
    with pytest.raises(UserError, match='only http'):
        asked('file:///etc/passwd')
    for answer, said in ((b'', 'https://x.org/b.png as a picture .the file is empty'), (b'no', 'cannot read https'),
                         (urllib.error.URLError('no route'), 'cannot fetch https://x.org/b.png .*no route'),
                         (bytes(100), 'more than 0 MB')):
        web.data = answer
        if said.startswith('more'):
            monkeypatch.setattr(remote_picture, '_MOST_BYTES', 99)
        with pytest.raises(UserError, match=said):
            asked('https://x.org/b.png')


def test_models_that_modelscope_has_downloaded_are_found(tmp_path, monkeypatch):
    monkeypatch.setenv('MODELSCOPE_CACHE', str(tmp_path))
    with pytest.raises(UserError, match='damo/style is not on this machine, and nothing is downloaded: put'):
        snapshot_download('damo/style', cache_dir='elsewhere')
    for inside in ('models', 'hub/models', 'hub'):
        (tmp_path / inside / 'damo' / 'style').mkdir(parents=True)
        assert snapshot_download('damo/style', cache_dir='elsewhere') == str(tmp_path / inside / 'damo' / 'style')
    (tmp_path / 'own' / 'damo' / 'style').mkdir(parents=True)
    found = snapshot_download('damo/style', cache_dir=str(tmp_path / 'own'))
    assert found == str(tmp_path / 'own' / 'damo' / 'style')


def test_importing_loads_no_tensorflow_and_mistakes_are_told_without_it():
    code = '''
import sys
from dctnet.errors import UserError
from dctnet.modelscope import *
for mistake in (lambda: pipeline('image-portrait-stylization', model='.'),
                lambda: CartoonTranslationTrainer(model='.'),
                lambda: CartoonTranslationExporter().export_frozen_graph_def('none', 'x.txt')):
    try:
        mistake()
    except UserError:
        print('told')
assert 'tensorflow' not in sys.modules
'''
    done = subprocess.run([sys.executable, '-c', code], env=dict(os.environ, PYTHONPATH=str(ROOT)),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.stdout == b'told\n' * 3, done.stderr
