"""train.py ccn as a user meets it: a source from scratch, a target held to it, interruptions, and mistakes."""
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from dctnet import train
from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.nets.pretrained import identity_network
from dctnet.runs import checkpoint
from dctnet.training import ccn
from tests.training.tiny_training import metrics, newest_weights, write_face_network

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / 'configs' / 'ccn'
SETTINGS = ('data.size=16', 'data.batch_size=2', 'model.max_channels=4', 'model.style_dim=8', 'model.mapping_layers=2',
            'train.log_every=1', 'train.sample_every=0', 'train.save_every=2', 'train.steps=4', 'train.device=cpu',
            'loss.r1_every=3', 'loss.path_every=2')


def arguments(config, pictures, run, *overrides):
    kind = 'photo' if config.startswith('source') else 'style'
    keys = (f'data.{kind}={pictures / kind}',) + SETTINGS + overrides
    return ['ccn', '--config', str(CONFIGS / config), '--run', str(run), '--set', *keys]


@pytest.fixture(scope='module')
def source(tmp_path_factory, pictures):
    """A source generator of 16 px after four steps."""
    run = tmp_path_factory.mktemp('ccn') / 'source'
    assert train.main(arguments('source.yaml', pictures, run)) == 0
    return run


def test_a_source_from_scratch(source):
    names = set(newest_weights(source))
    assert {'generator/convs/0/conv/weight', 'generator_ema/style/1/weight', 'discriminator/final_linear/1/bias',
            'path_length_average', 'global_step'} <= names
    assert not (source / 'source.npz').exists() and not any(name.startswith('source/') for name in names)
    lines = metrics(source)
    assert [line['step'] for line in lines] == [1, 2, 3, 4]
    assert [('d_r1/loss' in line, 'g_path/loss' in line) for line in lines] == [
        (True, True), (False, False), (False, True), (True, False)]


@pytest.mark.long
def test_target_killed_and_resumed_is_the_same_as_uninterrupted(tmp_path, pictures, source, caplog):
    faces = write_face_network(tmp_path / 'faces.pb', 16)
    settings = [f'source={source}', 'loss.identity=0.5', f'loss.identity_network={faces}', 'train.steps=6',
                'train.save_every=3',
                'train.sample_every=6', 'augment.mode=adaptive', 'augment.p=0.5', 'augment.length=100']
    whole, killed = tmp_path / 'whole', tmp_path / 'killed'
    assert train.main(arguments('official.yaml', pictures, whole, *settings)) == 0
    assert f'starting from {source}' in caplog.text
    command = arguments('official.yaml', pictures, killed, *settings)
    dead = subprocess.run([sys.executable, '-m', 'tests.training.tiny_training', 'SIGKILL:5:0'] + command,
                          cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert dead.returncode == -signal.SIGKILL, dead.stdout.decode()
    assert train.main(command) == 0
    a, b = newest_weights(whole), newest_weights(killed)
    assert set(a) == set(b) and [name for name in a if a[name].tobytes() != b[name].tobytes()] == []
    assert metrics(whole) == metrics(killed)
    # The window of four steps that p is adapted in goes across the checkpoint of step 3.
    assert a['augment_signs'][1] == 2 * 2 and abs(a['augment_p'] - 0.5) == pytest.approx(4 * 2 / 100)
    assert [line['d/augment_p'] for line in metrics(whole)] == [0.5] * 4 + [a['augment_p']] * 2
    assert sorted(path.name for path in (whole / 'samples').iterdir()) == ['step-000000.png', 'step-000006.png']
    frozen_source = checkpoint.read_arrays(whole / 'source.npz')
    np.testing.assert_array_equal(frozen_source['source/convs/0/conv/weight'],
                                  newest_weights(source)['generator_ema/convs/0/conv/weight'])


def message(*words):
    with pytest.raises(UserError) as caught:
        train.main(list(words))
    assert '\n' not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize('change, part', [
    pytest.param('data.size=32', 'cannot start from', marks=pytest.mark.long),
    ('model.max_channels=3', 'cannot start from'),
    ('source=/nowhere', '/nowhere'), ('data.batch_size=4', 'fewer than a batch of 4'),
    ('loss.identity_network=arcface', 'data_tools.import_weights arcface'),
    ('data.photo={photo}', 'data.photo is not used with a source'), ('data.generated=x', 'unknown key data.generated'),
    ('data.check_folders=false', 'unknown key data.check_folders'), ('data.exemplar_share=1', 'unknown key'),
    ('augment.mode=on', 'off, fixed, adaptive'), ('augment.mode=fixed', 'set augment.p'), ('augment.p=2', 'augment.p'),
    ('loss.identity_network=vgg', 'auto, arcface, dlib'), ('train.schedule=joint', 'unknown key train.schedule')])
def test_mistakes(tmp_path, pictures, source, change, part):
    text = message(*arguments('official.yaml', pictures, tmp_path / 'run', f'source={source}',
                              change.format(photo=pictures / 'photo')))
    assert part in text, text
    assert not (tmp_path / 'run').exists()


def test_a_run_keeps_its_augmentation(pictures, source):
    command = arguments('source.yaml', pictures, source)
    text = message(*command, '--set', 'augment.mode=adaptive')
    assert "augment.mode is 'off' there and 'adaptive' now" in text and f'--init-from {source}' in text


@pytest.mark.long
def test_a_run_from_before_there_was_augmentation(tmp_path, pictures, source):
    run = tmp_path / 'run'
    shutil.copytree(str(source), str(run))
    saved = yaml.safe_load((run / 'config.yaml').read_text())
    assert saved.pop('augment')['mode'] == 'off'
    (run / 'config.yaml').write_text(yaml.safe_dump(saved))
    command = arguments('source.yaml', pictures, run)
    assert train.main(command + ['--dry-run']) == 0
    assert 'augment.mode' in message(*command, '--set', 'augment.mode=adaptive')


def test_a_source_without_a_generator(tmp_path, pictures):
    np.savez(str(tmp_path / 'other.npz'), something=np.zeros(3))
    text = message(*arguments('official.yaml', pictures, tmp_path / 'run', f"source={tmp_path / 'other.npz'}"))
    assert 'other.npz holds no StyleGAN2 generator' in text


def test_without_arcface_the_identity_network_is_dlibs(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv('DCTNET_CHECKPOINTS', str(tmp_path))
    with tf.Graph().as_default():
        embedded = identity_network('auto').embed(tf.zeros([2, 64, 64, 3]))
        assert embedded.shape.as_list() == [2, 128]
    assert 'dlib\'s face descriptor' in caplog.text


def test_a_missing_average_is_the_generator():
    found = ccn.networks_of({'generator/a': np.ones(1), 'generator/a/Adam': np.zeros(1)}, 'x')
    assert set(found['generator']) == {'a'} and found['generator_ema'] is found['generator']
    assert found['discriminator'] == {}
