"""Several threads, one order: outcomes, log, bounded look-ahead, leaving early."""
import logging
import threading
import time
from pathlib import Path

import pytest

from dctnet.errors import UserError
from dctnet.parallel import ordered_map, succeeded

log = logging.getLogger('dctnet.somewhere')


@pytest.fixture(autouse=True)
def info(caplog):
    caplog.set_level('INFO')


def slow_first(number):
    log.info('begin %d', number)
    time.sleep(0.1 if number == 0 else 0.001)
    log.info('end %d', number)
    if number == 2:
        raise ZeroDivisionError(number)
    return number * number


@pytest.mark.parametrize('workers', [1, 3])
def test_outcomes_and_log_keep_the_order(caplog, workers):
    results = []
    for number, call in ordered_map(slow_first, range(6), workers):
        log.info('told %d', number)
        results.append(call.exception() or call.result())
    assert results[:2] + results[3:] == [0, 1, 9, 16, 25] and isinstance(results[2], ZeroDivisionError)
    assert [record.getMessage() for record in caplog.records] == [
        f'{word} {number}' for number in range(6) for word in ('begin', 'end', 'told')]
    log.info('after')
    assert caplog.records[-1].getMessage() == 'after' and not logging.getLogger('dctnet').handlers


def test_calls_run_at_the_same_time():
    meeting = threading.Barrier(3, timeout=20)
    assert len([call.result() for _, call in ordered_map(lambda _: meeting.wait(), range(3), 3)]) == 3


def test_no_more_than_twice_the_workers_are_ahead():
    begun = []
    work = ordered_map(begun.append, range(50), 2)
    next(work)
    time.sleep(0.1)
    assert begun == [0, 1, 2, 3]
    next(work)
    work.close()
    assert set(begun) <= set(range(5)) and logging.getLogger('dctnet').propagate


def test_leaving_early_drops_what_has_not_begun():
    begun, go_on = [], threading.Event()

    def wait(number):
        begun.append(number)
        if number:
            go_on.wait(20)

    work = ordered_map(wait, range(50), 2)
    next(work)
    while len(begun) < 3:
        time.sleep(0.001)
    threading.Timer(0.05, go_on.set).start()
    work.close()
    assert sorted(begun) == [0, 1, 2]


def test_a_failure_is_logged_once_and_only_a_bug_has_a_traceback(caplog):
    def fail(error):
        if error:
            raise error

    calls = [call for _, call in ordered_map(fail, [UserError('no picture'), ZeroDivisionError('a bug'), None], 1)]
    assert [succeeded(call, Path('a.png'), log) for call in calls] == [False, False, True]
    assert [record.getMessage() for record in caplog.records] == [
        'failed: no picture', 'failed: a.png, by an error inside the program; please report it']
    assert not caplog.records[0].exc_info and 'a bug' in caplog.text
