"""A folder of portraits through infer.py and through the published order of operations: pictures a second.

python -m tests.bench.throughput VARIANT FOLDER: a process of its own, since oneDNN is chosen for a whole process. It
answers every line on stdin with one pass over FOLDER/in and a line of JSON on stdout, until stdin ends.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable, Dict

import numpy as np

from dctnet import images, process
from dctnet.errors import UserError
from tests.bench.timing import speedup

_ROOT = Path(__file__).resolve().parent.parent.parent
# The published order of operations with graphs as published and with ours; infer.py with one worker and with its own
# choice. Only the command chooses oneDNN, as it does when it is called.
VARIANTS = ('published', 'published_order', 'one_worker', 'folder')


def time_throughput(channels: int, count: int, rounds: int) -> Dict[str, Any]:
    """`count` portraits of about 720 px, the models loaded and one pass dropped before: pictures a second
    and CPU seconds a picture (all threads) of each variant, medians of interleaved rounds; how many times the published
    way's speed; and the mean difference of the results from the published way's, in grey levels."""
    from dctnet.exporters import model_folder
    from tests.bench.folder import write_portraits
    from tests.bench.portrait import random_generator
    from tests.bench.published_inference import write_published_model
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        weights = random_generator(channels)
        model_folder.write_model_folder(weights, 'random weights', folder / 'model', {})
        write_published_model(weights, folder / 'published_model')
        write_portraits(folder / 'in', count, 720)
        passes = {variant: _in_a_process(variant, folder, stack) for variant in VARIANTS}
        laps: Dict[str, list] = {variant: [] for variant in VARIANTS}
        for index in range(1 + rounds):
            for variant, one_pass in passes.items():
                laps[variant].append(one_pass())
        return summary({variant: found[1:] for variant, found in laps.items()}, folder, count)


def summary(laps: Dict[str, list], folder: Path, count: int) -> Dict[str, Any]:
    """What `time_throughput` gives, of laps {seconds, cpu_seconds, peak_memory_mb} and results in FOLDER/VARIANT."""
    result: Dict[str, Any] = {'pictures': count}
    for variant, found in laps.items():
        seconds, cpu_seconds = [[lap[key] for lap in found] for key in ('seconds', 'cpu_seconds')]
        result[variant] = {
            'pictures_per_second': count / float(np.median(seconds)), 'seconds': seconds,
            'cpu_seconds_per_picture': float(np.median(cpu_seconds)) / count, 'cpu_seconds': cpu_seconds,
            'times_the_published': speedup([lap['seconds'] for lap in laps['published']], seconds),
            'times_the_published_by_cpu': speedup([lap['cpu_seconds'] for lap in laps['published']], cpu_seconds),
            'peak_memory_mb': round(found[-1]['peak_memory_mb']),
            'parts': found[-1].get('parts', {}), 'difference': _difference(folder / variant, folder / 'published')}
    return result


def make_pass(variant: str, folder: Path) -> Callable[[], Dict[str, Any]]:
    """One pass over FOLDER/in, to FOLDER/VARIANT. parts: pictures a second of each, where that is measured."""
    from dctnet import infer
    from dctnet.inference import picture_files
    from tests.bench.worker import own_peak_memory
    jobs = infer.plan([folder / 'in'], str(folder / variant))
    if variant.startswith('published'):
        from tests.bench.published_inference import PublishedInference
        translate = PublishedInference(folder / ('published_model' if variant == 'published' else 'model'))

        def work() -> Dict[str, Any]:
            return {'failures': sum(translate(*job) == 0 for job in jobs)}
    else:
        from dctnet.inference.stylizer import Stylizer
        stylizer = Stylizer(folder / 'model')
        workers = 1 if variant == 'one_worker' else stylizer.at_once

        def work() -> Dict[str, Any]:
            done, failed = picture_files.translate_all(
                lambda job: picture_files.translate_file(stylizer, job), jobs, workers)
            return {'failures': len(failed), 'parts': picture_files.rates(done, workers)}

    def one_pass() -> Dict[str, Any]:
        start, cpu_start = time.perf_counter(), time.process_time()
        found = work()
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
        if found.pop('failures'):
            raise UserError('not every portrait gave its face: is dlib installed as pinned?')
        return dict(found, seconds=seconds, cpu_seconds=cpu_seconds, peak_memory_mb=own_peak_memory())

    return one_pass


def _in_a_process(variant: str, folder: Path, stack: ExitStack) -> Callable[[], Dict[str, Any]]:
    environment = {name: value for name, value in os.environ.items() if name != 'TF_ENABLE_ONEDNN_OPTS'}
    if not variant.startswith('published'):
        environment['TF_ENABLE_ONEDNN_OPTS'] = '1'  # as infer.py does
    worker = stack.enter_context(subprocess.Popen(
        [sys.executable, '-m', 'tests.bench.throughput', variant, str(folder)], cwd=str(_ROOT), env=environment,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True))

    def one_pass() -> Dict[str, Any]:
        worker.stdin.write('pass\n')
        worker.stdin.flush()
        for line in worker.stdout:
            if line.startswith('{'):
                return json.loads(line)
        raise UserError(f'the process of {variant} ended early; its own message stands above')

    return one_pass


def _difference(folder: Path, other: Path) -> float:
    pairs = [(images.read_bgr(path), images.read_bgr(other / path.name)) for path in sorted(folder.iterdir())]
    return float(np.mean([np.abs(one.astype(int) - two).mean() for one, two in pairs]))


def _serve() -> None:
    parser = argparse.ArgumentParser(prog='python -m tests.bench.throughput', description=__doc__)
    parser.add_argument('variant', choices=VARIANTS)
    parser.add_argument('folder', type=Path)
    arguments = parser.parse_args()
    if not arguments.variant.startswith('published'):
        process.keep_freed_memory()  # as infer.py does
    one_pass = make_pass(arguments.variant, arguments.folder)
    for _ in sys.stdin:
        print(json.dumps(one_pass()), flush=True)


if __name__ == '__main__':
    _serve()
