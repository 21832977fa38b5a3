"""A trainer in a process of its own: for its peak memory, and to alternate steps between two runtimes.

python -m tests.bench.worker VARIANT --size 256 --batch 2: answers every line on stdin with one step and a line of JSON
on stdout {seconds, peak_memory_mb, tensorflow}, until stdin ends.
"""
import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, Optional

from dctnet.errors import UserError
from tests.bench import variants

ONEDNN = 'TF_ENABLE_ONEDNN_OPTS'
_ROOT = Path(__file__).resolve().parent.parent.parent


class Worker:
    """The other end: starts the process under `python` and asks it for steps.

    onednn: '1' or '0' for all of its layers, '' as TensorFlow chooses for this CPU, None as in this process.
    """

    def __init__(self, python: str, variant: str, size: int, count: int, onednn: Optional[str] = None) -> None:
        environment = dict(os.environ)
        if onednn is not None:
            environment.pop(ONEDNN, None)
            environment.update({ONEDNN: onednn} if onednn else {})
        command = [python, '-m', 'tests.bench.worker', variant, '--size', str(size), '--batch', str(count)]
        self._python = python
        try:
            self._process = subprocess.Popen(command, cwd=str(_ROOT), env=environment, stdin=subprocess.PIPE,
                                             stdout=subprocess.PIPE, universal_newlines=True)
        except OSError as error:
            raise UserError(f'cannot start {python}: {error}: name a Python with TensorFlow') from error

    def step(self) -> Dict[str, Any]:
        """One step; its seconds and the peak memory of the process so far."""
        try:
            self._process.stdin.write('step\n')
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # the missing answer tells it
        for line in self._process.stdout:
            if line.startswith('{'):
                return json.loads(line)
        raise UserError(f'the worker under {self._python} ended early; its own message stands above')

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait()


def peak_memory(variant: str, size: int, count: int, steps: int = 2) -> float:
    """Largest resident memory in MB of a process that does nothing but `steps` steps of the variant."""
    worker = Worker(sys.executable, variant, size, count)
    try:
        return max(worker.step()['peak_memory_mb'] for _ in range(steps))
    finally:
        worker.close()


def own_peak_memory() -> float:
    """Largest resident memory of this process so far, in MB."""
    status = Path('/proc/self/status').read_text()
    return int(status.split('VmHWM:')[1].split()[0]) / 1024.0


def _serve() -> None:
    parser = argparse.ArgumentParser(prog='python -m tests.bench.worker', description=__doc__)
    parser.add_argument('variant', choices=variants.NAMES + ('calibration',) + tuple(variants.OPTIONS))
    parser.add_argument('--size', type=int, required=True)
    parser.add_argument('--batch', type=int, required=True)
    arguments = parser.parse_args()
    from dctnet.compat import TENSORFLOW_VERSION, graph_mode
    graph_mode()
    trainer = variants.make_trainer(arguments.variant, arguments.size, arguments.batch)
    for _ in sys.stdin:
        start = time.perf_counter()
        trainer.step()
        print(json.dumps({'seconds': time.perf_counter() - start, 'peak_memory_mb': own_peak_memory(),
                          'tensorflow': TENSORFLOW_VERSION}), flush=True)


if __name__ == '__main__':
    _serve()
