"""The published trainer's folder, by our training."""
import json
import os
import shutil
import signal

import cv2
import numpy as np
import pytest

from dctnet import frozen, images
from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.modelscope import CartoonTranslationTrainer
from dctnet.nets import vgg19
from dctnet.runs import checkpoint, checkpoint_files
from tests.files.python2_pickle import write_python2
from tests.modelscope.conftest import PUBLISHED_KEYS
from tests.training.tiny_training import SIZE, at_step, newest_weights


def trainer(released, work='work', **arguments):
    given = dict(model=released / 'model', work_dir=str(released / work), photo=str(released / 'photo'),
                 cartoon=str(released / 'style'))
    return CartoonTranslationTrainer(**dict(given, **arguments))


def rewrite(released, **changes):
    """configuration.json with other values; None takes a key out."""
    file = released / 'model' / 'configuration.json'
    content = json.loads(file.read_text())
    content['train'].update(changes)
    content['train'] = {key: value for key, value in content['train'].items() if value is not None}
    file.write_text(json.dumps(content))


def ours(released):
    """The keys of our own configs in configuration.json."""
    return json.loads((released / 'model' / 'configuration.json').read_text())['train']['dctnet']


def refusal(released, **arguments):
    with pytest.raises(UserError) as caught:
        trainer(released, **arguments)
    assert '\n' not in str(caught.value)
    return str(caught.value)


@pytest.fixture(scope='module')
def trained_place(released_once, tmp_path_factory):
    place = tmp_path_factory.mktemp('once') / 'released'
    shutil.copytree(str(released_once), str(place))
    trainer(place).train()
    return place


@pytest.mark.long
def test_the_published_records_are_there(trained_place):
    work = trained_place / 'work'
    numbers = (0, 1, 3)  # the first step, then every second
    assert sorted(path.name for path in (work / 'images').iterdir()) == sorted(
        f'{number:8d}_face_{kind}.jpg' for number in numbers for kind in ('photo', 'result'))
    assert [checkpoint_files.step_of(path) for path in checkpoint_files.all_in(work / 'saved_models')] == list(numbers)
    for path in (work / 'images').iterdir():
        assert cv2.imread(str(path)).shape == (4 * SIZE, 4 * SIZE, 3)
    assert list((work / 'train_log').glob('events.*'))


