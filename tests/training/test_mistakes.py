"""Every mistake with train.py told in words, and storage that fails: nothing is lost, nothing is half-written."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dctnet import train
from dctnet.config import TtnConfig
from dctnet.runs import checkpoint, checkpoint_files
from dctnet.runs.folder import Run
from dctnet.training import run as training
from dctnet.training import ttn
from tests.training.tiny_training import (arguments, at_step, message, metrics, newest_weights, plain, saved_steps,
                                          write_pictures)

ROOT = Path(__file__).parents[2]
DONE, STOPPED_EARLY = 0, 75


def test_sources_that_do_not_fit(tmp_path, pictures, trained):
    weights = {name: array for name, array in newest_weights(trained).items() if '/Adam' not in name}
    np.savez(str(tmp_path / 'few.npz'), **{name: weights[name] for name in weights if 'Conv_3' not in name})
    text = message(*plain(pictures, tmp_path / 'new'), '--init-from', str(tmp_path / 'few.npz'))
    assert all(part in text for part in ('few.npz', '2 missing', 'generator/Conv_3/weights'))
    text = message(*plain(pictures, tmp_path / 'new', 'model.channels=3'), '--init-from', str(trained), '--dry-run')
    assert 'reshaped' in text and '`model:`' in text and str(trained) in text
    assert not (tmp_path / 'new').exists()


def test_vgg19_is_asked_for(tmp_path, pictures, monkeypatch):
    monkeypatch.setenv('DCTNET_CHECKPOINTS', str(tmp_path / 'checkpoints'))
    text = message(*arguments(pictures, tmp_path / 'run', 'loss.content_network=vgg19'))
    for part in ('checkpoints/vgg19.pb', 'vgg19.npy', 'vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5',
                 'data_tools.import_weights vgg19', 'content_network=dlib'):
        assert part in text
    assert not (tmp_path / 'run').exists()


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


@pytest.mark.long
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


@pytest.mark.long
def test_two_processes_in_one_folder(tmp_path, pictures):
    run = tmp_path / 'run'
    with Run(run, 'ttn').opened(TtnConfig(), {}):
        before = {name: (run / name).read_bytes() for name in ('config.yaml', 'environment.json')}
        assert 'another process is training in' in message(*plain(pictures, run))
        assert {name: (run / name).read_bytes() for name in before} == before
    with Run(run, 'ttn').opened(TtnConfig(), {}):
        pass  # free again


@pytest.mark.long
def test_divergence_ends_the_run_and_saves_nothing_of_it(tmp_path, pictures):
    text = message(*plain(pictures, tmp_path / 'run', 'optim.lr=1e18', 'train.steps=20', 'train.save_every=7'))
    assert 'training diverged' in text and 'optim.lr' in text
    assert 'training diverged' in (tmp_path / 'run' / 'log.txt').read_text()
    for prefix in checkpoint_files.all_in(tmp_path / 'run' / 'checkpoints'):
        assert all(np.isfinite(array).all() for array in checkpoint.read_arrays(prefix).values())
    if (tmp_path / 'run' / 'metrics.jsonl').exists():
        assert all(np.isfinite(value) for line in metrics(tmp_path / 'run') for value in line.values())


@pytest.mark.long
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
    assert text.startswith(f"cannot read {folder / 'photo' / 'p'}") and 'the file is empty' in text
    step = saved_steps(tmp_path / 'run')[-1]
    assert 2 <= step < 12 and metrics(tmp_path / 'run')[-1]['step'] == step  # nothing is lost
    assert 'cannot read' in message(*command)  # resumed too early


def test_folders_are_checked_first(tmp_path, pictures, monkeypatch):
    monkeypatch.setattr(ttn, 'train_ttn', None)  # never reached
    folder = write_pictures(tmp_path)
    (folder / 'photo' / 'p1.png').write_bytes(b'')
    assert 'p1.png' in message(*plain(folder, tmp_path / 'run'))
    assert 'data.style holds 3 pictures, fewer than a batch of 4' in message(
        *plain(pictures, tmp_path / 'run', 'data.batch_size=4'))
    assert 'does not exist' in message(*plain(pictures / 'gone', tmp_path / 'run'))
    swapped = [f"data.photo={pictures / 'style'}", f"data.style={pictures / 'photo'}"]
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
    monkeypatch.setattr(ttn, 'train_ttn', None)  # never reached
    for run in (tmp_path / 'file' / 'run', tmp_path / 'file'):
        assert f"{tmp_path / 'file'} is a file: choose another place" in message(*plain(pictures, run))
    assert (tmp_path / 'file').read_text() == 'kept'


@pytest.mark.long
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


@pytest.mark.long
def test_a_full_and_a_read_only_disk(small_disk, pictures, trained, capfd):
    shutil.copytree(str(trained), str(small_disk / 'run'))
    free = os.statvfs(str(small_disk))
    with (small_disk / 'filler').open('wb') as stream:
        stream.write(b'\0' * (free.f_bavail * free.f_frsize))
    assert 'the disk is full' in message(*plain(pictures, small_disk / 'run', 'train.steps=9'))
    subprocess.run(['mount', '-o', 'remount,ro', str(small_disk)], check=True)
    for run in (small_disk / 'run', small_disk / 'new'):
        assert 'a read-only disk' in message(*plain(pictures, run, 'train.steps=9'))
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
    assert done.stderr.decode() == f"error: config file {tmp_path / 'no.yaml'} does not exist: check the path\n"
