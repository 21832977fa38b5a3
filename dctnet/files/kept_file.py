"""Files that keep computed results. If one is missing, damaged or outdated, its content is computed again: only time
is lost."""
import json
import logging
from pathlib import Path
from typing import Any, Callable, Dict, Optional, TypeVar
from zipfile import is_zipfile

import numpy as np

from dctnet.errors import UserError
from dctnet.files import atomic

T = TypeVar('T')
log = logging.getLogger(__name__)


def read_json(path: Path, version: int, parse: Callable[[Any], T]) -> Optional[T]:
    """The result of `parse` for the JSON object in a file.

    version: expected value of its key 'version'. Returns None if the file is missing or of another version, and None
    after a warning if it is damaged, which `parse` may signal by any exception.
    """
    def parse_text() -> Optional[T]:
        content = json.loads(path.read_text(encoding='utf-8'))
        return parse(content) if content['version'] == version else None
    return _read(path, parse_text)


def read_array(path: Path) -> Optional[np.ndarray]:
    """The array of an .npy file. None if the file is missing, or after a warning if it is damaged."""
    return _read(path, lambda: np.load(str(path), allow_pickle=False))


def read_arrays(path: Path, parse: Callable[[Dict[str, np.ndarray]], T]) -> Optional[T]:
    """The result of `parse` for the arrays of an .npz file. None if the file is missing; None after a warning if it is
    damaged, which `parse` may signal by any exception."""
    def parse_archive() -> T:
        with path.open('rb') as stream:
            if not is_zipfile(stream):  # else numpy 1.18 prints a traceback
                raise ValueError('it is no zip archive')
        with np.load(str(path), allow_pickle=False) as arrays:
            return parse(arrays)
    return _read(path, parse_archive)


def _read(path: Path, parse: Callable[[], T]) -> Optional[T]:
    try:
        return parse()
    except FileNotFoundError:
        return None
    except Exception as error:  # json, numpy and zipfile raise many kinds for damaged files
        log.warning('%s cannot be used (%s): it is made anew', path, error)
        return None


def write_text(path: Path, text: str) -> bool:
    """Write the file whole or not at all. False, after a warning, if the disk refuses."""
    try:
        atomic.write_text(path, text)
    except UserError as error:
        log.warning('%s; what it would keep is computed again next time', error)
        return False
    return True
