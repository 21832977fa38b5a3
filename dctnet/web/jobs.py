"""Translations that wait, run and are done: one runs at a time, few wait, and the oldest results are forgotten.

Photographs and results lie in files, so that memory does not grow with the queue.
"""
import logging
import secrets
import shutil
import threading
import time
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from dctnet import images
from dctnet.errors import UserError

log = logging.getLogger(__name__)

MAX_WAITING = 16  # that are uploaded or wait
MAX_KEPT = 60     # that have ended; their files are removed with them
UPLOADING, WAITING, RUNNING, DONE, FAILED, CANCELLED = 'uploading', 'waiting', 'running', 'done', 'failed', 'cancelled'
_FREE = (UPLOADING, WAITING)  # states of jobs that nobody works on


class Outcome(NamedTuple):
    """A translation: uint8 [H, W, 3] BGR, how many faces were found, height and width that the graph saw."""
    image: np.ndarray
    faces: int
    working_size: Tuple[int, int]


class Job:
    """One photograph in one style; `Queue` changes it.

    style: its name. name: of the photograph, as its owner calls it. folder: of its files.
    size: height and width, once known. work: megapixels to compute, for the estimate.
    """

    def __init__(self, style: str, name: str, folder: Path) -> None:
        self.identity = secrets.token_urlsafe(12)  # whoever does not know it cannot see the picture
        self.style, self.name = style, name
        self.photo, self.result = folder / self.identity / 'photo', folder / self.identity / 'result.png'
        self.state, self.error = UPLOADING, ''
        self.size: Tuple[int, int] = (0, 0)
        self.work = 0.0
        self.faces: Optional[int] = None
        self.working_size: Optional[Tuple[int, int]] = None
        self.started = self.seconds = 0.0


class QueueFull(Exception):
    """There is no room for another job now."""


class Queue:
    """Jobs and the thread that works on them. All methods may be called from any thread.

    translate: what turns a job's photograph into its outcome; raises UserError for a mistake in it.
    folder: for the files of the jobs.
    idle: called while nothing waits; returns False if it had nothing to do.
    """

    def __init__(self, translate: Callable[[Job], Outcome], folder: Path,
                 idle: Callable[[], bool] = lambda: False) -> None:
        self._translate, self._idle, self._folder = translate, idle, folder
        self._jobs: Dict[str, Job] = {}  # in the order of arrival
        self._changed = threading.Condition()
        self._closed = False
        self._rate: Optional[float] = None  # seconds a megapixel
        self._thread = threading.Thread(target=self._run, name='translations', daemon=True)
        self._thread.start()

    def add(self, style: str, name: str) -> Job:
        """A new job that is uploaded now; its folder exists. Raises QueueFull."""
        with self._changed:
            if sum(job.state in _FREE for job in self._jobs.values()) >= MAX_WAITING:
                raise QueueFull()
            job = Job(style, name, self._folder)
            job.photo.parent.mkdir()
            self._jobs[job.identity] = job
        return job

    def start(self, job: Job, size: Tuple[int, int], work: float) -> None:
        """A job's photograph has arrived: size (height, width), megapixels to compute."""
        with self._changed:
            if job.state == UPLOADING:
                job.state, job.size, job.work = WAITING, size, work
                self._changed.notify()

    def find(self, identity: str) -> Optional[Job]:
        """The job of this identity, if it is not forgotten."""
        return self._jobs.get(identity)

    def forget(self, job: Job) -> None:
        """Cancel a job and remove its files. A running one is computed to its end, and the result is thrown away."""
        with self._changed:
            self._jobs.pop(job.identity, None)
            running, job.state = job.state == RUNNING, CANCELLED
        if not running:
            _remove_files(job)

    def ahead(self, job: Job) -> List[Job]:
        """The jobs that come before this one, the running one first."""
        with self._changed:
            before = []
            for other in self._jobs.values():
                if other is job:
                    break
                if other.state in (RUNNING, WAITING):
                    before.append(other)
        return before

    def expected_seconds(self, job: Job) -> Optional[float]:
        """How long this job will take from now on, those before it included; None before the first is done."""
        if self._rate is None:
            return None
        now, total = time.monotonic(), 0.0
        for other in self.ahead(job) + [job]:
            spent = now - other.started if other.state == RUNNING else 0.0
            total += max(0.0, other.work * self._rate - spent)
        return total

    def close(self, seconds: float = 30.0) -> None:
        """Stop after the job that runs, for which it waits so many seconds."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(seconds)

    def _run(self) -> None:
        while True:
            job = self._next()
            if self._closed:
                return
            if job is not None:
                self._work_on(job)
            elif not self._idle_safely():
                with self._changed:
                    self._changed.wait_for(
                        lambda: self._closed or any(entry.state == WAITING for entry in self._jobs.values()), 5.0)

    def _next(self) -> Optional[Job]:
        with self._changed:
            job = next((job for job in self._jobs.values() if job.state == WAITING), None)
            if job is not None:
                job.state, job.started = RUNNING, time.monotonic()
        return job

    def _idle_safely(self) -> bool:
        try:
            return self._idle()
        except Exception:  # the thread must live; the traceback tells of the bug
            log.exception('preview')
            return True

    def _work_on(self, job: Job) -> None:
        error = ''
        try:
            outcome = self._translate(job)
            job.faces, job.working_size = outcome.faces, outcome.working_size
            images.write_bgr(job.result, outcome.image)
        except UserError as mistake:
            error = str(mistake).replace(str(job.photo), job.name)
        except MemoryError:
            error = 'there is not enough memory for this picture: scale it down'
        except Exception:  # of one job; the service goes on and the log tells of the bug
            log.exception('translation of %dx%d in %s', job.size[1], job.size[0], job.style)
            error = 'an error inside the program; its log tells more'
        self._end(job, error)

    def _end(self, job: Job, error: str) -> None:
        with self._changed:
            job.seconds = time.monotonic() - job.started
            cancelled = job.state == CANCELLED
            if not cancelled:
                job.state, job.error = (FAILED, error) if error else (DONE, '')
            if not error and job.work:
                rate = job.seconds / job.work
                self._rate = rate if self._rate is None else 0.7 * self._rate + 0.3 * rate
            ended = [other for other in self._jobs.values() if other.state in (DONE, FAILED)]
            forgotten = ended[:max(0, len(ended) - MAX_KEPT)]
            for old in forgotten:
                del self._jobs[old.identity]
        for old in forgotten + ([job] if cancelled else []):
            _remove_files(old)


def _remove_files(job: Job) -> None:
    shutil.rmtree(str(job.photo.parent), ignore_errors=True)
