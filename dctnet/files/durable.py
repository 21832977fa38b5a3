"""What makes a file survive a power cut, on file systems that offer it. Mounted object stores and some network file
systems lack parts of it: then a warning is given, and the work goes on."""
import errno
import logging
import os
import shutil
from pathlib import Path
from typing import Set

log = logging.getLogger(__name__)

_MISSING = {number for number in (getattr(errno, name, None) for name in (
    'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'ENOTTY')) if number is not None}
_warned: Set[str] = set()  # once a process is enough


def flush(path: Path) -> None:
    """Have the system bring the content of a file to the disk. Raises OSError if the disk refuses it."""
    with path.open('rb+') as stream:
        try:
            os.fsync(stream.fileno())
        except OSError as error:
            if error.errno not in _MISSING:
                raise
            _warn('fsync', f'{path.parent} cannot tell when a file is safe on its disk ({error.strerror}): what is '
                           'written last may be lost in a power cut')


def set_usual_rights(path: Path) -> None:
    """Give a file that was created as private the rights of a new file. File systems without rights keep their own."""
    try:
        os.chmod(str(path), 0o666 & ~_UMASK)
    except OSError as error:
        log.debug('%s keeps its rights: %s', path, error)


def rename(source: Path, target: Path) -> None:
    """Give a file its final name, in place of whatever bears it. Raises OSError if the disk refuses.

    On a file system that renames nothing the file is copied, after a warning: an interruption can then leave half of
    it.
    """
    try:
        os.replace(str(source), str(target))
    except OSError as error:
        if error.errno not in _MISSING | {errno.EPERM, errno.EXDEV}:
            raise
        shutil.copyfile(str(source), str(target))  # PermissionError, if that was meant
        source.unlink()
        _warn('rename', f'{target.parent} cannot rename files ({error.strerror}): they are copied, and a command that '
                        'is killed may leave half of one')


def _warn(what: str, message: str) -> None:
    if what not in _warned:
        _warned.add(what)
        log.warning(message)


def _read_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


_UMASK = _read_umask()  # once: reading it also sets it for a moment, which would affect other threads that write
