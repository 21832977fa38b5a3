"""SHA-256 of files and texts, in hexadecimal."""
import hashlib
from pathlib import Path
from typing import Iterable

from dctnet.errors import UserError
from dctnet.files import regular


def sha256_of_bytes(data: bytes) -> str:
    """Of bytes in memory."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Of a whole file. Raises UserError if it cannot be read."""
    try:
        with regular.opened(path) as stream:
            return sha256_of_bytes(stream.read())
    except OSError as error:
        raise UserError(f'cannot read {path}: {error.strerror}') from error


def sha256_of_lines(lines: Iterable[str]) -> str:
    """Of texts, one per line. File names that are not valid UTF-8 are hashed as their bytes."""
    return sha256_of_bytes('\n'.join(lines).encode('utf-8', 'surrogateescape'))
