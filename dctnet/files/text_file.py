"""Text files that people write or edit: with or without a byte order mark, whatever their line breaks."""
import os
import stat
from pathlib import Path
from typing import List

from dctnet.errors import UserError

MOST_BYTES = 64 << 20
_MARKS = {b'\xff\xfe': 'utf-16', b'\xfe\xff': 'utf-16'}  # Notepad's "Unicode"; of UTF-8 the mark is left out


def read_bytes(path: Path, what: str, most: int = MOST_BYTES) -> bytes:
    """The content of a regular file of at most so many bytes.

    what: it is, for messages: 'keep-list'. Raises UserError if the file is missing, a folder, larger or not readable.
    """
    try:
        status = os.stat(str(path))
        if stat.S_ISDIR(status.st_mode):
            raise UserError(f'{what} {path} is a folder: name a file')
        if not stat.S_ISREG(status.st_mode):
            raise UserError(f'{what} {path} is no regular file: name one')
        if status.st_size > most:
            raise UserError(f'{what} {path} has {status.st_size} bytes, and at most {most} make sense: is it the right '
                            'file?')
        with Path(path).open('rb') as stream:
            data = stream.read(most + 1)
    except FileNotFoundError:
        raise UserError(f'{what} {path} does not exist: check the path') from None
    except PermissionError:
        raise UserError(f'no permission to read {path}: change its rights') from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        raise UserError(f'cannot read {what} {path} ({getattr(error, "strerror", None) or error}): check the path') \
            from error
    return data[:most]


def decode(data: bytes) -> str:
    """Bytes of UTF-8, or of UTF-16 with its mark, as text; line breaks become \\n. Raises ValueError if it is
    neither."""
    encoding = _MARKS.get(data[:2], 'utf-8-sig')
    return data.decode(encoding).replace('\r\n', '\n').replace('\r', '\n')


def read(path: Path, what: str, most: int = MOST_BYTES) -> str:
    """The text of a file, with \\n as line breaks. Raises UserError as `read_bytes` does, and if it is no text."""
    try:
        return decode(read_bytes(path, what, most))
    except ValueError as error:
        raise UserError(f'{what} {path} is no UTF-8 text ({error}): save it as UTF-8') from error


def lines(path: Path, what: str) -> List[str]:
    """The lines of a text file, without their ends and spaces around them. Raises UserError as `read` does."""
    return [line.strip() for line in read(path, what).splitlines()]
