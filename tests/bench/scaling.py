"""Several processes on one machine: images a second, and what their communication costs.

python -m tests.bench.scaling FOLDER ... is one process of a Horovod job, which `time_scaling` starts. Each stays on one
core with one thread. In every round, each after all have met: the first process trains alone, all train beside each
other without averaging, all train together, and the averaging runs alone on as many bytes as the gradients have.
"""
import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict, List

import numpy as np

_ROOT = Path(__file__).resolve().parent.parent.parent
_CCN_SIZE = 256
_PARTS = ('alone', 'beside', 'together', 'ttn', 'ccn')


def time_scaling(processes: int, size: int, batch: int, rounds: int, warmup: int) -> Dict[str, Any]:
    """`processes` that train the translator together, `batch` pictures each; empty if Horovod is not built."""
    if importlib.util.find_spec('horovod') is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).parent / 'horovodrun'), '--gloo', '-np', str(processes), sys.executable,
                   '-m', 'tests.bench.scaling', folder]
        for name, value in (('size', size), ('batch', batch), ('rounds', rounds), ('warmup', warmup)):
            command += ['--' + name, str(value)]
        subprocess.run(command, cwd=str(_ROOT), check=True, stdout=subprocess.DEVNULL)
        found = [json.loads((Path(folder) / f'{rank}.json').read_text()) for rank in range(processes)]
    return summary(found, batch, os.cpu_count())


def summary(found: List[Dict[str, Any]], batch: int, cores: int) -> Dict[str, Any]:
    """Of what each process has measured: medians over the rounds, of means over the processes.

    communication_share: of a step together, what a step beside the others does not take. Waiting for the slower one is
    part of it. efficiency: images a second together, against those of one process alone on each core in use.
    """
    seconds = {part: np.mean([one['seconds'][part] for one in found if part in one['seconds']], axis=0)
               for part in _PARTS}  # of each round
    processes = len(found)
    median = {part: float(np.median(seconds[part])) for part in _PARTS}
    rates = {part: (1 if part == 'alone' else processes) * batch / median[part]
             for part in ('alone', 'beside', 'together')}
    return {'processes': processes, 'cores': min(processes, cores), 'batch': batch, 'seconds': median,
            'images_per_second': rates, 'efficiency': rates['together'] / (rates['alone'] * min(processes, cores)),
            'communication_share': float(np.median(1 - seconds['beside'] / seconds['together'])),
            'gradient_bytes': found[0]['gradient_bytes'], 'peak_memory_mb': max(one['peak_memory_mb'] for one in found)}


def gradient_bytes(phases: List[Any]) -> Dict[str, float]:
    """Bytes of gradients that a process averages in a step: of the translator's phases, and of the content
    calibration's at 256 px and the published widths, averaged over the intervals of its regularisation."""
    from dctnet.config import CcnConfig
    from dctnet.nets import stylegan2
    sizes = {name: 4 * sum(int(np.prod(shape)) for key, shape in shapes.items() if not key.startswith('noises/'))
             for name, shapes in (('g', stylegan2.generator_shapes(stylegan2.Architecture(_CCN_SIZE))),
                                  ('d', stylegan2.discriminator_shapes(stylegan2.Architecture(_CCN_SIZE))))}
    loss = CcnConfig().loss
    return {'ttn': 4 * sum(variable.shape.num_elements() for phase in phases for variable in phase.variables),
            'ccn': sizes['g'] * (1 + 1 / loss.path_every) + sizes['d'] * (1 + 1 / loss.r1_every)}


def _measure(folder: Path, size: int, batch: int, rounds: int, warmup: int) -> None:
    from dctnet.compat import graph_mode, session_config, tf
    from dctnet.distributed import Local, connected
    from dctnet.nets import vgg19
    from tests.bench.batch import training_batch
    from tests.bench.ours import OurTrainer
    from tests.bench.variants import CHANNELS
    from tests.bench.worker import own_peak_memory
    graph_mode()
    communicator = connected('horovod')
    content_network = vgg19.freeze_graph(vgg19.random_weights(seed=0))
    beside, together = [OurTrainer(training_batch(size, batch), content_network, CHANNELS, 'joint', threads=1,
                                   communicator=one) for one in (Local(), communicator)]
    volumes = gradient_bytes(together.phases)
    with tf.Graph().as_default() as graph:
        messages = {name: communicator.mean([tf.get_variable(name, [int(count / 4)], tf.float32)])[0].op
                    for name, count in dict(volumes, meet=4).items()}
        session = tf.Session(graph=graph, config=communicator.configured(session_config('cpu', threads=1)))
        session.run(tf.global_variables_initializer())
    parts: Dict[str, Callable[[], object]] = {
        'beside': beside.step, 'together': together.step, 'ttn': lambda: session.run(messages['ttn']),
        'ccn': lambda: session.run(messages['ccn'])}
    if communicator.rank == 0:
        parts['alone'] = beside.step
    seconds: Dict[str, List[float]] = {part: [] for part in parts}
    for index in range(warmup + rounds):
        for part in _PARTS:
            session.run(messages['meet'])
            start = time.perf_counter()
            if part in parts:
                parts[part]()
                if index >= warmup:
                    seconds[part].append(time.perf_counter() - start)
    (folder / f'{communicator.rank}.json').write_text(json.dumps(
        {'seconds': seconds, 'gradient_bytes': volumes, 'peak_memory_mb': round(own_peak_memory())}))


def _stay_on_one_core() -> None:
    """Before TensorFlow is loaded, whose threads inherit it."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[int(os.environ['HOROVOD_LOCAL_RANK']) % len(cores)]})


if __name__ == '__main__':
    parser = argparse.ArgumentParser(prog='python -m tests.bench.scaling')
    parser.add_argument('folder', type=Path)
    for option in ('--size', '--batch', '--rounds', '--warmup'):
        parser.add_argument(option, type=int, required=True)
    arguments = parser.parse_args()
    _stay_on_one_core()
    _measure(**vars(arguments))
