"""Published samples run here with other import lines and nothing else.

The samples are run_sdk.py and export.py of github.com/menyifang/DCT-Net (Apache-2.0) and the first one of its model
card, on tiny networks: what they name, a model, a data set, a picture, is put there before.
"""
import io
import os
import re
import shutil
import unittest
import urllib.request

import cv2
import numpy as np
import pytest

from dctnet import frozen

MODEL = 'damo/cv_unet_person-image-cartoon_compound-models'
DATA = 'menyifang/dctnet_train_clipart_mini_ms'

RUN_SDK = '''
import cv2
from modelscope.hub.snapshot_download import snapshot_download
from modelscope.pipelines import pipeline

model_dir = snapshot_download('damo/cv_unet_person-image-cartoon_compound-models', cache_dir='.')
img_cartoon = pipeline('image-portrait-stylization', model=model_dir)

result = img_cartoon('input.png')

cv2.imwrite('result.png', result['output_img'])
print('finished!')
'''

MODEL_CARD = '''
import cv2
from modelscope.outputs import OutputKeys
from modelscope.pipelines import pipeline
from modelscope.utils.constant import Tasks

img_cartoon = pipeline(Tasks.image_portrait_stylization,
                       model='damo/cv_unet_person-image-cartoon_compound-models')
img_path = 'https://modelscope.oss-cn-beijing.aliyuncs.com/test/images/image_cartoon.png'
result = img_cartoon(img_path)
cv2.imwrite('result.png', result[OutputKeys.OUTPUT_IMG])
print('finished!')
'''

EXPORT = '''
import os
import unittest

import cv2

from modelscope.exporters.cv import CartoonTranslationExporter
from modelscope.msdatasets import MsDataset
from modelscope.outputs import OutputKeys
from modelscope.pipelines import pipeline
from modelscope.pipelines.base import Pipeline
from modelscope.trainers.cv import CartoonTranslationTrainer
from modelscope.utils.constant import Tasks
from modelscope.utils.test_utils import test_level


class TestImagePortraitStylizationTrainer(unittest.TestCase):

    def setUp(self) -> None:
        self.task = Tasks.image_portrait_stylization
        self.test_image = 'https://modelscope.oss-cn-beijing.aliyuncs.com/test/images/image_cartoon.png'

    @unittest.skipUnless(test_level() >= 0, 'skip test in current test level')
    def test_run_with_model_name(self):
        model_id = 'damo/cv_unet_person-image-cartoon_compound-models'

        data_dir = MsDataset.load(
            'dctnet_train_clipart_mini_ms',
            namespace='menyifang',
            split='train').config_kwargs['split_config']['train']

        data_photo = os.path.join(data_dir, 'face_photo')
        data_cartoon = os.path.join(data_dir, 'face_cartoon')
        work_dir = 'exp_localtoon'
        max_steps = 10
        trainer = CartoonTranslationTrainer(
            model=model_id,
            work_dir=work_dir,
            photo=data_photo,
            cartoon=data_cartoon,
            max_steps=max_steps)
        trainer.train()

        # export pb file
        ckpt_path = os.path.join(work_dir, 'saved_models', 'model-' + str(0))
        pb_path = os.path.join(trainer.model_dir, 'cartoon_h.pb')
        exporter = CartoonTranslationExporter()
        exporter.export_frozen_graph_def(
            ckpt_path=ckpt_path, frozen_graph_path=pb_path)

        # infer with pb file
        self.pipeline_person_image_cartoon(trainer.model_dir)

    def pipeline_person_image_cartoon(self, model_dir):
        pipeline_cartoon = pipeline(task=self.task, model=model_dir)
        result = pipeline_cartoon(input=self.test_image)
        if result is not None:
            cv2.imwrite('result.png', result[OutputKeys.OUTPUT_IMG])
            print(f'Output written to {os.path.abspath("result.png")}')


if __name__ == '__main__':
    unittest.main()
'''


def with_our_imports(text):
    return re.sub(r'^from modelscope[.\w]* import', 'from dctnet.modelscope import', text, flags=re.MULTILINE)


def run(text):
    """What a sample defines."""
    names = {'__name__': 'sample'}
    exec(compile(with_our_imports(text), 'sample', 'exec'), names)
    return names


@pytest.fixture(autouse=True)
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
    for text in (RUN_SDK, MODEL_CARD, EXPORT):
        pairs = list(zip(text.splitlines(), with_our_imports(text).splitlines()))
        changed = [was for was, now in pairs if was != now]
        assert changed == [was for was, _ in pairs if 'modelscope.' in was and 'import' in was]


@pytest.mark.parametrize('text', [RUN_SDK, MODEL_CARD])
def test_a_picture_is_translated(place, text, capsys):
    run(text)
    result_of(place)
    assert capsys.readouterr().out == 'finished!\n'


def test_train_export_and_translate(place):
    before = frozen.constants(place / MODEL / 'cartoon_h.pb', 'generator')
    case = unittest.TestLoader().loadTestsFromTestCase(run(EXPORT)['TestImagePortraitStylizationTrainer'])
    found = unittest.TestResult()
    case.run(found)
    assert not found.failures and not found.errors and found.testsRun == 1, found
    result_of(place)
    work = place / 'exp_localtoon'
    assert {'images', 'saved_models', 'train_log'} <= set(os.listdir(str(work)))
    after = frozen.constants(place / MODEL / 'cartoon_h.pb', 'generator')
    assert any((after[name] != before[name]).any() for name in before)
