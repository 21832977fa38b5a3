"""python -m tests.bench --out FILE.json: how fast training and inference are, against the published way.

Training: the baseline, the joint and the sequential step take turns in one process; ratios are medians of the ratios
within a round. CPU seconds (all threads) stand beside them: the work done, also if other programs take cores away.
All with oneDNN or without, as TensorFlow chooses for this CPU or TF_ENABLE_ONEDNN_OPTS says; then, each in a process of
its own, the baseline as TensorFlow chooses against the joint step as train.py chooses (with oneDNN).
Parts of the joint step, and its convolutions against a matrix product: one operation at a time.
Peak memory: each in a process of its own. --compare PYTHON: joint steps of this runtime and another take turns.
The step over batches and sizes. From files: the input pipeline alone, and a step under each way to superpixels.
Two and four processes that train together, if Horovod is built.
Inference: a portrait of 720 px with one face, part by part; a folder of them against the published order of
operations. Calibration: the phases of train.py ccn at 64 and 128 px, sampling, the offline geometry expansion.
Data: aligning faces, features for FID. All on the CPU, with random weights but for the faces' networks.

--device gpu measures what a card does instead, in about four minutes: the training step under every option, its input,
content calibration and inference (tests/bench/card.py).
"""
import argparse
import json
import os
import platform
from pathlib import Path
from typing import Any, Dict, Iterator, List

import numpy as np

from dctnet.errors import DONE, UserError, exit_with
from dctnet.files import atomic

CALIBRATION_SIZES, CALIBRATION_BATCH = (64, 128), 8
PORTRAITS, STREAMED = 80, 160  # pictures; four times as many are streamed, too
TRANSLATED = 20
PROCESSES = (2, 4)  # that train together


