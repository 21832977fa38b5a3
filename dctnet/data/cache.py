"""Arrays computed from training images, kept in files: decoded images, superpixels, features of the content network."""
import io
import logging
import threading
from pathlib import Path
from typing import Callable, Optional

import numpy as np

from dctnet.errors import UserError
from dctnet.files import atomic, kept_file
from dctnet.files.hashing import sha256_of_lines

log = logging.getLogger(__name__)


class Cache:
    """Arrays that are computed from one image file each. Safe between threads, and between processes with one folder.

    folder: where they are kept; None keeps nothing, and every array is computed each time. Raises UserError if the
    folder can be neither written into nor created.
    """

    def __init__(self, folder: Optional[Path] = None) -> None:
        if folder:
            atomic.check_place(folder)
        self._folder, self._lock = folder, threading.Lock()

    def __call__(self, source: Path, what: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        """The array of the file `source`, from the cache or from `make`.

        what: name of the array; it must name everything that the array depends on besides the file. A file whose size
        or modification time has changed counts as another one.
        """
        if self._folder is None:
            return make()
        file = self._folder / what / (_name(source) + '.npy')
        array = kept_file.read_array(file)
        if array is None:
            array = make()
            self._keep(file, array)
        return array

    def _keep(self, file: Path, array: np.ndarray) -> None:
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        try:
            atomic.write_bytes(file, buffer.getvalue())
        except UserError as error:
            with self._lock:  # one warning, then training continues without
                if self._folder is not None:
                    log.warning('%s; from here on data.cache is neither read nor written', error)
                self._folder = None


def _name(source: Path) -> str:
    try:
        status = source.stat()
    except OSError as error:
        raise UserError(f'cannot read {source}: {error.strerror}') from error
    return sha256_of_lines([str(source.resolve()), str(status.st_size), str(status.st_mtime_ns)])[:32]
