"""Two processes of one training, of Horovod or of TensorFlow alone: what they learn, and how they end together."""
import getpass
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dctnet import train
from dctnet.distributed import Local, cluster_of, connected
from dctnet.errors import UserError
from tests.training.tiny_training import arguments, metrics, newest_weights, plain, saved_steps, write_pictures

ROOT = Path(__file__).parents[2]
HOROVODRUN = Path(sys.executable).parent / 'horovodrun'
NEVER = 'SIGTERM:-1:0'
pytestmark = pytest.mark.long

needs_horovod = pytest.mark.skipif(importlib.util.find_spec('horovod') is None,
                                   reason='Horovod is an optional extra: make setup HOROVOD=1')
ENGINES = pytest.mark.parametrize('engine', ['tf', pytest.param('horovod', marks=needs_horovod)])


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return write_pictures(tmp_path_factory.mktemp('pictures'), photos=7, exemplars=5)


def command(folder, run, batch, steps, words=arguments):
    return words(folder, run, 'loss.superpixel=off', 'train.save_every=3', f'train.steps={steps}',
                 f'data.batch_size={batch}')


def together(engine, words, when=NEVER):
    """Two processes of `train.py WORDS`: (exit code, what they print)."""
    ours = [sys.executable, '-m', 'tests.training.tiny_training', when] + words
    if engine == 'horovod':
        starts = [([str(HOROVODRUN), '--gloo', '-np', '2'] + ours, {})]
    else:
        cluster = {'worker': [f'127.0.0.1:{port}' for port in free_ports(2)]}
        starts = [(ours, {'TF_CONFIG': json.dumps({'cluster': cluster, 'task': {'type': 'worker', 'index': index}})})
                  for index in range(2)]
    jobs = [subprocess.Popen(start, cwd=str(ROOT), env=dict(os.environ, **added), stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT) for start, added in starts]
    try:
        outputs = [job.communicate(timeout=200)[0].decode() for job in jobs]
    finally:
        for job in jobs:
            job.kill()
    return max(abs(job.returncode) for job in jobs), '\n'.join(outputs)


