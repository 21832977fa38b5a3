"""train.py as a user meets it: runs, interruptions, resuming, fine-tunes, and every mistake told in words."""
import dataclasses
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

import train
from dctnet import checkpoint, frozen, run_folder, training, ttn_training
from dctnet.config import TtnConfig
from dctnet.engine.summaries import Scalars
from dctnet.errors import UserError
from tests import tiny_training
from tests.tiny_training import PLAIN, arguments, metrics, newest_weights, write_pictures

ROOT = Path(__file__).parents[1]
DONE, STOPPED_EARLY = 0, 75


@pytest.fixture(autouse=True)
def quick(tiny_content, caplog):
    caplog.set_level(logging.INFO)


@pytest.fixture(scope='module')
def trained_once(tmp_path_factory, pictures):
    """A generator alone after four steps, with checkpoints of 2 and 4; copied by `trained`."""
    run = tmp_path_factory.mktemp('trained') / 'run'
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ttn_training, '_content_network', tiny_training.content_network)
        assert train.main(plain(pictures, run)) == DONE
    return run


@pytest.fixture()
def trained(trained_once, tmp_path):
    shutil.copytree(str(trained_once), str(tmp_path / 'trained'))
    return tmp_path / 'trained'


def plain(folder, run, *overrides):
    """The command line of the shortest training."""
    return arguments(folder, run, *PLAIN + overrides)


def message(*words):
    with pytest.raises(UserError) as caught:
        train.main(list(words))
    text = str(caught.value)
    assert '\n' not in text
    return text


def at_step(monkeypatch, step, function):
    """Call function() once the metrics of a step are written."""
    usual = Scalars.after_step

    def after_step(self, loop):
        usual(self, loop)
        if loop.step == step:
            function()
    monkeypatch.setattr(Scalars, 'after_step', after_step)


def assert_equal_runs(one, two):
    a, b = newest_weights(one), newest_weights(two)
    assert set(a) == set(b) and len(a) > 150
    assert [name for name in a if a[name].tobytes() != b[name].tobytes()] == []
    assert metrics(one) == metrics(two)


def saved_steps(run):
    return [checkpoint.step_of(prefix) for prefix in checkpoint.all_in(run / 'checkpoints')]


def check_run_folder(run, pictures):
    """Everything that a run leaves is there."""
    assert {path.name for path in run.iterdir()} == {
        '.lock', 'config.yaml', 'environment.json', 'pictures.json', 'log.txt', 'metrics.jsonl', 'tb', 'samples',
        'checkpoints'}
    terms = ('content', 'content_superpixel', 'texture', 'surface', 'tv')
    wanted = {'g/loss', 'd/loss'} | {'g/' + term for term in terms} | {'g/raw/' + term for term in terms}
    assert wanted <= set(metrics(run)[0])
    assert [path.name for path in sorted((run / 'samples').iterdir())] == ['step-000000.png', 'step-000010.png']
    environment = json.loads((run / 'environment.json').read_text())
    assert {'tensorflow', 'dctnet', 'commit', 'python', 'numpy', 'command'} <= set(environment)
    config = yaml.safe_load((run / 'config.yaml').read_text())
    assert config['data']['photo'] == str(pictures / 'photo') and config['train']['steps'] == 10
    log = (run / 'log.txt').read_text()
    for part in ('generator parameters', 'loss.content_network is random', 'step 10/10', 'saved'):
        assert part in log
    names = set(newest_weights(run))
    assert {'generator/Conv/weights', 'disc_gray/conv0_1/kernel', 'disc_blur/conv_out/u', 'global_step'} <= names


