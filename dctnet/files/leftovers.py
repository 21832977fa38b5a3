"""Temporary files of killed processes: their names tell which, and the next process that writes there removes them."""
import logging
import os
import platform
import re
import time
from pathlib import Path
from typing import Set

log = logging.getLogger(__name__)

_HOST = re.sub(r'[^\w]', '', platform.node())[:20] or 'host'
_NAME = re.compile(r'\..*\.(?P<host>\w+)-(?P<process>\d+)\.tmp\w{8}')
_A_DAY = 86400  # seconds after which a process of another machine counts as gone
_seen: Set[str] = set()  # folders that this process has looked through


def prefix(name: str) -> str:
    """How the temporary name of a file of this name begins; eight letters or digits must follow."""
    start = os.fsencode(name)[:40].decode('utf-8', 'ignore')  # no half of a letter
    return f'.{os.fsdecode(start.encode())}.{_HOST}-{os.getpid()}.tmp'


def remove(folder: Path) -> None:
    """Remove the temporary files of processes that are gone, once for each folder."""
    if str(folder) in _seen:
        return
    _seen.add(str(folder))
    for entry in list(folder.iterdir()):
        found = _NAME.fullmatch(entry.name)
        if found and _is_gone(entry, found.group('host'), int(found.group('process'))):
            try:
                entry.unlink()
                log.debug('removed %s, which a killed process left', entry)
            except OSError:  # another process may have been faster
                pass


def _is_gone(file: Path, host: str, process: int) -> bool:
    try:
        if host == _HOST and os.name == 'posix':
            os.kill(process, 0)
            return False
        return time.time() - file.stat().st_mtime > _A_DAY
    except ProcessLookupError:
        return True
    except OSError:  # of another user, or removed meanwhile
        return False
