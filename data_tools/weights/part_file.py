"""NAME.part: a download that is not complete, locked while a process works on it, and what is known of its origin.

The origin lies beside it in NAME.part.json: address, ETag, Last-Modified and size, as the server stated them.
"""
import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, NamedTuple, Optional

from dctnet.files import atomic, durable, kept_file, lock


class Origin(NamedTuple):
    """Where a part comes from; a field is None if the server did not say.

    url: the address.
    etag, last_modified: headers of HTTP that tell versions of a file apart.
    size: bytes of the whole file.
    """
    url: str
    etag: Optional[str]
    last_modified: Optional[str]
    size: Optional[int]


def part_of(target: Path) -> Path:
    """Where the incomplete `target` lies."""
    return target.with_name(target.name + '.part')


@contextmanager
def keep_locked(part: Path) -> Iterator[None]:
    """Keep other processes from the part file: created if missing, removed if nothing is in it at the end.

    Waits for a process that holds it. Raises UserError if the disk refuses.
    """
    descriptor = _lock(part)
    try:
        yield
    finally:
        # Only the file that we hold: after `finish`, another process may have begun a new one.
        if _lies_at(descriptor, part) and os.fstat(descriptor).st_size == 0:
            part.unlink()
            _remove_origin(part)
        os.close(descriptor)


def _lock(part: Path) -> int:
    while True:
        descriptor = lock.open_file(part)
        meaning = f'do not fetch {part} twice at once'
        try:
            lock.acquire(descriptor, meaning)
        except lock.Taken:
            print(f'  another process is downloading {part}: waiting for it', flush=True)
            lock.acquire(descriptor, meaning, wait=True)
        if _lies_at(descriptor, part):
            return descriptor
        os.close(descriptor)  # the process that held it has finished or removed it


def _lies_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(str(path)))
    except FileNotFoundError:
        return False


def empty(part: Path) -> None:
    """Throw away what has arrived, keeping the lock. Raises UserError if the disk refuses."""
    with atomic.storage_errors(part):
        os.truncate(str(part), 0)


def finish(part: Path, target: Path) -> None:
    """The complete part becomes the file. Raises UserError if the disk refuses."""
    with atomic.storage_errors(target):
        durable.rename(part, target)
    _remove_origin(part)


def write_origin(part: Path, origin: Origin) -> None:
    """Raises UserError if the disk refuses."""
    atomic.write_text(_origin_file(part), json.dumps(origin._asdict()))


def read_origin(part: Path) -> Optional[Origin]:
    """None if nothing readable is known of the part."""
    return kept_file.read_object(_origin_file(part), _origin)


def _origin(content: Dict[str, Any]) -> Origin:
    """Raises TypeError or ValueError for anything else."""
    origin = Origin(**content)
    texts = (origin.url, origin.etag or '', origin.last_modified or '')
    if not all(isinstance(text, str) for text in texts) or not isinstance(origin.size, (int, type(None))):
        raise ValueError('no origin')
    return origin


def _remove_origin(part: Path) -> None:
    if _origin_file(part).exists():
        _origin_file(part).unlink()


def _origin_file(part: Path) -> Path:
    return part.with_name(part.name + '.json')
