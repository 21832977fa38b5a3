"""The recipes for clusters, as far as a machine without one can check them: their commands are ours and parse, the
scripts are clean and do what they say when they are signalled."""
import os
import re
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest
import yaml

import train

ROOT = Path(__file__).parents[1]
CLUSTER = ROOT / 'configs' / 'cluster'
SCRIPTS = sorted(CLUSTER.glob('*.sbatch'))


def test_the_job_of_kubernetes_is_a_training_of_ours():
    job = yaml.safe_load((CLUSTER / 'mpijob.yaml').read_text())
    assert (job['apiVersion'], job['kind']) == ('kubeflow.org/v2beta1', 'MPIJob')
    assert {'slotsPerWorker', 'sshAuthMountPath', 'runPolicy', 'mpiReplicaSpecs'} == set(job['spec'])
    replicas = job['spec']['mpiReplicaSpecs']
    assert set(replicas) == {'Launcher', 'Worker'}
    for replica in replicas.values():
        pod = replica['template']['spec']
        volumes = {volume['name'] for volume in pod['volumes']}
        for container in pod['containers']:
            assert container['image'] and {mount['name'] for mount in container['volumeMounts']} <= volumes
    launcher, = replicas['Launcher']['template']['spec']['containers']
    words = launcher['args']
    processes = replicas['Worker']['replicas'] * job['spec']['slotsPerWorker']
    assert int(words[words.index('-np') + 1]) == processes
    worker, = replicas['Worker']['template']['spec']['containers']
    assert worker['resources']['limits']['nvidia.com/gpu'] == job['spec']['slotsPerWorker']
    options = train.parse(words[words.index('train.py') + 1:])
    assert options.config.exists() and options.engine == 'auto'


@pytest.mark.parametrize('path', sorted(CLUSTER.glob('*')), ids=lambda path: path.name)
def test_what_the_recipes_name_exists(path):
    for name in re.findall(r'configs/[\w./-]+\.(?:yaml|sbatch|tf2|tf115)', path.read_text()):
        assert (ROOT / name).exists(), name
    for runtime in re.findall(r'RUNTIME=(\w+)', path.read_text()):
        assert (ROOT / 'requirements' / '{}-gpu.txt'.format(runtime)).exists()


def stand_ins(folder, code):
    """Slurm's commands and a training that a SIGTERM ends with `code`: what the script asks of them goes into a log."""
    (folder / 'train.py').write_text('')
    programs = {
        'scontrol': '[ "$1" = show ] && {{ echo node-a; echo node-b; exit; }}; echo "scontrol $*" >> {log}',
        'python': 'echo "python $*" >> {log}; trap "exit {code}" TERM; for i in $(seq 100); do sleep 0.1; done',
        'horovodrun': 'echo "horovodrun $*" >> {log}; while [ "$1" != train.py ]; do shift; done; '
                      'bash -c \'trap "exit 75" TERM; for i in $(seq 100); do sleep 0.1; done\' train.py || exit 1'}
    for name, text in programs.items():
        program = folder / name
        program.write_text('#!/bin/bash\n' + text.format(log=folder / 'log', code=code) + '\n')
        program.chmod(0o755)


def run_signalled(script, folder, words, environment):
    """Start a script where the stand-ins are, send it what Slurm sends, and give its exit code and the log."""
    environment = dict(os.environ, PATH='{}:{}'.format(folder, os.environ['PATH']), USER='root',
                       DCTNET_PYTHON=str(folder / 'python'), **environment)
    job = subprocess.Popen(['bash', str(script)] + words, cwd=str(folder), env=environment)
    deadline = time.monotonic() + 10
    while not (folder / 'log').exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    job.send_signal(signal.SIGTERM)
    return job.wait(timeout=20), (folder / 'log').read_text()


@pytest.mark.parametrize('code, requeued', [(75, True), (2, False)])
def test_an_array_task_that_was_stopped_goes_back_into_the_queue(tmp_path, code, requeued):
    stand_ins(tmp_path, code)
    (tmp_path / 'styles.txt').write_text('styles/one\nstyles/two words\n')
    found, log = run_signalled(CLUSTER / 'slurm_array.sbatch', tmp_path, ['styles.txt', 'photos', 'runs'],
                               {'SLURM_ARRAY_TASK_ID': '2', 'SLURM_ARRAY_JOB_ID': '7'})
    assert found == code
    assert 'train.py ttn' in log and 'data.style=styles/two words' in log and '--run runs/two words' in log
    assert ('scontrol requeue 7_2' in log) == requeued


def test_an_array_task_without_a_style_is_told(tmp_path):
    stand_ins(tmp_path, 0)
    (tmp_path / 'styles.txt').write_text('styles/one\n')
    done = subprocess.run(['bash', str(CLUSTER / 'slurm_array.sbatch'), 'styles.txt', 'photos', 'runs'],
                          cwd=str(tmp_path), env=dict(os.environ, SLURM_ARRAY_TASK_ID='5'), stderr=subprocess.PIPE)
    assert done.returncode == 2 and b'styles.txt has no line 5: submit with --array=1-1' in done.stderr


def test_the_processes_of_slurm_are_those_of_horovodrun():
    text = (CLUSTER / 'slurm.sbatch').read_text()
    options = dict(re.findall(r'#SBATCH --([\w-]+)=(\S+)', text))
    assert options['ntasks-per-node'] == options['gpus-per-node'] and options['signal'].startswith('B:TERM@')
    call = next(line for line in text.splitlines() if 'train.py "$@"' in line)
    assert shlex.split(call.rstrip(' &'))[1:4] == ['--gloo', '-np', '$SLURM_NTASKS']
