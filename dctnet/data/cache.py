"""What is made of training pictures, kept in files: decoded pictures, superpixels, features of the content network."""
import io
import logging
import threading
from hashlib import sha256
from pathlib import Path
from typing import Callable, Optional

import numpy as np

from dctnet import atomic
from dctnet.errors import UserError

log = logging.getLogger(__name__)


class Cache:
    """Arrays that are made of one picture file each. Safe between threads, and between processes that share a folder.

    folder: where they are kept; None: nowhere, every array is made whenever it is asked for. Raises UserError where
    the folder can be neither written into nor created.
    """

    def __init__(self, folder: Optional[Path] = None) -> None:
        if folder:
            atomic.check_place(folder)
        self._folder, self._lock = folder, threading.Lock()

    def __call__(self, source: Path, what: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        """The array `what` (a name that says all it depends on besides the picture) of the file `source`.

        A file that has changed (its size or its time) counts as another one.
        """
        if self._folder is None:
            return make()
        file = self._folder / what / (_name(source) + '.npy')
        try:
            return np.load(str(file), allow_pickle=False)
        except FileNotFoundError:
            pass
        except (OSError, ValueError, EOFError) as error:
            log.warning('%s cannot be used (%s): it is made anew', file, error)
        array = make()
        self._keep(file, array)
        return array

    def _keep(self, file: Path, array: np.ndarray) -> None:
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        try:
            atomic.write_bytes(file, buffer.getvalue())
        except UserError as error:
            with self._lock:  # one warning, then the training goes on without
                if self._folder is not None:
                    log.warning('%s; from here on data.cache is neither read nor written', error)
                self._folder = None


def _name(source: Path) -> str:
    try:
        status = source.stat()
    except OSError as error:
        raise UserError(f'cannot read {source}: {error.strerror}') from error
    identity = f'{source.resolve()}\n{status.st_size}\n{status.st_mtime_ns}'
    return sha256(identity.encode('utf-8', 'surrogateescape')).hexdigest()[:32]
