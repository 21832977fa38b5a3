"""The recipes for clusters, as far as a machine without one can check them: their commands are ours and parse, the
scripts are clean and do what they say when they are signalled."""
import json
import os
import re
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from data_tools import reproduce
from data_tools.reproduction.plan import read_plan
from dctnet import places, train

ROOT = Path(__file__).parents[1]
CLUSTER = ROOT / 'configs' / 'cluster'


def test_the_job_of_kubernetes_is_a_training_of_ours():
    job = job_of('mpijob.yaml')
    assert (job['apiVersion'], job['kind']) == ('kubeflow.org/v2beta1', 'MPIJob')
    assert {'slotsPerWorker', 'runPolicy', 'mpiReplicaSpecs'} == set(job['spec'])
    replicas = job['spec']['mpiReplicaSpecs']
    launcher, worker = [only_container(replicas[name]) for name in ('Launcher', 'Worker')]
    words = launcher['args']
    processes = replicas['Worker']['replicas'] * job['spec']['slotsPerWorker']
    assert int(words[words.index('-np') + 1]) == processes
    assert worker['resources']['limits']['nvidia.com/gpu'] == job['spec']['slotsPerWorker']
    options = train.parse(words[words.index('train.py') + 1:])
    assert places.config_path(options.config).exists() and options.engine == 'auto'


def test_the_job_without_horovod_is_a_training_of_ours():
    job = job_of('tfjob.yaml')
    assert (job['apiVersion'], job['kind']) == ('kubeflow.org/v1', 'TFJob')
    assert {'runPolicy', 'tfReplicaSpecs'} == set(job['spec'])
    container = only_container(job['spec']['tfReplicaSpecs']['Worker'])
    assert container['name'] == 'tensorflow' and container['ports'][0]['name'] == 'tfjob-port'
    assert container['resources']['limits']['nvidia.com/gpu'] == 1
    program, *words = container['args']
    options = train.parse(words)
    assert program == 'train.py' and places.config_path(options.config).exists() and options.engine == 'auto'


def job_of(name):
    """The job of a file, beside which a policy closes the ports of its pods, and no others, to all but themselves."""
    job, policy = yaml.safe_load_all((CLUSTER / name).read_text())
    replicas = next(value for key, value in job['spec'].items() if key.endswith('ReplicaSpecs'))
    labels = [replica['template']['metadata']['labels'] for replica in replicas.values()]
    chosen = policy['spec']['podSelector']['matchLabels']
    assert (policy['apiVersion'], policy['kind']) == ('networking.k8s.io/v1', 'NetworkPolicy')
    assert policy['spec']['policyTypes'] == ['Ingress'] and labels == [chosen] * len(labels)
    assert policy['spec']['ingress'] == [{'from': [{'podSelector': {'matchLabels': chosen}}]}]
    return job


def only_container(replica):
    """The container of a replica's pods, which has an image and mounts what is there."""
    pod = replica['template']['spec']
    container, = pod['containers']
    assert container['image']
    assert {mount['name'] for mount in container['volumeMounts']} == {volume['name'] for volume in pod['volumes']}
    return container


@pytest.mark.parametrize('path', sorted(CLUSTER.glob('*')), ids=lambda path: path.name)
def test_what_the_recipes_name_exists(path):
    for name in re.findall(r'configs/[\w./-]+\.(?:yaml|sbatch|sh|tf2|tf115)', path.read_text()):
        assert (ROOT / name).exists(), name
    for runtime in re.findall(r'RUNTIME=(\w+)', path.read_text()):
        assert (ROOT / 'requirements' / f'{runtime}-gpu.txt').exists()