def main() -> int:
    """Command line: measure, write the JSON, print the tables."""
    parser = argparse.ArgumentParser(prog='python -m tests.bench', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', type=Path, required=True, help='JSON file to write')
    parser.add_argument('--device', choices=('cpu', 'gpu'), default='cpu', help='default: cpu')
    parser.add_argument('--size', type=int, default=256, help='side of the training pictures (default: 256)')
    parser.add_argument('--batch', type=int, help='pictures a step (default: 2; on a gpu 16)')
    parser.add_argument('--rounds', type=int, default=5, help='counted rounds (default: 5)')
    parser.add_argument('--warmup', type=int, default=2, help='rounds before those, dropped (default: 2)')
    parser.add_argument('--compare', metavar='PYTHON', help='interpreter of the other runtime, for example '
                                                            '.venv/tf2/bin/python')
    parser.add_argument('--no-memory', action='store_true', help='leave out the peak memory (three processes)')
    parser.add_argument('--no-inference', action='store_true', help='leave out the portrait and the folder')
    parser.add_argument('--no-ttn', action='store_true', help='leave out the translator\'s training step')
    parser.add_argument('--options', action='store_true', help='also the step under XLA and bfloat16 (XLA compiles for '
                                                               'minutes)')
    parser.add_argument('--no-sizes', action='store_true', help='leave out the step over batches and sizes')
    parser.add_argument('--no-feeding', action='store_true', help='leave out the training from files')
    parser.add_argument('--no-scaling', action='store_true', help='leave out the training by several processes')
    parser.add_argument('--no-calibration', action='store_true', help='leave out content calibration and geometry')
    parser.add_argument('--no-data', action='store_true', help='leave out aligning faces and features for FID')
    options = parser.parse_args()
    options.batch = {'cpu': 2, 'gpu': 16}[options.device] if options.batch is None else options.batch
    if min(options.size // 16, options.batch, options.rounds) < 1 or options.size % 16 or options.warmup < 0:
        raise UserError('--size must be a multiple of 16, --batch and --rounds at least 1, --warmup at least 0')
    atomic.make_folder(options.out.parent)

    from dctnet import process
    if options.device == 'gpu':
        process.prepare()  # as the commands do; on a CPU TensorFlow chooses
    from dctnet.compat import TENSORFLOW_VERSION, gpu_present, graph_mode
    from tests.bench import card_report, report
    graph_mode()
    if options.device == 'gpu' and not gpu_present('gpu'):
        raise UserError(f'TensorFlow {TENSORFLOW_VERSION} finds no GPU that it can use: check the driver (python -m '
                        'dctnet.doctor), or measure with --device cpu')
    result = dict(tensorflow=TENSORFLOW_VERSION, python=platform.python_version(), numpy=np.__version__,
                  cores=os.cpu_count(), size=options.size, batch=options.batch, rounds=options.rounds,
                  onednn=os.environ.get('TF_ENABLE_ONEDNN_OPTS', 'as TensorFlow chooses'))
    result['aims'] = report.AIMS
    for part in _parts(options) if options.device == 'cpu' else _card(options):
        result.update(part)
        atomic.write_text(options.out, json.dumps(result, indent=2) + '\n')  # what is measured stays
    print((report if options.device == 'cpu' else card_report).markdown(result))
    return DONE


def _card(options: argparse.Namespace) -> Iterator[Dict[str, Any]]:
    """The rows of a card so far, one more each time."""
    from dctnet.compat import gpu_descriptions, tf32
    from dctnet.nets import vgg19
    from tests.bench.card import Card, measured
    rows: List[Dict[str, Any]] = []
    yield {'cards': gpu_descriptions(options.device), 'tf32': tf32(), 'rows': rows}
    network = vgg19.freeze_graph(vgg19.random_weights(seed=0))
    for row in measured(Card(network, options.device, options.size, options.batch)):
        rows.append(row)
        yield {'rows': rows}


def _parts(options: argparse.Namespace) -> Iterator[Dict[str, Any]]:
    """What was asked for, one after the other."""
    if not options.no_ttn:
        training = _training(options)
        if not options.no_memory:
            from tests.bench.worker import peak_memory
            for name, row in training['training'].items():
                row['peak_memory_mb'] = round(peak_memory(name, options.size, options.batch))
        yield training
        from tests.bench.parts import time_parts
        from tests.bench.variants import make_trainer
        yield {'parts': dict(time_parts(make_trainer('joint', options.size, options.batch), options.rounds),
                             size=options.size, batch=options.batch)}
        yield {'as_run': _as_run(options)}
    if options.options:
        from tests.bench.options import time_options
        yield {'options': time_options(options.size, options.batch, options.rounds, options.warmup)}
    if not options.no_feeding:
        from dctnet.nets import vgg19
        from tests.bench.feeding import time_feeding
        from tests.bench.variants import CHANNELS
        yield {'feeding': time_feeding(vgg19.freeze_graph(vgg19.random_weights(seed=0)), CHANNELS, options.size,
                                       options.batch, options.rounds, options.warmup)}
    if not options.no_scaling:
        from tests.bench.scaling import time_scaling
        yield {'scaling': [time_scaling(processes, options.size, options.batch, options.rounds, options.warmup)
                           for processes in PROCESSES]}
    if options.compare:
        yield {'compare': _runtimes(options)}
    if not options.no_inference:
        from tests.bench.portrait import time_portrait
        from tests.bench.throughput import time_throughput
        from tests.bench.variants import CHANNELS
        yield {'inference': time_portrait(CHANNELS, options.rounds)}
        yield {'throughput': time_throughput(CHANNELS, TRANSLATED, options.rounds)}
    if not options.no_sizes:
        from tests.bench.sizes import time_sizes
        yield {'sizes': time_sizes()}
    if not options.no_calibration:
        yield {'calibration': _calibration(options)}
    if not options.no_data:
        from tests.bench import faces, streaming
        yield {'data': {'alignment': faces.time_alignment(PORTRAITS), 'streaming': streaming.time_streaming(STREAMED)}}


def _training(options: argparse.Namespace) -> Dict[str, Any]:
    from tests.bench import variants
    from tests.bench.timing import interleaved, speedup
    trainers = {name: variants.make_trainer(name, options.size, options.batch) for name in variants.NAMES}
    laps = interleaved({name: trainer.step for name, trainer in trainers.items()}, options.rounds, options.warmup)
    for trainer in trainers.values():
        trainer.close()
    rows, ratios, cpu_ratios = {}, {}, {}
    for name, (seconds, cpu_seconds) in laps.items():
        rows[name] = {'seconds_per_step': float(np.median(seconds)),
                      'cpu_seconds_per_step': float(np.median(cpu_seconds)),
                      'images_per_second': options.batch / float(np.median(seconds)), 'seconds': seconds}
        if name != 'baseline':
            ratios[name] = speedup(laps['baseline'].seconds, seconds)
            cpu_ratios[name] = speedup(laps['baseline'].cpu_seconds, cpu_seconds)
    return {'training': rows, 'ratios': ratios, 'cpu_ratios': cpu_ratios}


def _calibration(options: argparse.Namespace) -> Dict[str, Any]:
    from tests.bench import calibration
    steps = [calibration.time_calibration(size, CALIBRATION_BATCH, options.rounds, options.warmup)
             for size in CALIBRATION_SIZES]
    if not options.no_memory:
        from tests.bench.worker import peak_memory
        for row in steps:
            row['peak_memory_mb'] = round(peak_memory('calibration', row['size'], row['batch']))
    return {'steps': steps, 'geometry': calibration.time_geometry(options.rounds, os.cpu_count()),
            'sampling': [calibration.time_sampling(size, CALIBRATION_BATCH, options.rounds, options.warmup)
                         for size in CALIBRATION_SIZES]}


def _as_run(options: argparse.Namespace) -> Dict[str, Any]:
    """The published way under TensorFlow's own choice of oneDNN against the joint step under that of train.py."""
    import sys

    from tests.bench.timing import speedup
    from tests.bench.worker import Worker
    laps = _alternating({'baseline': Worker(sys.executable, 'baseline', options.size, options.batch, onednn=''),
                         'joint': Worker(sys.executable, 'joint', options.size, options.batch, onednn='1')}, options)
    return {'seconds_per_step': {name: float(np.median(lap)) for name, lap in laps.items()}, 'seconds': laps,
            'joint': speedup(laps['baseline'], laps['joint'])}


def _runtimes(options: argparse.Namespace) -> Dict[str, Any]:
    import sys

    from tests.bench.timing import speedup
    from tests.bench.worker import Worker
    pythons = {'this': sys.executable, 'other': options.compare}
    workers = {side: Worker(python, 'joint', options.size, options.batch) for side, python in pythons.items()}
    versions = {side: worker.step()['tensorflow'] for side, worker in workers.items()}
    seconds = _alternating(workers, options)
    faster = {'this': speedup(seconds['other'], seconds['this']), 'other': speedup(seconds['this'], seconds['other'])}
    newer = max(versions, key=lambda side: [int(part) for part in versions[side].split('.')[:2]])
    result = {side: {'tensorflow': versions[side], 'seconds_per_step': float(np.median(seconds[side])),
                     'seconds': seconds[side], 'times_faster': faster[side]} for side in pythons}
    return dict(result, newer_over_older=faster[newer])


def _alternating(workers: Dict[str, Any], options: argparse.Namespace) -> Dict[str, List[float]]:
    """Seconds of the counted rounds of processes that take turns; ends them."""
    from tests.bench.timing import interleaved
    try:
        laps = interleaved({name: worker.step for name, worker in workers.items()}, options.rounds, options.warmup)
    finally:
        for worker in workers.values():
            worker.close()
    return {name: lap.seconds for name, lap in laps.items()}


if __name__ == '__main__':
    exit_with(main)
