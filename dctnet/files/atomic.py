"""Files that exist whole or not at all: written under a temporary name in the same folder, flushed, then renamed."""
import errno
import io
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import numpy as np

from dctnet.errors import UserError
from dctnet.files import durable, leftovers

_STORAGE_ADVICE = {
    errno.ENOSPC: 'the disk is full: free some space',
    errno.EDQUOT: 'the disk quota is used up: free some space',
    errno.EROFS: 'the disk is read-only: choose another place',
    errno.EACCES: 'no permission to write there: choose another place or change its owner',
    errno.EPERM: 'no permission to write there: choose another place or change its owner',
    errno.ENOENT: 'a part of the path does not exist and cannot be made: choose another place',
    errno.ENOTDIR: 'a part of the path is a file: choose another place',
    errno.EEXIST: 'a file stands where a folder is needed: choose another place',
    errno.EISDIR: 'a folder stands where the file would go: choose another name',
    errno.ENAMETOOLONG: 'the name is too long: choose a shorter one',
    errno.ELOOP: 'a link stands there: remove it, or choose another place',
    errno.ENXIO: 'no plain file stands there: choose another name',
    errno.ETXTBSY: 'the file is in use: choose another name',
    errno.EIO: 'the disk or the network has failed: look after it',
    errno.ESTALE: 'the network file system has lost the folder: mount it again',
}


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """A context: turns errors of the disk (full, read-only, no permission, ...) into a UserError that names `path`."""
    try:
        yield
    except OSError as error:
        advice = _STORAGE_ADVICE.get(error.errno)
        if advice is None:
            raise
        raise UserError(f'cannot write {path}: {advice}') from error


def make_folder(path: Path) -> Path:
    """Create a folder and its parents if missing. Raises UserError if that is not possible."""
    with storage_errors(path):
        path.mkdir(parents=True, exist_ok=True)
    return path


def check_place(folder: Path) -> None:
    """Raise UserError if `folder` can be neither written into nor created; creates nothing."""
    nearest = next(place for place in [folder] + list(folder.parents) if place.exists() or place.is_symlink())
    if not nearest.is_dir():
        what = 'a file' if nearest.exists() else 'a link to nothing'
        raise UserError(f'cannot write into {folder}: {nearest} is {what}: choose another place')
    if not os.access(str(nearest), os.W_OK | os.X_OK):
        raise UserError(f'cannot write into {folder}: no permission, or a read-only disk: choose another place')


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, creating its folder. Raises UserError if the disk refuses."""
    write_together({path: data})


def write_together(files: Dict[Path, bytes]) -> None:
    """Write several files that belong together: none is renamed to its final name before all are on the disk.

    files: path -> content; missing folders are created. Raises UserError, naming the file, if the disk refuses.
    """
    staged: List[Tuple[Path, Path]] = []
    try:
        for path, data in files.items():
            make_folder(Path(path).parent)
            with storage_errors(path):
                staged.append((_temporary(Path(path)), Path(path)))
                staged[-1][0].write_bytes(data)
                durable.flush(staged[-1][0])
                durable.set_usual_rights(staged[-1][0])
        while staged:
            with storage_errors(staged[0][1]):
                durable.rename(*staged[0])
            staged.pop(0)
    finally:
        for temporary, _ in staged:
            temporary.unlink()


def _temporary(path: Path) -> Path:
    """A new, private file beside `path`."""
    leftovers.remove(path.parent)
    handle, name = tempfile.mkstemp(prefix=leftovers.prefix(path.name), dir=str(path.parent))
    os.close(handle)
    return Path(name)


def write_arrays(path: Path, arrays: Dict[str, np.ndarray]) -> None:
    """`write_bytes` of an .npz: name -> array."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_bytes(path, buffer.getvalue())


def write_text(path: Path, text: str) -> None:
    """`write_bytes` of `text_bytes`."""
    write_bytes(path, text_bytes(text))


def text_bytes(text: str) -> bytes:
    """UTF-8. What stands in it of a file name that is none, as Python holds such names, becomes \\udcff ..."""
    return text.encode('utf-8', 'backslashreplace')
