"""A released model on a small scale: graphs, a checkpoint of a training with discriminators, configuration.json."""
import json
import shutil

import pytest
from skimage import data

from dctnet import images, train
from dctnet.compat import tf
from dctnet.exporters import parity
from dctnet.modelscope import CartoonTranslationExporter
from tests.frozen_graphs.__main__ import weights
from tests.training.tiny_training import BATCH, SIZE, arguments, write_pictures

PUBLISHED_KEYS = {'photo': '', 'cartoon': '', 'patch_size': SIZE, 'work_dir': 'exp', 'batch_size': BATCH,
                  'adv_train_lr': 2e-4, 'max_steps': 4, 'logging_interval': 1, 'ckpt_period_interval': 2,
                  'resume_epoch': 227, 'num_gpus': 1}


@pytest.fixture(scope='session')
def generator_once(tmp_path_factory):
    """A model folder as released, but without graphs and with a generator alone in its checkpoint, for what ends before
    a training begins; pictures to train on in photo/ and style/, and a portrait input.png."""
    place = tmp_path_factory.mktemp('generator')
    pictures = write_pictures(place)
    checkpoints = place / 'model' / 'tf_ckpts'
    checkpoints.mkdir(parents=True)
    with tf.Graph().as_default(), tf.Session() as session:
        for name, array in weights(2).items():
            tf.Variable(array, name=name)
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, str(checkpoints / 'model'), 227, write_meta_graph=False, write_state=False)
    settings = dict(PUBLISHED_KEYS, dctnet={
        'model.channels': 2, 'train.device': 'cpu', 'loss.superpixel': 'off', 'data.check_folders': False,
        'loss.content_network': str(pictures / 'content.pb')})
    (place / 'model' / 'configuration.json').write_text(json.dumps({'framework': 'tensorflow', 'train': settings}))
    images.write_bgr(place / 'input.png', images.scale(data.astronaut()[:, :, ::-1], 128, 120))
    return place


@pytest.fixture(scope='session')
def released_once(tmp_path_factory, generator_once):
    """The same with graphs, and with discriminators in the checkpoint."""
    place = tmp_path_factory.mktemp('released') / 'place'
    shutil.copytree(str(generator_once), str(place))
    assert train.main(arguments(generator_once, place / 'run', 'train.steps=1', 'loss.superpixel=off')) == 0
    model = place / 'model'
    for path in (place / 'run' / 'checkpoints').glob('model-1.*'):
        shutil.copy(str(path), str(model / 'tf_ckpts' / path.name.replace('model-1.', 'model-227.')))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parity, 'SIZES', ((32, 32), (20, 28), (16, 24)))
        for name in ('cartoon_h.pb', 'cartoon_bg.pb'):
            CartoonTranslationExporter().export_frozen_graph_def(model / 'tf_ckpts' / 'model-227', model / name)
    return place


@pytest.fixture()
def alone(generator_once, tmp_path):
    """A copy of the place with a generator alone."""
    shutil.copytree(str(generator_once), str(tmp_path / 'released'))
    return tmp_path / 'released'


@pytest.fixture()
def released(released_once, tmp_path):
    """A copy of the released model's place."""
    shutil.copytree(str(released_once), str(tmp_path / 'released'))
    return tmp_path / 'released'
