"""How far a long work is: a bar on a terminal, else a line now and then, both with the time that is left."""
import logging
import sys
import time
from contextlib import contextmanager
from typing import Callable, Iterator

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

log = logging.getLogger(__name__)

_EVERY = 30.0  # seconds between two lines


@contextmanager
def frames_done(total: int, start: int) -> Iterator[Callable[[], None]]:
    """A context that gives a function to call after each frame.

    total: number of frames.
    start: how many were done before, which took no time now.
    """
    if sys.stderr.isatty():
        with logging_redirect_tqdm(), tqdm(total=total, initial=start, unit='frame') as bar:
            yield lambda: (bar.update(1), None)[1]
        return
    lines = _Lines(total, start)
    yield lines.one_more


class _Lines:

    def __init__(self, total: int, start: int) -> None:
        self._total, self._done, self._start = total, start, start
        self._began = self._told = time.monotonic()

    def one_more(self) -> None:
        self._done += 1
        now = time.monotonic()
        if now - self._told >= _EVERY:
            self._told = now
            left = (now - self._began) / (self._done - self._start) * (self._total - self._done)
            log.info('%d of %d frames, about %s left', self._done, self._total, _duration(left))


def _duration(seconds: float) -> str:
    minutes = int(seconds / 60 + 0.5)
    if minutes < 2:
        return f'{seconds:.0f} s'
    return f'{minutes} min' if minutes < 120 else f'{minutes / 60:.1f} h'
