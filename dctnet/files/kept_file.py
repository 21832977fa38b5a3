"""Files that keep computed results. If one is missing, damaged or outdated, its content is computed again: only time
is lost."""
import logging
from pathlib import Path
from typing import Any, Callable, Dict, Optional, TypeVar

import numpy as np

from dctnet.errors import UserError
from dctnet.files import arrays, atomic, json_file

T = TypeVar('T')
log = logging.getLogger(__name__)


def read_json(path: Path, version: int, parse: Callable[[Any], T]) -> Optional[T]:
    """The result of `parse` for the JSON object in a file.

    version: expected value of its key 'version'. Returns None if the file is missing or of another version, and None
    after a warning if it is damaged, which `parse` may signal by any exception.
    """
    def parse_text() -> Optional[T]:
        content = json_file.read_object(path, 'the file')
        return parse(content) if content['version'] == version else None
    return _read(path, parse_text)


def read_object(path: Path, parse: Callable[[Dict[str, Any]], T]) -> Optional[T]:
    """The result of `parse` for the JSON object in a file that has no version. None if the file is missing; None after
    a warning if it is damaged, which `parse` may signal by any exception."""
    return _read(path, lambda: parse(json_file.read_object(path, 'the file')))


def read_array(path: Path) -> Optional[np.ndarray]:
    """The array of an .npy file. None if the file is missing, or after a warning if it is damaged."""
    return _read(path, lambda: arrays.read_npy(path, 'the file'))


def read_arrays(path: Path, parse: Callable[[Dict[str, np.ndarray]], T]) -> Optional[T]:
    """The result of `parse` for the arrays of an .npz file. None if the file is missing; None after a warning if it is
    damaged, which `parse` may signal by any exception."""
    return _read(path, lambda: parse(arrays.read_npz(path, 'the arrays')))


def _read(path: Path, parse: Callable[[], T]) -> Optional[T]:
    if not path.exists():
        return None
    try:
        return parse()
    except Exception as error:  # a `parse` that expects something else may raise any kind
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