@pytest.mark.parametrize('path', sorted(CLUSTER.glob('Dockerfile.*')), ids=lambda path: path.name)
def test_an_image_holds_what_its_setup_needs(path):
    """The layers before `make setup` are few, so that a change of code does not repeat the installation."""
    before, setup = path.read_text().split('RUN make setup')
    copied = set(re.findall(r'^COPY (\S+)', before, re.M))
    recipe = (ROOT / 'Makefile').read_text().split('\nsetup:')[1].split('\n\n')[0]
    scripts = re.findall(r'(\w+)/(\w+\.sh)', recipe)
    assert scripts and all((ROOT / folder / name).exists() for folder, name in scripts)
    assert copied == {'Makefile', 'requirements'} | {folder for folder, _ in scripts}
    assert '\nCOPY . .' in setup


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
    environment = dict(os.environ, PATH=f"{folder}:{os.environ['PATH']}", USER='root',
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


def test_the_processes_of_slurm_are_those_of_the_launcher():
    text = (CLUSTER / 'slurm.sbatch').read_text()
    options = dict(re.findall(r'#SBATCH --([\w-]+)=(\S+)', text))
    assert options['ntasks-per-node'] == options['gpus-per-node'] and options['signal'].startswith('B:TERM@')
    assert '--gloo -np "$SLURM_NTASKS" -H "$hosts"' in text and 'srun --ntasks="$SLURM_NTASKS" ' in text


def test_a_task_of_slurm_knows_all_others(tmp_path):
    stand_ins(tmp_path, 0)
    task = {'SLURM_JOB_ID': '21007', 'SLURM_JOB_NODELIST': 'x', 'SLURM_NTASKS_PER_NODE': '2', 'SLURM_PROCID': '3',
            'SLURM_LOCALID': '1', 'PATH': f"{tmp_path}:{os.environ['PATH']}"}
    shown = subprocess.run([str(CLUSTER / 'slurm_task.sh'), 'bash', '-c', 'echo "$CUDA_VISIBLE_DEVICES $TF_CONFIG"'],
                           env=dict(os.environ, **task), stdout=subprocess.PIPE, check=True)
    gpu, cluster = shown.stdout.decode().split(' ', 1)
    assert gpu == '1' and json.loads(cluster) == {
        'cluster': {'worker': ['node-a:21007', 'node-a:21008', 'node-b:21007', 'node-b:21008']},
        'task': {'type': 'worker', 'index': 3}}


PLAN = {row.name for row in read_plan(ROOT / 'configs' / 'reproduce' / 'paper.yaml')}


def listed_rows(text):
    """The rows that each task of a script makes."""
    found, = re.findall(r'tasks=\(([^)]+)\)', text)
    return [word.split() for word in shlex.split(found)]


@pytest.mark.parametrize('name', ['slurm_reproduce.sbatch', 'reproduce_job.yaml'])
def test_the_rows_of_the_paper_are_divided_among_the_tasks(name):
    tasks = listed_rows((CLUSTER / name).read_text())
    assert sorted(row for task in tasks for row in task) == sorted(PLAN)
    assert ['paper', 'without_facial'] in tasks  # one training, which two processes would not share
    text = (CLUSTER / name).read_text()
    assert f'--array=0-{len(tasks) - 1} ' in text or f'completions: {len(tasks)}\n' in text


def test_the_jobs_of_the_experiments_are_commands_of_ours():
    shared, rows = yaml.safe_load_all((CLUSTER / 'reproduce_job.yaml').read_text())
    assert rows['spec']['completionMode'] == 'Indexed'
    for job, only in ((shared, 'shared'), (rows, '${tasks[$JOB_COMPLETION_INDEX]}')):
        container = only_container(job['spec'])
        assert container['resources']['limits']['nvidia.com/gpu'] == 1
        assert job['spec']['podFailurePolicy']['rules'][0]['onExitCodes']['values'] == [2]
        words = container['args'][0].partition('data_tools.reproduce ')[2].split()
        assert reproduce.parse(words).only == [only] and job['metadata']['labels']['part'] in ('shared', 'rows')


@pytest.mark.parametrize('part, index, only', [('shared', None, 'shared'), ('rows', '0', 'paper without_facial'),
                                               ('rows', '8', 'toonify'), ('table', None, 'table')])
def test_a_task_of_the_experiments_is_put_back_if_it_is_stopped(tmp_path, part, index, only):
    stand_ins(tmp_path, 75)
    ids = {'SLURM_JOB_ID': '7'} if index is None else {'SLURM_ARRAY_JOB_ID': '7', 'SLURM_ARRAY_TASK_ID': index,
                                                       'SLURM_JOB_ID': '9'}
    found, log = run_signalled(CLUSTER / 'slurm_reproduce.sbatch', tmp_path, [part, '--out', 'w x'], ids)
    assert found == 75 and f'-m data_tools.reproduce --out w x --only {only}\n' in log
    assert f"scontrol requeue 7{'' if index is None else '_' + index}\n" in log


def test_a_task_without_a_row_is_told(tmp_path):
    for words, environment in ((['rows'], {'SLURM_ARRAY_TASK_ID': '9'}), (['nonsense'], {})):
        done = subprocess.run(['bash', str(CLUSTER / 'slurm_reproduce.sbatch')] + words, cwd=str(tmp_path),
                              env=dict(os.environ, **environment), stderr=subprocess.PIPE)
        assert done.returncode == 2 and b'rows with --array=0-8' in done.stderr
