"""Arrays of .npy and .npz files. What a file states of its sizes is compared with its bytes before room is made for it,
and nothing in it is evaluated or unpickled."""
import io
import re
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO, Dict, List, Tuple

import numpy as np

from dctnet.errors import UserError
from dctnet.files import regular

_MAGIC = b'\x93NUMPY'
_LENGTH_BYTES = {(1, 0): 2, (2, 0): 4, (3, 0): 4}
_LONGEST_HEADER, _MOST_AXES, _MOST_MEMBERS = 10000, 16, 100000
_HEADER = re.compile(r"\{'descr': '([<>|=]?[?biufcSUO]\d*)', 'fortran_order': (True|False), "
                     r"'shape': \(((?:\d{1,18}L?,? ?){0,32})\),? ?\}\s*\Z")
_KNOWN_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_FREE_BYTES, _MOST_COMPRESSED = 256 << 20, 100  # beyond the first, a file must have one byte for so many of its arrays
_DAMAGE = (ValueError, OSError, EOFError, KeyError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error,
           MemoryError, OverflowError, TypeError, IndexError, AttributeError)


def read_npz(path: Path, what: str) -> Dict[str, np.ndarray]:
    """Name -> array of an .npz file. what: it is, for messages. Raises UserError if it is missing, damaged, or claims
    more than its bytes can hold."""
    try:
        with regular.opened(path) as stream:
            return _members(stream)
    except FileNotFoundError:
        raise UserError(f'{what} {path} do not exist: check the path') from None
    except _DAMAGE as error:
        raise UserError(f'{what} {path} are not a readable .npz of plain arrays ({error or type(error).__name__})') \
            from error


def read_npy(path: Path, what: str) -> np.ndarray:
    """The array of an .npy file. Raises UserError as `read_npz` does."""
    try:
        with regular.opened(path) as stream:
            size = stream.seek(0, io.SEEK_END)
            stream.seek(0)
            return _array(stream, size)
    except FileNotFoundError:
        raise UserError(f'{what} {path} does not exist: check the path') from None
    except _DAMAGE as error:
        raise UserError(f'{what} {path} is not a readable .npy of a plain array ({error or type(error).__name__})') \
            from error


def _members(stream: BinaryIO) -> Dict[str, np.ndarray]:
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    if not zipfile.is_zipfile(stream):
        raise ValueError('it is no zip archive')
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        check_members(members, size)
        arrays = {}
        for member in members:
            with archive.open(member) as content:
                name = member.filename[:-4] if member.filename.endswith('.npy') else member.filename
                arrays[name] = _array(content, member.file_size)  # type: ignore[arg-type]
    return arrays


def check_members(members: List[zipfile.ZipInfo], size: int) -> None:
    """Raise ValueError if a zip archive of `size` bytes states sizes that it cannot or should not hold."""
    if len(members) > _MOST_MEMBERS:
        raise ValueError(f'it has {len(members)} members')
    for member in members:
        if member.compress_type not in _KNOWN_METHODS or member.flag_bits & 1:
            raise ValueError(f'{member.filename[:80]!r} is encrypted or packed in an unknown way')
        if member.compress_size > size or member.compress_type == zipfile.ZIP_STORED and member.file_size > size:
            raise ValueError(f'{member.filename[:80]!r} states more bytes than the file has')
    whole = sum(member.file_size for member in members)
    if whole > _FREE_BYTES and whole > _MOST_COMPRESSED * size:
        raise ValueError(f'{size} bytes claim to hold {whole}')


def read_header(stream: BinaryIO, objects: bool = False) -> Tuple[np.dtype, Tuple[int, ...], bool]:
    """Type, shape and Fortran order that the head of an .npy states; the stream is then at its numbers. Raises
    ValueError for anything but a plain array, or one of objects if that is asked for."""
    match = _HEADER.match(_header_text(stream))
    if match is None or match.group(1).endswith('O') and not objects:
        raise ValueError('its header is not that of a plain array')
    kind, fortran, sizes = match.groups()
    shape = tuple(int(size) for size in re.findall(r'\d+', sizes))
    if len(shape) > _MOST_AXES:
        raise ValueError(f'it has {len(shape)} axes')
    return np.dtype(kind), shape, fortran == 'True'


def _header_text(stream: BinaryIO) -> str:
    magic = stream.read(8)
    if len(magic) < 8 or magic[:6] != _MAGIC or (magic[6], magic[7]) not in _LENGTH_BYTES:
        raise ValueError('it has no header of an .npy')
    length = int.from_bytes(stream.read(_LENGTH_BYTES[magic[6], magic[7]]), 'little')
    if length > _LONGEST_HEADER:
        raise ValueError(f'its header states {length} bytes')
    return stream.read(length).decode('latin1')


def _array(stream: BinaryIO, size: int) -> np.ndarray:
    """size: bytes of the stream."""
    dtype, shape, fortran = read_header(stream)
    count = dtype.itemsize
    for axis in shape:
        count *= axis
    if count >= size:  # the header has some bytes as well
        raise ValueError(f'it has {size} bytes, and its header states {count}')
    data = stream.read(count)
    if len(data) != count or stream.read(1):
        raise ValueError('it has other bytes than its header states')
    flat = np.frombuffer(bytearray(data), dtype) if count else np.empty(0, dtype)
    return flat.reshape(shape, order='F' if fortran else 'C')