@pytest.mark.long
def test_the_sheets_show_photographs_and_their_translations(trained_place):
    folder = trained_place / 'work' / 'images'
    photo, result = (cv2.imread(str(folder / f'{3:8d}_face_{kind}.jpg')) for kind in ('photo', 'result'))
    paths = sorted((trained_place / 'photo').iterdir())
    for place in range(16):  # five photographs, again and again
        top, left = SIZE * (place // 4), SIZE * (place % 4)
        expected = images.square(images.read_bgr(paths[place % len(paths)]), SIZE)
        np.testing.assert_allclose(grey(photo[top:top + SIZE, left:left + SIZE]), grey(expected), atol=25)  # JPEG
    for place in (5, 10, 15):  # the first photograph again
        top, left = SIZE * (place // 4), SIZE * (place % 4)
        np.testing.assert_allclose(grey(result[top:top + SIZE, left:left + SIZE]), grey(result[:SIZE, :SIZE]), atol=5)
    assert np.abs(grey(result) - grey(photo)).mean() > 5


def grey(picture):
    return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(int)


@pytest.mark.long
def test_events_hold_the_losses_under_the_published_names(trained_place):
    file, = (trained_place / 'work' / 'train_log').glob('events.*')
    found = {(value.tag, event.step) for event in tf.train.summary_iterator(str(file)) for value in event.summary.value}
    assert found == {(tag, step) for tag in ('g_loss', 'd_loss') for step in range(4)}


@pytest.mark.long
def test_checkpoints_have_the_published_names_and_number_n_has_n_plus_1_steps(trained_place):
    saved = trained_place / 'work' / 'saved_models'
    first, last = (checkpoint.read_arrays(saved / f'model-{number}') for number in (0, 3))
    for name in ('generator/Conv/weights', 'generator/Conv/weights/Adam', 'beta1_power'):
        assert name in first
    assert any(name.startswith('disc_gray/') for name in first) and any(name.startswith('disc_blur/') for name in first)
    assert (first['global_step'], last['global_step']) == (1, 4)
    newest = newest_weights(trained_place / 'work')
    assert all(np.array_equal(last[name], newest[name]) for name in newest)


@pytest.mark.long
def test_it_starts_from_the_released_checkpoint_with_its_discriminators(trained_place):
    log = (trained_place / 'work' / 'log.txt').read_text()
    assert f"starting from {trained_place / 'model' / 'tf_ckpts' / 'model-227'}: " in log
    assert 'Adam of the generator and the discriminators goes on' in log and 'D alone' not in log


def test_from_scratch(alone):
    rewrite(alone, resume_epoch=0, dctnet=dict(ours(alone), **{'loss.style': 0, 'loss.content': 0}))
    shutil.rmtree(str(alone / 'model' / 'tf_ckpts'))
    trainer(alone, max_steps=1).train()
    assert 'training from scratch' in (alone / 'work' / 'log.txt').read_text()
    assert 'pixel L1' not in (alone / 'work' / 'log.txt').read_text()


@pytest.mark.long
def test_stopped_and_resumed_it_is_the_same_training(trained_place, released, monkeypatch):
    stopped = trainer(trained_place, work='stopped')  # the same pictures by the same paths
    with monkeypatch.context() as patch:
        at_step(patch, 3, lambda: os.kill(os.getpid(), signal.SIGTERM))
        with pytest.raises(SystemExit) as end:
            stopped.train()
    assert end.value.code == 75
    trainer(trained_place, work='stopped').train()
    whole, resumed = (newest_weights(trained_place / name) for name in ('work', 'stopped'))
    assert whole['global_step'] == resumed['global_step'] == 4
    assert all(np.array_equal(whole[name], resumed[name]) for name in whole)


def test_our_keys_are_taken_and_checked(alone):
    rewrite(alone, dctnet={'optim.lrr': 1})
    assert 'optim.lr' in refusal(alone)
    rewrite(alone, dctnet=[1])
    assert 'train.dctnet must be an object' in refusal(alone)


@pytest.mark.parametrize('key', sorted(set(PUBLISHED_KEYS) - {'photo', 'cartoon', 'work_dir'}))
def test_every_published_key_is_needed(alone, key):
    rewrite(alone, **{key: None})
    assert f'configuration.json has no train.{key}: add it' in refusal(alone)


@pytest.mark.parametrize('key, value', [('patch_size', 'large'), ('batch_size', 0), ('max_steps', 1.5),
                                        ('resume_epoch', -1), ('adv_train_lr', 'much'), ('photo', 3)])
def test_values_that_make_no_sense(alone, key, value):
    rewrite(alone, **{key: value})
    arguments = {'photo': None} if key == 'photo' else {}
    said = refusal(alone, **arguments)
    assert ('optim.lr' if key == 'adv_train_lr' else f'train.{key}') in said and repr(value) in said


@pytest.mark.parametrize('text, said', [(None, 'does not exist'), ('{', 'is not valid JSON'),
                                        ('[]', 'has no section "train"'), ('{"train": 1}', 'has no section "train"')])
def test_a_configuration_that_is_none(alone, text, said):
    file = alone / 'model' / 'configuration.json'
    file.unlink() if text is None else file.write_text(text)
    assert said in refusal(alone)


def test_a_file_of_ones_own(alone):
    (alone / 'model' / 'configuration.json').rename(alone / 'mine.json')
    assert trainer(alone, cfg_file=str(alone / 'mine.json')).model_dir == str(alone / 'model')


def test_a_missing_checkpoint_and_a_missing_model(alone):
    rewrite(alone, resume_epoch=228)
    assert 'model-228.index does not exist' in refusal(alone)
    assert 'is not on this machine, and nothing is downloaded' in refusal(alone, model='damo/none')
    assert 'name a model folder' in refusal(alone, model=None)


@pytest.fixture()
def with_vgg19(alone, monkeypatch):
    """The released model with a vgg19.npy as published, of random numbers, and its features as an .npz."""
    monkeypatch.setenv('DCTNET_CHECKPOINTS', str(alone / 'none'))
    settings = ours(alone)
    del settings['loss.content_network']
    rewrite(alone, dctnet=settings)
    write_python2(alone / 'model' / 'vgg19.npy', dict(vgg19.random_weights(seed=3), fc6=[np.zeros(4, np.float32)]))
    return alone


@pytest.mark.long
def test_vgg19_of_the_model_folder_is_converted_once(with_vgg19, caplog):
    caplog.set_level('INFO')
    work = with_vgg19 / 'work'
    trainer(with_vgg19, max_steps=1).train()
    image = np.random.RandomState(0).uniform(-1, 1, (1, 16, 24, 3)).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        expected = session.run(vgg19.features(tf.constant(image), vgg19.random_weights(seed=3)))
    found = frozen.FrozenGraph(work / 'vgg19.pb', [frozen.CONTENT_INPUT], [frozen.CONTENT_OUTPUT], device='cpu')(image)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())
    assert f"content network: {work / 'vgg19.pb'}, its features times 1\n" in caplog.text
    (with_vgg19 / 'model' / 'vgg19.npy').write_bytes(b'not read again')
    trainer(with_vgg19, max_steps=2).train()
    assert newest_weights(work)['global_step'] == 2


def test_a_damaged_vgg19_leaves_nothing_and_an_imported_one_comes_first(with_vgg19):
    npy = with_vgg19 / 'model' / 'vgg19.npy'
    npy.write_bytes(npy.read_bytes()[:100000])
    with pytest.raises(UserError, match='vgg19.npy is not a readable .npy'):
        trainer(with_vgg19).train()
    assert not (with_vgg19 / 'work').exists()
    (with_vgg19 / 'none').mkdir()
    (with_vgg19 / 'none' / 'vgg19.pb').write_bytes(b'no graph')
    with pytest.raises(UserError, match='none/vgg19.pb'):
        trainer(with_vgg19).train()


@pytest.mark.long
@pytest.mark.parametrize('changes, key', [({'photo': 'style'}, 'photo'), ({'cartoon': 'photo'}, 'cartoon')])
def test_a_work_dir_with_another_training_is_refused(trained_place, changes, key):
    arguments = {name: str(trained_place / folder) for name, folder in changes.items()}
    assert f'holds another training ({key} is' in refusal(trained_place, **arguments)


@pytest.mark.long
def test_a_work_dir_of_the_published_trainer_is_refused(released):
    (released / 'work' / 'saved_models').mkdir(parents=True)
    (released / 'work' / 'saved_models' / 'model-0.index').write_bytes(b'')
    assert 'holds a training of another program' in refusal(released)
    (released / 'file').write_text('')
    assert 'is a file' in refusal(released, work_dir=str(released / 'file'))
