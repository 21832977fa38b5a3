"""Calls in several threads whose results and log messages come in the order of their items."""
import logging
import os
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Generator, Iterable, List, Tuple, TypeVar

from dctnet.errors import UserError

Item = TypeVar('Item')

_PROJECT = logging.getLogger('dctnet')


def core_count() -> int:
    """Cores that this process may use."""
    if hasattr(os, 'sched_getaffinity'):  # Linux; it knows the limits of schedulers and of most containers
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def ordered_map(function: Callable[[Item], Any], items: Iterable[Item], workers: int
                ) -> Generator[Tuple[Item, Future], None, None]:
    """Each item with its finished call `function(item)`, in the order of the items; `workers` calls run at once.

    At most 2 `workers` items are being processed or waiting to be taken, which bounds the memory. Messages that a call
    logs under `dctnet` come just before its item. If the caller closes the iterator early, calls that have not begun
    are dropped.
    """
    log = _HeldLog()
    _PROJECT.addHandler(log)
    propagated, _PROJECT.propagate = _PROJECT.propagate, False
    pool = ThreadPoolExecutor(workers)
    pending: deque = deque()
    rest = iter(items)
    try:
        while True:
            for item in rest:
                records: List[logging.LogRecord] = []
                pending.append((item, pool.submit(log.held, records, function, item), records))
                if len(pending) == 2 * workers:
                    break
            if not pending:
                return
            item, future, records = pending.popleft()
            future.exception()  # waits
            for record in records:
                logging.getLogger().handle(record)
            yield item, future
    finally:
        for _, future, _ in pending:
            future.cancel()
        pool.shutdown()
        _PROJECT.removeHandler(log)
        _PROJECT.propagate = propagated


def succeeded(call: Future, path: Path, log: logging.Logger) -> bool:
    """Whether the finished call for the image `path` returned. If it raised, the failure is logged, a UserError as one
    line and a bug with its traceback: neither may stop the other images."""
    try:
        call.result()
    except UserError as error:
        log.error('failed: %s', error)
    except Exception:
        log.exception('failed: %s, by an error inside the program; please report it', path)
    else:
        return True
    return False


class _HeldLog(logging.Handler):
    """Collects the messages of each call in a list; passes on those of other threads."""

    def __init__(self) -> None:
        super().__init__()
        self._records = threading.local()

    def held(self, records: List[logging.LogRecord], function: Callable[[Any], Any], item: Any) -> Any:
        self._records.now = records
        try:
            return function(item)
        finally:
            self._records.now = None

    def emit(self, record: logging.LogRecord) -> None:
        records = getattr(self._records, 'now', None)
        if records is None:
            logging.getLogger().handle(record)
        else:
            records.append(record)