def free_ports(count):
    """Ports of the loopback address that nobody listens at."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(('127.0.0.1', 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@ENGINES
def test_two_processes_learn_what_one_learns_with_the_double_batch(engine, tmp_path, folder):
    code, output = together(engine, command(folder, tmp_path / 'two', 2, 4))
    assert code == 0 and '2 processes with batches of 2: 4 pictures a step in all' in output, output
    assert train.main(command(folder, tmp_path / 'one', 4, 4)) == 0
    two, one = newest_weights(tmp_path / 'two'), newest_weights(tmp_path / 'one')
    assert set(one) == set(two)
    for name in one:
        # Adam divides by the size of the gradient, which makes rounding errors of small gradients large.
        np.testing.assert_allclose(two[name], one[name], rtol=1e-3, atol=2e-5, err_msg=name)


@ENGINES
def test_a_signal_to_one_stops_both_any_number_goes_on_and_a_death_ends_the_job(engine, tmp_path, folder):
    run = tmp_path / 'run'
    code, output = together(engine, command(folder, run, 2, 6, plain), 'SIGTERM:1:1')
    assert code != 0 and 'stopped early (another process was asked to) at step 2 of 6' in output, output
    assert saved_steps(run) == [2]
    assert train.main(command(folder, run, 2, 4, plain)) == 0
    code, output = together(engine, command(folder, run, 2, 60, plain), 'SIGKILL:7:1')
    assert code != 0 and 'resuming from' in output and 'another process of this job has gone (' in output, output
    assert [line['step'] for line in metrics(run)] == [1, 2, 3, 4, 5, 6, 7]
    assert saved_steps(run) == [2, 3, 4, 6]
    assert all(np.isfinite(array).all() for array in newest_weights(run).values())


@ENGINES
def test_content_calibration_draws_apart_and_adapts_as_one(engine, tmp_path, folder):
    words = ['ccn', '--config', str(ROOT / 'configs' / 'ccn' / 'source.yaml'), '--run', str(tmp_path / 'run')]
    for key in (f"data.photo={folder / 'photo'}", 'data.size=16', 'data.batch_size=2', 'model.max_channels=4',
                'model.style_dim=8', 'model.mapping_layers=2', 'train.log_every=1', 'train.sample_every=0',
                'train.steps=3', 'train.device=cpu', 'loss.r1_every=2', 'loss.path_every=2', 'augment.mode=adaptive',
                'augment.p=0.5'):
        words += ['--set', key]
    code, output = together(engine, words)
    assert code == 0, output
    weights = newest_weights(tmp_path / 'run')
    assert weights['augment_signs'][1] == 3 * 2 * 2  # pictures that both have seen
    assert weights['path_length_average'] > 0


@ENGINES
def test_the_recipe_for_slurm_puts_a_stopped_job_back(engine, tmp_path, folder):
    """Two "machines" on loopback (one of two tasks for TensorFlow, whose processes need ports of their own), and
    stand-ins for Slurm's own commands."""
    stand_in(tmp_path / 'scontrol', 'if [ "$1" = show ]; then {}; else echo "$@" > {}; fi'.format(
        'echo localhost; echo 127.0.0.1' if engine == 'horovod' else 'echo 127.0.0.1', tmp_path / 'asked'))
    stand_in(tmp_path / 'srun', 'shift; for i in 0 1; do SLURM_PROCID=$i SLURM_LOCALID=$i "$@" & done; wait %1')
    run = tmp_path / 'run'
    words = plain(folder, run, 'train.steps=100000', 'train.save_every=100000')
    slurm = {'SLURM_JOB_ID': str(os.getpid()), 'SLURM_JOB_NODELIST': 'x', 'SLURM_NTASKS': '2',
             'SLURM_NTASKS_PER_NODE': {'horovod': '1', 'tf': '2'}[engine], 'DCTNET_ENGINE': engine,
             'DCTNET_PYTHON': sys.executable, 'USER': getpass.getuser(),
             'PATH': f"{tmp_path}:{os.environ['PATH']}"}
    job = subprocess.Popen(['bash', 'configs/cluster/slurm.sbatch'] + words, cwd=str(ROOT), stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, env=dict(os.environ, **slurm))
    deadline = time.monotonic() + 150
    while not (run / 'metrics.jsonl').exists() and job.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    job.send_signal(signal.SIGTERM)
    output = job.communicate(timeout=60)[0].decode()
    assert job.returncode != 0 and 'stopped early (' in output and 'back into the queue' in output, output
    assert '2 processes with batches of 2' in output, output
    assert (tmp_path / 'asked').read_text() == f'requeue {os.getpid()}\n'
    step, = saved_steps(run)
    assert len(metrics(run)) == step > 0


def stand_in(program, text):
    """A command that does what the text says."""
    program.write_text(f'#!/bin/bash\n{text}\n')
    program.chmod(0o755)


CLUSTER = '{"cluster": {"chief": ["a:1"], "worker": ["b:1"], "ps": ["c:1"]}, "task": %s}'


@pytest.mark.parametrize('engine, text, part', [
    ('tf', '', 'is not what TensorFlow expects'), ('tf', '{}', '0 processes that train, and this'),
    ('tf', '{"cluster"', 'is not what TensorFlow expects'), ('tf', '[]', 'is not what TensorFlow expects'),
    ('tf', '{"cluster": {"worker": 3}}', 'is not what TensorFlow expects'),
    ('tf', CLUSTER % '{"type": "worker", "index": 1}', '2 processes that train, and this one, worker 1, is none'),
    ('tf', CLUSTER % '{"type": "ps", "index": 0}', 'this one, ps 0, is none'), ('tf', CLUSTER % '0', 'is none'),
    ('auto', CLUSTER % '0', 'is none'), ('auto', '[]', 'is not what TensorFlow expects')])
def test_acluster_of_that_is_none(engine, text, part, monkeypatch):
    monkeypatch.setenv('TF_CONFIG', text)
    with pytest.raises(UserError, match=part):
        connected(engine)


@pytest.mark.parametrize('task, rank', [('{"type": "chief", "index": 0}', 0), ('{"type": "worker", "index": 0}', 1)])
def test_the_chief_comes_first(task, rank):
    assert cluster_of(CLUSTER % task) == (['a:1', 'b:1'], rank)


def test_one_process_is_alone_whatever_the_launcher(monkeypatch):
    monkeypatch.setenv('TF_CONFIG', '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 0}}')
    assert type(connected('auto')) is Local
    monkeypatch.setenv('TF_CONFIG', '')
    assert type(connected('auto')) is Local
    monkeypatch.setenv('TF_CONFIG', CLUSTER % '{}')
    monkeypatch.setenv('HOROVOD_RANK', '1')
    assert type(connected('local')) is Local
