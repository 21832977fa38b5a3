"""The queue: order, bounds, cancelling, mistakes, estimates."""
import threading
import time
from pathlib import Path

import pytest

from dctnet.clips.clip import Clip
from dctnet.errors import UserError
from dctnet.web import jobs
from dctnet.web.job import Outcome
from dctnet.web.jobs import Queue, QueueFull

CLIP = Clip(Path('clip'), (8, 8), [40000 * index for index in range(20)], 800000, 25000, '1:1', lambda: iter(()))


class Work:
    """Stands in for the translation: waits until it may go on, and fails for a style that is an exception."""

    def __init__(self):
        self.go, self.done = threading.Event(), []

    def __call__(self, job):
        assert self.go.wait(10)
        self.done.append(job.style)
        if isinstance(job.style, Exception):
            raise job.style
        job.result.write_bytes(b'result')
        return Outcome(2, (8, 8))


@pytest.fixture()
def work():
    return Work()


@pytest.fixture()
def queue(tmp_path, work):
    made = Queue(work, tmp_path)
    yield made
    work.go.set()
    made.close()


def started(queue, style, work=1.0):
    job = queue.add(style, 'me.png')
    queue.start(job, (8, 8), work)
    return job


def until(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_jobs_run_in_order_and_a_cancelled_one_does_not(queue, work):
    first, second, third = (started(queue, style) for style in 'abc')
    until(lambda: first.state == 'running')
    assert queue.ahead(third) == [first, second]
    queue.forget(second)
    assert queue.ahead(third) == [first] and queue.find(second.identity) is None and not second.folder.exists()
    work.go.set()
    until(lambda: third.state == 'done')
    assert work.done == ['a', 'c'] and third.outcome.faces == 2 and third.result.exists()


def test_a_running_job_that_is_cancelled_leaves_nothing(queue, work):
    job = started(queue, 'a')
    until(lambda: job.state == 'running')
    queue.forget(job)
    work.go.set()
    until(lambda: work.done and not job.folder.exists())
    assert job.state == 'cancelled' and not job.result.exists()


def test_only_few_wait_and_a_full_queue_has_room_again(queue):
    waiting = [queue.add('a', 'x') for _ in range(jobs.MAX_WAITING)]
    with pytest.raises(QueueFull):
        queue.add('a', 'x')
    queue.forget(waiting[0])
    queue.add('a', 'x')


def test_the_oldest_results_are_forgotten(queue, work, monkeypatch):
    monkeypatch.setattr(jobs, 'MAX_KEPT', 2)
    work.go.set()
    made = []
    for style in 'abcd':
        made.append(started(queue, style))
        until(lambda: made[-1].state == 'done')
    until(lambda: not made[1].folder.exists())
    assert queue.find(made[1].identity) is None
    assert [job.folder.exists() for job in made] == [False, False, True, True]


@pytest.mark.parametrize('mistake, told', [
    (UserError('cannot read it'), 'cannot read it'), (MemoryError(), 'not enough memory'),
    (RuntimeError('a bug'), 'inside the program')])
def test_after_a_mistake_the_next_job_runs(queue, work, mistake, told):
    work.go.set()
    failed, good = started(queue, mistake), started(queue, 'a')
    until(lambda: good.state == 'done')
    assert failed.state == 'failed' and told in failed.error and not failed.result.exists()


def test_the_estimate_counts_those_before(queue, work):
    work.go.set()
    job = started(queue, 'a')
    assert queue.expected_seconds(job) is None or job.state == 'done'
    until(lambda: job.state == 'done')
    work.go.clear()
    first, second = started(queue, 'b', 1e6), started(queue, 'c', 2e6)
    until(lambda: first.state == 'running')
    assert queue.expected_seconds(second) > 2.5 * (queue.expected_seconds(first) - 1)
    assert queue.expected_seconds(second) > queue.expected_seconds(first) > 0


def test_idle_work_waits_for_nothing_and_its_mistakes_end_nothing(tmp_path, work):
    calls = []

    def idle():
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError('a bug in the preview')
        return False

    work.go.set()
    queue = Queue(work, tmp_path, idle)
    try:
        until(lambda: len(calls) >= 2)
        until(lambda job=started(queue, 'a'): job.state == 'done')
    finally:
        queue.close()


class Frames:
    """Stands in for the translation of a clip: a frame whenever it may go on."""

    def __init__(self):
        self.go = threading.Semaphore(0)

    def __call__(self, job):
        (job.folder / 'result.mp4.unfinished').mkdir()
        for _ in CLIP.times:
            job.check()
            assert self.go.acquire(timeout=10)
            job.frame_done()
        job.result.write_bytes(b'result')
        return Outcome(None, (8, 8))


def test_a_running_clip_that_is_cancelled_stops_at_the_next_frame_and_leaves_nothing(tmp_path):
    frames = Frames()
    queue = Queue(frames, tmp_path)
    first, second = queue.add('a', 'a.mp4'), queue.add('a', 'b.mp4')
    for job in (first, second):
        queue.start(job, (8, 8), 1.0, CLIP)
    frames.go.release()
    until(lambda: first.frames == 1)
    queue.forget(first)
    frames.go.release()
    until(lambda: second.state == 'running')
    assert first.frames == 1 and list(tmp_path.iterdir()) == [second.folder]
    queue.close(0)
    frames.go.release()
    queue.close()
    assert second.state == 'cancelled' and second.frames == 0 and list(tmp_path.iterdir()) == []


def test_the_rest_of_a_clip_is_estimated_from_its_own_frames(tmp_path):
    frames = Frames()
    queue = Queue(frames, tmp_path)
    job = queue.add('a', 'a.mp4')
    queue.start(job, (8, 8), 1.0, CLIP)
    until(lambda: job.state == 'running')
    assert queue.expected_seconds(job) is None
    for count in range(1, 11):
        time.sleep(0.02)
        frames.go.release()
        until(lambda: job.frames == count)
    assert 0.2 <= queue.expected_seconds(job) < 5
    queue.close(0)
    frames.go.release()
    queue.close()


def test_large_results_are_forgotten_before_there_are_many(queue, work, monkeypatch):
    monkeypatch.setattr(jobs, 'MAX_KEPT_BYTES', 13)  # two results have 12
    work.go.set()
    made = []
    for style in 'abc':
        made.append(started(queue, style))
        until(lambda: made[-1].state == 'done')
    until(lambda: not made[0].folder.exists())
    assert [job.folder.exists() for job in made] == [False, True, True]
