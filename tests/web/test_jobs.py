"""The queue: order, bounds, cancelling, mistakes, estimates."""
import threading
import time

import numpy as np
import pytest

from dctnet.errors import UserError
from dctnet.web import jobs
from dctnet.web.jobs import Outcome, Queue, QueueFull

IMAGE = np.zeros((8, 8, 3), np.uint8)


class Work:
    """Stands in for the translation: waits until it may go on, and fails for a style that is an exception."""

    def __init__(self):
        self.go, self.done = threading.Event(), []

    def __call__(self, job):
        assert self.go.wait(10)
        self.done.append(job.style)
        if isinstance(job.style, Exception):
            raise job.style
        return Outcome(IMAGE, 2, (8, 8))


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
    assert queue.ahead(third) == [first] and queue.find(second.identity) is None and not second.photo.parent.exists()
    work.go.set()
    until(lambda: third.state == 'done')
    assert work.done == ['a', 'c'] and third.faces == 2 and third.result.exists()


def test_a_running_job_that_is_cancelled_leaves_nothing(queue, work):
    job = started(queue, 'a')
    until(lambda: job.state == 'running')
    queue.forget(job)
    work.go.set()
    until(lambda: work.done and not job.photo.parent.exists())
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
    until(lambda: not made[1].photo.parent.exists())
    assert queue.find(made[1].identity) is None
    assert [job.photo.parent.exists() for job in made] == [False, False, True, True]


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
