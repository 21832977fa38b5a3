"""Damaged files one after the other through a worker, which is started again if it dies or does not answer."""
import json
import select
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, Optional

from tests.fuzz.worker import CLOCK_SECONDS

GOOD = ('read', 'refused')
_ROOT = Path(__file__).parents[2]
_START = 300  # seconds in which a worker makes its samples


class Worker:
    """A process that reads damaged files, and the folder in which it does so."""

    def __init__(self, seed: int, kinds: str) -> None:
        self._arguments, self._process = (str(seed), kinds), None  # type: Any
        self.folder = Path(tempfile.mkdtemp())
        self._errors = (self.folder / 'errors').open('w+')

    def read(self, number: int) -> Dict[str, Any]:
        """The verdict on the file of this number: kind, end, detail, seconds."""
        waited = CLOCK_SECONDS * 2  # the worker's own limit comes first, but where no Python runs
        if self._process is None:
            waited += _START
            seed, kinds = self._arguments
            self._process = subprocess.Popen(
                [sys.executable, '-m', 'tests.fuzz.worker', seed, str(self.folder), kinds], cwd=str(_ROOT),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, universal_newlines=True, bufsize=1)
        try:
            self._process.stdin.write(f'{number}\n')
            answer = self._answer(waited)
        except BrokenPipeError:
            answer = ''
        if answer:
            verdict = json.loads(answer)
        else:
            ended = self._process.poll() if answer == '' else None
            verdict = {'kind': '?', 'end': 'hang' if answer is None else 'crash', 'seconds': 0,
                       'detail': f'exit code {ended}: {self._said()}'}
            self.close()
        verdict['number'] = number
        shutil.rmtree(str(self.folder / str(number)), ignore_errors=True)
        return verdict

    def _answer(self, seconds: float) -> Optional[str]:
        """A line; '' if the worker died, None if it says nothing."""
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        if not ready:
            return None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
        return line

    def _said(self) -> str:
        self._errors.flush()
        return Path(self._errors.name).read_text(errors='replace')[-1500:]

    def close(self) -> None:
        """End the process; the next file starts another."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def remove(self) -> None:
        """End the process and remove its folder."""
        self.close()
        self._errors.close()
        shutil.rmtree(str(self.folder), ignore_errors=True)


def verdicts(seed: int, count: int, kinds: str = '') -> Iterator[Dict[str, Any]]:
    """A verdict for each of `count` damaged files. kinds: names separated by commas; all if empty."""
    worker = Worker(seed, kinds)
    try:
        for number in range(count):
            yield worker.read(number)
    finally:
        worker.remove()
