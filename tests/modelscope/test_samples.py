"""Programs for ModelScope run here with other import lines and nothing else.

They make the calls of the published samples (translate a picture; train, export, translate), in our own words, on tiny
networks: what they name, a model, a data set, a picture, is put there before.
"""
import io
import os
import re
import shutil
import urllib.request

import cv2
import numpy as np
import pytest

from dctnet import frozen

MODEL = 'damo/cv_unet_person-image-cartoon_compound-models'
DATA = 'menyifang/dctnet_train_clipart_mini_ms'

FROM_A_FOLDER = '''
import cv2
from modelscope.hub.snapshot_download import snapshot_download
from modelscope.pipelines import pipeline

folder = snapshot_download('damo/cv_unet_person-image-cartoon_compound-models', cache_dir='.')
to_cartoon = pipeline('image-portrait-stylization', model=folder)
cv2.imwrite('result.png', to_cartoon('input.png')['output_img'])
'''

FROM_AN_ADDRESS = '''
import cv2
from modelscope.outputs import OutputKeys
from modelscope.pipelines import pipeline
from modelscope.utils.constant import Tasks

to_cartoon = pipeline(Tasks.image_portrait_stylization, model='damo/cv_unet_person-image-cartoon_compound-models')
found = to_cartoon('https://example.org/portrait.png')
cv2.imwrite('result.png', found[OutputKeys.OUTPUT_IMG])
'''

TRAINING = '''
import os

import cv2
from modelscope.exporters.cv import CartoonTranslationExporter
from modelscope.msdatasets import MsDataset
from modelscope.outputs import OutputKeys
from modelscope.pipelines import pipeline
from modelscope.trainers.cv import CartoonTranslationTrainer
from modelscope.utils.constant import Tasks
from modelscope.utils.test_utils import test_level

assert test_level() >= 0
data = MsDataset.load('dctnet_train_clipart_mini_ms', namespace='menyifang', split='train')
data_folder = data.config_kwargs['split_config']['train']
trainer = CartoonTranslationTrainer(model='damo/cv_unet_person-image-cartoon_compound-models', work_dir='exp_localtoon',
                                    photo=os.path.join(data_folder, 'face_photo'),
                                    cartoon=os.path.join(data_folder, 'face_cartoon'), max_steps=10)
trainer.train()

CartoonTranslationExporter().export_frozen_graph_def(
    ckpt_path=os.path.join('exp_localtoon', 'saved_models', 'model-0'),
    frozen_graph_path=os.path.join(trainer.model_dir, 'cartoon_h.pb'))

to_cartoon = pipeline(task=Tasks.image_portrait_stylization, model=trainer.model_dir)
found = to_cartoon(input='https://example.org/portrait.png')
cv2.imwrite('result.png', found[OutputKeys.OUTPUT_IMG])
'''


def with_our_imports(text):
    return re.sub(r'^from modelscope[.\w]* import', 'from dctnet.modelscope import', text, flags=re.MULTILINE)


def run(text):
    exec(compile(with_our_imports(text), 'sample', 'exec'), {'__name__': '__main__'})


@pytest.fixture()
def place(released, tmp_path, monkeypatch, one_detector, quick_export):
    """The working directory of a user of the samples, where addresses may be fetched."""
    for source, target in (('model', MODEL), ('photo', f'{DATA}/face_photo'), ('style', f'{DATA}/face_cartoon')):
        shutil.copytree(str(released / source), str(tmp_path / target))
    shutil.copy(str(released / 'input.png'), str(tmp_path / 'input.png'))
    monkeypatch.chdir(str(tmp_path))
    monkeypatch.setenv('DCTNET_ALLOW_URLS', '1')
    monkeypatch.setattr(urllib.request, 'urlopen',
                        lambda url, timeout: io.BytesIO((tmp_path / 'input.png').read_bytes()))
    return tmp_path


def result_of(place):
    """The written cartoon; it is a translation of the portrait."""
    photo, cartoon = cv2.imread(str(place / 'input.png')), cv2.imread(str(place / 'result.png'))
    assert cartoon.shape == photo.shape
    assert np.abs(cartoon.astype(int) - photo).mean() > 3
    return cartoon


def test_only_import_lines_differ():
    for text in (FROM_A_FOLDER, FROM_AN_ADDRESS, TRAINING):
        pairs = list(zip(text.splitlines(), with_our_imports(text).splitlines()))
        changed = [was for was, now in pairs if was != now]
        assert changed == [was for was, _ in pairs if 'modelscope.' in was and 'import' in was]


@pytest.mark.long
@pytest.mark.parametrize('text', [FROM_A_FOLDER, FROM_AN_ADDRESS], ids=['folder', 'address'])
def test_a_picture_is_translated(place, text):
    run(text)
    result_of(place)


@pytest.mark.long
def test_train_export_and_translate(place):
    before = frozen.constants(place / MODEL / 'cartoon_h.pb', 'generator')
    run(TRAINING)
    result_of(place)
    work = place / 'exp_localtoon'
    assert {'images', 'saved_models', 'train_log'} <= set(os.listdir(str(work)))
    after = frozen.constants(place / MODEL / 'cartoon_h.pb', 'generator')
    assert any((after[name] != before[name]).any() for name in before)
