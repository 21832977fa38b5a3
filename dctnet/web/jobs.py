"""Translations that wait, run and are done: one runs at a time, few wait, and the oldest results are forgotten.

Photographs, clips and results lie in files, so that memory does not grow with the queue.
"""
import logging
import shutil
import threading
import time
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

from dctnet.clips.clip import Clip
from dctnet.errors import UserError
from dctnet.web.job import CANCELLED, DONE, FAILED, RUNNING, UPLOADING, WAITING, Cancelled, Job, Outcome

log = logging.getLogger(__name__)

MAX_WAITING = 16  # that are uploaded or wait
MAX_KEPT = 60     # that have ended; their files are removed with them
MAX_KEPT_BYTES = 2 << 30  # of their results
_FREE = (UPLOADING, WAITING)  # states of jobs that nobody works on


class QueueFull(Exception):
    """There is no room for another job now."""


class Queue:
    """Jobs and the thread that works on them. All methods may be called from any thread.

    translate: makes a job's result; raises UserError for a mistake in what was uploaded.
    folder: for the files of the jobs.
    idle: called while nothing waits; returns False if it had nothing to do.
    """

    def __init__(self, translate: Callable[[Job], Outcome], folder: Path,
                 idle: Callable[[], bool] = lambda: False) -> None:
        self._translate, self._idle, self._folder = translate, idle, folder
        self._jobs: Dict[str, Job] = {}  # in the order of arrival
        self._changed = threading.Condition()
        self._closed = False
        self._rates: Dict[str, float] = {}  # seconds a megapixel, by the kind of job
        self._thread = threading.Thread(target=self._run, name='translations', daemon=True)
        self._thread.start()

    def add(self, style: str, name: str) -> Job:
        """A new job that is uploaded now; its folder exists. Raises QueueFull."""
        with self._changed:
            if sum(job.state in _FREE for job in self._jobs.values()) >= MAX_WAITING:
                raise QueueFull()
            job = Job(style, name, self._folder)
            job.folder.mkdir()
            self._jobs[job.identity] = job
        return job

    def start(self, job: Job, size: Tuple[int, int], work: float, clip: Optional[Clip] = None) -> None:
        """A job's upload has arrived: size (height, width), megapixels to compute, what it is if it is a clip."""
        with self._changed:
            if job.state == UPLOADING:
                job.state, job.size, job.work, job.clip = WAITING, size, work, clip
                self._changed.notify()

    def find(self, identity: str) -> Optional[Job]:
        """The job of this identity, if it is not forgotten."""
        return self._jobs.get(identity)

    def forget(self, job: Job) -> None:
        """Cancel a job and remove its files. A clip that runs ends with the frame that is computed; a picture that runs
        is computed to its end, and the result is thrown away."""
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
        """How long this job will take from now on, those before it included; None if that is not known yet."""
        left = [other.seconds_left(self._rates.get(other.kind)) for other in self.ahead(job) + [job]]
        known = [seconds for seconds in left if seconds is not None]
        return sum(known) if len(known) == len(left) else None

    def close(self, seconds: float = 30.0) -> None:
        """Cancel all jobs, and wait so many seconds for the running one to end."""
        with self._changed:
            self._closed = True
            for job in self._jobs.values():
                job.state = CANCELLED
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
            job.outcome = self._translate(job)
        except Cancelled:
            error = 'cancelled'
        except UserError as mistake:
            error = job_words(job, str(mistake))
        except MemoryError:
            error = f'there is not enough memory for this {job.kind}: scale it down'
        except Exception:  # of one job; the service goes on and the log tells of the bug
            log.exception('translation of a %s, %dx%d, in %s', job.kind, job.size[1], job.size[0], job.style)
            error = 'an error inside the program; its log tells more'
        self._end(job, error)

    def _end(self, job: Job, error: str) -> None:
        with self._changed:
            job.seconds = time.monotonic() - job.started
            cancelled = job.state == CANCELLED
            if not cancelled:
                job.state, job.error = (FAILED, error) if error else (DONE, '')
            if not error and job.work:
                rate, former = job.seconds / job.work, self._rates.get(job.kind)
                self._rates[job.kind] = rate if former is None else 0.7 * former + 0.3 * rate
            forgotten = self._too_old()
            for old in forgotten:
                del self._jobs[old.identity]
        for old in forgotten + ([job] if cancelled or error else []):
            _remove_files(old)

    def _too_old(self) -> List[Job]:
        """The oldest of those that have ended, if there are too many or if their results are too large."""
        ended = [job for job in self._jobs.values() if job.state in (DONE, FAILED)]
        sizes = [job.result.stat().st_size if job.result.exists() else 0 for job in ended]
        count = max(0, len(ended) - MAX_KEPT)
        while sum(sizes[count:]) > MAX_KEPT_BYTES and count < len(ended) - 1:  # the newest stays
            count += 1
        return ended[:count]


def job_words(job: Job, message: str) -> str:
    """A message with the name that the owner of a job knows in place of those of its files here."""
    for path in (job.upload, job.result):
        message = message.replace(str(path), job.name)
    return message.replace(str(job.folder), job.name)


def _remove_files(job: Job) -> None:
    shutil.rmtree(str(job.folder), ignore_errors=True)
