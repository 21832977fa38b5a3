"""Locks between processes, by files; the system frees them however a process ends."""
import errno
import logging
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from dctnet.files import atomic

log = logging.getLogger(__name__)

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore

_TAKEN = (errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK)


class Taken(Exception):
    """Another process holds the lock."""


@contextmanager
def locked(path: Path, meaning: str) -> Iterator[None]:
    """A context: hold the lock file, which is created if missing and stays.

    meaning: what to take care of if this file system or this system has no locks, for the warning of it. Raises Taken
    if another process holds it, UserError if the disk refuses the file or if it is a link.
    """
    descriptor = open_file(path)
    try:
        acquire(descriptor, meaning)
        yield
    finally:
        os.close(descriptor)


def open_file(path: Path) -> int:
    """A descriptor of the file, created if missing. A link is not followed: it could lead anywhere. Raises UserError if
    the disk refuses."""
    with atomic.storage_errors(path):
        return os.open(str(path), os.O_RDWR | os.O_CREAT | getattr(os, 'O_NOFOLLOW', 0), 0o666)


def acquire(descriptor: int, meaning: str, wait: bool = False) -> None:
    """Lock an open file for this process. wait: until another process frees it; else Taken is raised then. meaning: as
    for `locked`."""
    if fcntl is None:
        log.warning('this system has no locks: %s', meaning)
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError as error:
        if error.errno in _TAKEN:
            raise Taken from None
        log.warning('this file system has no locks (%s): %s', error.strerror, meaning)
