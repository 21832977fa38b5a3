"""train.py as a user meets it: runs, interruptions, resuming, fine-tunes."""
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from dctnet import train
from tests.training.tiny_training import (PLAIN, arguments, at_step, metrics, newest_weights, plain, saved_steps,
                                          write_pictures)

ROOT = Path(__file__).parents[2]
DONE, STOPPED_EARLY = 0, 75


def assert_equal_runs(one, two):
    a, b = newest_weights(one), newest_weights(two)
    assert set(a) == set(b) and len(a) > 150
    assert [name for name in a if a[name].tobytes() != b[name].tobytes()] == []
    assert metrics(one) == metrics(two)


def check_run_folder(run, pictures):
    """Everything that a run leaves is there."""
    assert {path.name for path in run.iterdir()} == {
        '.lock', 'config.yaml', 'environment.json', 'pictures.json', 'log.txt', 'metrics.jsonl', 'tb', 'samples',
        'checkpoints'}
    terms = ('content', 'content_superpixel', 'texture', 'surface', 'tv')
    wanted = {'g/loss', 'd/loss'} | {'g/' + term for term in terms} | {'g/raw/' + term for term in terms}
    assert wanted <= set(metrics(run)[-1])
    assert [path.name for path in sorted((run / 'samples').iterdir())] == ['step-000000.png', 'step-000010.png']
    environment = json.loads((run / 'environment.json').read_text())
    assert {'tensorflow', 'dctnet', 'commit', 'python', 'numpy', 'command'} <= set(environment)
    config = yaml.safe_load((run / 'config.yaml').read_text())
    assert config['data']['photo'] == str(pictures / 'photo') and config['train']['steps'] == 10
    log = (run / 'log.txt').read_text()
    for part in ('generator parameters', 'step 10/10', 'saved'):
        assert part in log
    names = set(newest_weights(run))
    assert {'generator/Conv/weights', 'disc_gray/conv0_1/kernel', 'disc_blur/conv_out/u', 'global_step'} <= names