@pytest.mark.parametrize('schedule, superpixel', [('joint', 'output'), ('sequential', 'photo')])
def test_interrupted_and_resumed_is_the_same_as_uninterrupted(tmp_path, pictures, monkeypatch, caplog, schedule,
                                                              superpixel):
    settings = ['train.steps=10', 'train.save_every=5', 'train.schedule=' + schedule, 'loss.superpixel=' + superpixel,
                'train.sample_every=10', 'loss.style_warmup=[[3, 0.1], [8, 0.5]]',
                'loss.surface={}'.format(int(schedule == 'joint'))]
    assert train.main(arguments(pictures, tmp_path / 'whole', *settings)) == DONE
    if schedule == 'joint':
        check_run_folder(tmp_path / 'whole', pictures)
    run, command = tmp_path / 'killed', arguments(pictures, tmp_path / 'killed', *settings)
    dead = subprocess.run([sys.executable, '-m', 'tests.tiny_training', '7'] + command, cwd=str(ROOT),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert dead.returncode == -signal.SIGKILL, dead.stdout.decode()
    assert saved_steps(run) == [5] and len(metrics(run)) == 7
    if schedule == 'joint':
        with monkeypatch.context() as patch:
            at_step(patch, 8, lambda: os.kill(os.getpid(), signal.SIGTERM))
            assert train.main(command) == STOPPED_EARLY
        assert saved_steps(run) == [5, 8] and 'stopped early (SIGTERM) at step 8 of 10' in caplog.text
    assert train.main(command) == DONE
    assert [line['step'] for line in metrics(run)] == list(range(1, 11))
    assert_equal_runs(tmp_path / 'whole', run)


def test_a_dry_run_writes_nothing(tmp_path, pictures, trained_once, capsys, caplog):
    command = plain(pictures, tmp_path / 'run', 'train.steps=12345') + ['--dry-run', '--init-from', str(trained_once)]
    assert train.main(command) == DONE and not (tmp_path / 'run').exists()
    config = yaml.safe_load(capsys.readouterr().out)
    assert config['train']['steps'] == 12345 and config['optim']['lr'] == 2e-4
    for part in ('5 photographs', '3 exemplars', 'generator parameters', 'fine-tuning from'):
        assert part in caplog.text


def test_changes_of_length_and_speed_are_logged_and_allowed(trained, pictures, caplog):
    assert train.main(['ttn', '--config', str(trained / 'config.yaml'), '--run', str(trained), '--set', 'train.steps=5',
                       '--set', 'optim.lr=1e-5']) == DONE
    assert 'resuming with a change: optim.lr 0.0002 -> 1e-05' in caplog.text
    assert 'resuming with a change: train.steps 4 -> 5' in caplog.text
    assert saved_steps(trained) == [2, 4, 5] and [line['step'] for line in metrics(trained)] == [1, 2, 3, 4, 5]
    assert yaml.safe_load((trained / 'config.yaml').read_text())['optim']['lr'] == 1e-5


def test_other_pictures_than_before_are_told(trained, pictures, tmp_path, caplog):
    shutil.copytree(str(pictures), str(tmp_path / 'more'))
    moved = ['data.photo={}'.format(tmp_path / 'more' / 'photo'), 'train.steps=6']
    assert train.main(plain(pictures, trained, *moved)) == DONE
    assert 'other pictures' not in caplog.text  # the same names in another place
    shutil.copy(str(next((pictures / 'photo').iterdir())), str(tmp_path / 'more' / 'photo' / 'new.png'))
    assert train.main(plain(pictures, trained, moved[0], 'train.steps=8')) == DONE
    assert 'data.photo holds other pictures than before (5, now 6)' in caplog.text


def test_generated_samples_train_along(tmp_path, pictures, caplog):
    samples = write_pictures(tmp_path, photos=0, exemplars=4) / 'style'
    (samples / 'keep.txt').write_text('s1.png\ns3.png\n')
    settings = ['data.generated={}'.format(samples / 'keep.txt'), 'data.exemplar_share=0.25', 'train.steps=3']
    run = tmp_path / 'run'
    assert train.main(arguments(pictures, run, 'loss.content=0', 'loss.surface=0', *settings)) == DONE
    assert '2 generated in ' in caplog.text
    assert 'every photograph 1.2 times, every exemplar 0.5 times, every generated sample 2.2 times' in caplog.text
    assert json.loads((run / 'pictures.json').read_text())['data.generated']['count'] == 2
    assert train.main(arguments(pictures, tmp_path / 'without', 'loss.content=0', 'loss.surface=0',
                                'train.steps=3')) == DONE
    assert metrics(run) != metrics(tmp_path / 'without')


def test_fine_tune(tmp_path, pictures, trained, caplog):
    weights = {name: array for name, array in newest_weights(trained).items() if name.startswith('generator/')}
    np.savez(str(tmp_path / 'weights.npz'), **{name: weights[name] for name in weights if '/Adam' not in name})
    for source, loss, report in [
            (tmp_path / 'weights.npz', ['loss.content=0', 'loss.surface=0'], '36 loaded; 21 missing (disc_gray/'),
            (trained / 'checkpoints' / 'model-4', PLAIN, '36 loaded')]:
        caplog.clear()
        run = tmp_path / 'fine' / source.name
        command = arguments(pictures, run, 'train.steps=1', 'optim.lr=0', 'loss.style_warmup=[[9, 0]]', *loss)
        assert train.main(command + ['--init-from', str(source)]) == DONE
        assert 'fine-tuning from {}: {}'.format(source, report) in caplog.text
        assert 'fine-tuning from' in (run / 'log.txt').read_text()
        found = newest_weights(run)
        assert all(np.array_equal(found[name], weights[name]) for name in weights if '/Adam' not in name)
        assert found['global_step'] == 1  # counter and optimiser start afresh
        config = yaml.safe_load((run / 'config.yaml').read_text())
        assert config['init_from'] == str(source) and config['loss']['style_warmup'] == []
        assert loss == PLAIN or metrics(run)[0]['g/texture'] > 0  # no warm-up of the style weight
    shutil.rmtree(str(trained))
    assert train.main(command + ['--set', 'train.steps=2']) == DONE  # resumed: no --init-from, no source
    assert saved_steps(run) == [1, 2]


def test_sources_that_do_not_fit(tmp_path, pictures, trained):
    weights = {name: array for name, array in newest_weights(trained).items() if '/Adam' not in name}
    np.savez(str(tmp_path / 'few.npz'), **{name: weights[name] for name in weights if 'Conv_3' not in name})
    text = message(*plain(pictures, tmp_path / 'new'), '--init-from', str(tmp_path / 'few.npz'))
    assert all(part in text for part in ('few.npz', '2 missing', 'generator/Conv_3/weights'))
    text = message(*plain(pictures, tmp_path / 'new', 'model.channels=3'), '--init-from', str(trained), '--dry-run')
    assert 'reshaped' in text and 'model.channels' in text and str(trained) in text
    assert not (tmp_path / 'new').exists()


def test_vgg19_is_asked_for(tmp_path, pictures, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(ttn_training, 'VGG19_FILE', tmp_path / 'vgg19.pb')
    text = message(*arguments(pictures, tmp_path / 'run', 'loss.content_network=vgg19'))
    for part in ('checkpoints/vgg19.pb', 'vgg19.npy', 'vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5',
                 'data_tools.import_weights vgg19', 'content_network=dlib'):
        assert part in text
    assert not (tmp_path / 'run').exists()


def test_content_networks(tmp_path, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(ttn_training, 'VGG19_FILE', tmp_path / 'vgg19.pb')
    shutil.copy(str(ROOT / 'tests' / 'frozen_graphs' / 'tf115.pb'), str(tmp_path / 'vgg19.pb'))  # a translator
    config = TtnConfig()
    with pytest.raises(UserError, match='vgg19.pb has no tensor image:0, features:0'):
        ttn_training._content_network(config)
    frozen.write_graph(tiny_training.content_network(), tmp_path / 'vgg19.pb')
    assert ttn_training._content_network(config) == tiny_training.content_network()
    without = dataclasses.replace(config, loss=dataclasses.replace(config.loss, content=0.0))
    (tmp_path / 'vgg19.pb').unlink()
    assert ttn_training._content_network(without) is None  # not asked for where it weighs nothing


def test_a_dry_run_leaves_a_run_as_it_is(trained, pictures, caplog):
    before = {path: path.stat().st_mtime_ns for path in trained.glob('**/*')}
    assert train.main(plain(pictures, trained, 'train.steps=9') + ['--dry-run']) == DONE
    assert {path: path.stat().st_mtime_ns for path in trained.glob('**/*')} == before
    assert 'resuming from' in caplog.text and 'model-4' in caplog.text


@pytest.mark.parametrize('change, shown', [
    ('loss.content=7', 'loss.content is 0.0 there and 7.0 now'),
    ('loss.adversarial=log', "loss.adversarial is 'lsgan' there and 'log' now"),
    ('model.channels=3', 'model.channels is 2 there and 3 now'),
    ('data.size=48', 'data.size is 32 there and 48 now'),
    ('train.schedule=joint', "train.schedule is 'sequential' there and 'joint' now"),
])
def test_another_loss_or_architecture_is_refused(trained, pictures, change, shown):
    before = {path: path.read_bytes() for path in trained.glob('*') if path.is_file()}
    text = message(*plain(pictures, trained, 'train.steps=9', change))
    assert shown in text and '--init-from' in text and str(trained) in text
    assert {path: path.read_bytes() for path in trained.glob('*') if path.is_file()} == before


def test_a_damaged_newest_checkpoint(trained, pictures, caplog):
    shard = trained / 'checkpoints' / 'model-4.data-00000-of-00001'
    shard.write_bytes(shard.read_bytes()[:3000])
    text = message(*plain(pictures, trained, 'train.steps=5'))
    assert 'model-4 is damaged' in text and 'remove its files' in text
    assert [line['step'] for line in metrics(trained)] == [1, 2, 3, 4]
    for path in (trained / 'checkpoints').glob('model-4.*'):
        path.unlink()
    assert train.main(plain(pictures, trained, 'train.steps=5')) == DONE  # from step 2
    assert 'model-2' in caplog.text and [line['step'] for line in metrics(trained)] == [1, 2, 3, 4, 5]


def test_incomplete_checkpoints_do_not_start_the_run_anew(trained, pictures):
    for path in (trained / 'checkpoints').glob('*.data*'):
        path.unlink()
    text = message(*plain(pictures, trained, 'train.steps=5'))
    assert 'checkpoints' in text and len(metrics(trained)) == 4


def test_two_processes_in_one_folder(tmp_path, pictures):
    run = tmp_path / 'run'
    with run_folder.opened(run, TtnConfig(), {}):
        before = {name: (run / name).read_bytes() for name in ('config.yaml', 'environment.json')}
        assert 'another process is training in' in message(*plain(pictures, run))
        assert {name: (run / name).read_bytes() for name in before} == before
    with run_folder.opened(run, TtnConfig(), {}):
        pass  # free again


def test_divergence_ends_the_run_and_saves_nothing_of_it(tmp_path, pictures):
    text = message(*plain(pictures, tmp_path / 'run', 'optim.lr=1e18', 'train.steps=20', 'train.save_every=7'))
    assert 'training diverged' in text and 'optim.lr' in text
    assert 'training diverged' in (tmp_path / 'run' / 'log.txt').read_text()
    for prefix in checkpoint.all_in(tmp_path / 'run' / 'checkpoints'):
        assert all(np.isfinite(array).all() for array in checkpoint.read_arrays(prefix).values())
    if (tmp_path / 'run' / 'metrics.jsonl').exists():
        assert all(np.isfinite(value) for line in metrics(tmp_path / 'run') for value in line.values())


def test_a_picture_that_becomes_unreadable(tmp_path, monkeypatch):
    folder = write_pictures(tmp_path)
    good = {path: path.read_bytes() for path in (folder / 'photo').iterdir()}
    command = plain(folder, tmp_path / 'run', 'train.steps=30', 'train.save_every=100')

    def spoil():
        for path in good:
            path.write_bytes(b'')
    with monkeypatch.context() as patch:
        at_step(patch, 2, spoil)
        text = message(*command)
    assert text.startswith('cannot read {}'.format(folder / 'photo' / 'p')) and 'the file is empty' in text
    step = saved_steps(tmp_path / 'run')[-1]
    assert 2 <= step < 12 and metrics(tmp_path / 'run')[-1]['step'] == step  # nothing is lost
    assert 'cannot read' in message(*command)  # resumed too early


def test_folders_are_checked_first(tmp_path, pictures, monkeypatch):
    monkeypatch.setattr(ttn_training, 'train_ttn', None)  # never reached
    folder = write_pictures(tmp_path)
    (folder / 'photo' / 'p1.png').write_bytes(b'')
    assert 'p1.png' in message(*plain(folder, tmp_path / 'run'))
    assert 'data.style holds 3 pictures, fewer than a batch of 4' in message(
        *plain(pictures, tmp_path / 'run', 'data.batch_size=4'))
    assert 'does not exist' in message(*plain(pictures / 'gone', tmp_path / 'run'))
    swapped = ['data.photo={}'.format(pictures / 'style'), 'data.style={}'.format(pictures / 'photo')]
    assert 'swapped' in message(*plain(pictures, tmp_path / 'run', *swapped))
    assert 'did you mean loss.content' in message(*plain(pictures, tmp_path / 'run', 'loss.contnt=1'))
    assert not (tmp_path / 'run').exists()


def test_nothing_to_train(tmp_path, pictures):
    text = message(*plain(pictures, tmp_path / 'run', 'loss.style=0', 'loss.content=0', 'loss.tv=0'))
    assert 'nothing to train' in text and not (tmp_path / 'run').exists()


def test_a_gpu_that_is_not_there(tmp_path, pictures, monkeypatch):
    monkeypatch.setattr(training, 'gpu_available', lambda: False)
    assert 'train.device is gpu' in message(*plain(pictures, tmp_path / 'run', 'train.device=gpu'))


def test_places_where_no_run_can_be(tmp_path, pictures, monkeypatch):
    (tmp_path / 'file').write_text('kept')
    assert 'a part of the path is a file' in message(*plain(pictures, tmp_path / 'file' / 'run'))
    assert 'a file stands where' in message(*plain(pictures, tmp_path / 'file'))
    assert (tmp_path / 'file').read_text() == 'kept'


def test_a_full_disk_and_going_on_when_there_is_room(small_disk, pictures, capfd):
    run = small_disk / 'run'
    command = plain(pictures, run, 'train.steps=14', 'train.save_every=1', 'train.keep=99')
    assert 'cannot write' in message(*command)
    errors = capfd.readouterr().err
    assert 'Traceback' not in errors and 'Logging error' not in errors
    steps = saved_steps(run)
    assert steps and not (run / 'checkpoints' / '.saving').exists()
    assert newest_weights(run)['global_step'] == steps[-1]
    subprocess.run(['mount', '-o', 'remount,size=16m', str(small_disk)], check=True)
    assert train.main(command) == DONE
    assert [line['step'] for line in metrics(run)] == list(range(1, 15))


def test_a_full_and_a_read_only_disk(small_disk, pictures, trained, capfd):
    shutil.copytree(str(trained), str(small_disk / 'run'))
    free = os.statvfs(str(small_disk))
    with (small_disk / 'filler').open('wb') as stream:
        stream.write(b'\0' * (free.f_bavail * free.f_frsize))
    assert 'the disk is full' in message(*plain(pictures, small_disk / 'run', 'train.steps=9'))
    subprocess.run(['mount', '-o', 'remount,ro', str(small_disk)], check=True)
    for run in (small_disk / 'run', small_disk / 'new'):
        assert 'the disk is read-only' in message(*plain(pictures, run, 'train.steps=9'))
    errors = capfd.readouterr().err
    assert 'Traceback' not in errors and 'Logging error' not in errors
    assert newest_weights(small_disk / 'run')['global_step'] == 4 and len(metrics(small_disk / 'run')) == 4


@pytest.mark.parametrize('words, part', [
    ([], 'STAGE'), (['gan'], 'invalid choice'), (['ttn'], '--config'), (['ttn', '--config', 'x.yaml'], '--run')])
def test_the_command_line_itself(words, part, capsys):
    with pytest.raises(SystemExit) as caught:
        train.main(words)
    assert caught.value.code == 2 and part in capsys.readouterr().err


def test_exit_code_and_one_line_without_traceback(tmp_path):
    done = subprocess.run([sys.executable, 'train.py', 'ttn', '--config', str(tmp_path / 'no.yaml'), '--run',
                           str(tmp_path / 'run')], cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 2 and done.stdout == b''
    assert done.stderr.decode() == 'error: config file {} does not exist: check the path\n'.format(tmp_path / 'no.yaml')