@pytest.mark.long
@pytest.mark.parametrize('schedule, superpixel', [('joint', 'output'), ('sequential', 'photo')])
def test_interrupted_and_resumed_is_the_same_as_uninterrupted(tmp_path, pictures, monkeypatch, caplog, schedule,
                                                              superpixel):
    settings = ['train.steps=10', 'train.save_every=5', 'train.schedule=' + schedule, 'loss.superpixel=' + superpixel,
                'train.sample_every=10', 'optim.decay=cosine', 'optim.ema_decay=0.9', 'start.ramp=3',
                *{'joint': ['start.pixel=4', 'start.discriminator=2'],  # stopped among D's steps, and within the ramp
                  'sequential': ['start.pixel=6', 'start.discriminator=1']}[schedule],
                f"loss.surface={int(schedule == 'joint')}"]
    assert train.main(arguments(pictures, tmp_path / 'whole', *settings)) == DONE
    if schedule == 'joint':
        check_run_folder(tmp_path / 'whole', pictures)
    run, command = tmp_path / 'killed', arguments(pictures, tmp_path / 'killed', *settings)
    dead = subprocess.run([sys.executable, '-m', 'tests.training.tiny_training', 'SIGKILL:7:0'] + command,
                          cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
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


@pytest.mark.long
def test_the_cache_changes_nothing(tmp_path, pictures):
    settings = ['data.geometry=off', 'train.steps=5', 'loss.superpixel=photo', 'loss.style=0']
    kept = tmp_path / 'cache'
    for run, cache in (('plain', ''), ('first', kept), ('second', kept)):  # the second reads what the first has written
        command = arguments(pictures, tmp_path / run, f'data.cache={cache}', *settings)
        assert train.main(command) == DONE
    plain, first, second = [metrics(tmp_path / run) for run in ('plain', 'first', 'second')]
    assert first == second and all(set(a) == set(b) for a, b in zip(plain, first))
    for a, b in zip(plain, first):
        np.testing.assert_allclose([b[key] for key in a], list(a.values()), rtol=1e-4)
    kinds = {path.name.split('-')[0] for path in kept.iterdir()}
    assert kinds == {'srgb', 'photo', 'superpixel'}
    assert any(path.name.endswith('-mirrored') for path in kept.iterdir())


def test_a_dry_run_writes_nothing(tmp_path, pictures, trained_once, capsys, caplog):
    command = plain(pictures, tmp_path / 'run', 'train.steps=12345') + ['--dry-run', '--init-from', str(trained_once)]
    assert train.main(command) == DONE and not (tmp_path / 'run').exists()
    config = yaml.safe_load(capsys.readouterr().out)
    assert config['train']['steps'] == 12345 and config['optim']['lr'] == 2e-4
    for part in ('5 photographs', '3 exemplars', 'generator parameters', 'starting from'):
        assert part in caplog.text


@pytest.mark.long
def test_changes_of_length_speed_and_place_are_logged_and_allowed(trained, pictures, caplog):
    assert train.main(['ttn', '--config', str(trained / 'config.yaml'), '--run', str(trained), '--set', 'train.steps=5',
                       '--set', 'optim.lr=1e-5', '--set', 'loss.superpixel_backend=graph']) == DONE
    assert "resuming with a change: loss.superpixel_backend 'cpu' -> 'graph'" in caplog.text
    assert 'resuming with a change: optim.lr 0.0002 -> 1e-05' in caplog.text
    assert 'resuming with a change: train.steps 4 -> 5' in caplog.text
    assert saved_steps(trained) == [2, 4, 5] and [line['step'] for line in metrics(trained)] == [1, 2, 3, 4, 5]
    assert yaml.safe_load((trained / 'config.yaml').read_text())['optim']['lr'] == 1e-5


@pytest.mark.long
def test_other_pictures_than_before_are_told(trained, pictures, tmp_path, caplog):
    shutil.copytree(str(pictures), str(tmp_path / 'more'))
    moved = [f"data.photo={tmp_path / 'more' / 'photo'}", 'train.steps=6']
    assert train.main(plain(pictures, trained, *moved)) == DONE
    assert 'other pictures' not in caplog.text  # the same names in another place
    shutil.copy(str(next((pictures / 'photo').iterdir())), str(tmp_path / 'more' / 'photo' / 'new.png'))
    assert train.main(plain(pictures, trained, moved[0], 'train.steps=8')) == DONE
    assert 'data.photo holds other pictures than before (5, now 6)' in caplog.text


@pytest.mark.long
def test_generated_samples_train_along(tmp_path, pictures, caplog):
    samples = write_pictures(tmp_path, photos=0, exemplars=4) / 'style'
    (samples / 'keep.txt').write_text('s1.png\ns3.png\n')
    settings = [f"data.generated={samples / 'keep.txt'}", 'data.exemplar_share=0.25', 'train.steps=3']
    run = tmp_path / 'run'
    assert train.main(arguments(pictures, run, 'loss.content=0', 'loss.surface=0', *settings)) == DONE
    assert '2 generated in ' in caplog.text
    assert 'every photograph 1.2 times, every exemplar 0.5 times, every generated sample 2.2 times' in caplog.text
    assert json.loads((run / 'pictures.json').read_text())['data.generated']['count'] == 2
    assert train.main(arguments(pictures, tmp_path / 'without', 'loss.content=0', 'loss.surface=0',
                                'train.steps=3')) == DONE
    assert metrics(run) != metrics(tmp_path / 'without')


@pytest.mark.long
def test_fine_tune(tmp_path, pictures, trained, caplog):
    weights = {name: array for name, array in newest_weights(trained).items() if name.startswith('generator/')}
    np.savez(str(tmp_path / 'weights.npz'), **{name: weights[name] for name in weights if '/Adam' not in name})
    for source, loss, report in [
            (tmp_path / 'weights.npz', ['loss.content=0', 'loss.surface=0', 'start.discriminator=0', 'start.ramp=2'],
             '36 loaded; 21 missing (disc_gray/'),
            (trained / 'checkpoints' / 'model-4', PLAIN, '36 loaded; Adam of the generator goes on')]:
        caplog.clear()
        run = tmp_path / 'fine' / source.name
        command = arguments(pictures, run, 'train.steps=1', 'optim.lr=0', 'start.pixel=9', *loss)
        assert train.main(command + ['--init-from', str(source)]) == DONE
        assert f'starting from {source}: {report}' in caplog.text
        assert 'starting from' in (run / 'log.txt').read_text()
        found = newest_weights(run)
        assert all(np.array_equal(found[name], weights[name]) for name in weights if '/Adam' not in name)
        assert found['global_step'] == 1  # the counter starts afresh
        config = yaml.safe_load((run / 'config.yaml').read_text())
        assert config['init_from'] == str(source) and config['start']['pixel'] == 0
        assert loss == PLAIN or 0 < metrics(run)[0]['g/texture'] < 0.1 * metrics(run)[0]['g/raw/texture']  # the ramp
    shutil.rmtree(str(trained))
    assert train.main(command + ['--set', 'train.steps=2']) == DONE  # resumed: no --init-from, no source
    assert saved_steps(run) == [1, 2]


def test_a_dry_run_leaves_a_run_as_it_is(trained, pictures, caplog):
    before = {path: path.stat().st_mtime_ns for path in trained.glob('**/*')}
    assert train.main(plain(pictures, trained, 'train.steps=9') + ['--dry-run']) == DONE
    assert {path: path.stat().st_mtime_ns for path in trained.glob('**/*')} == before
    assert 'resuming from' in caplog.text and 'model-4' in caplog.text
