"""PyTorch files (.pt, .pth) of dictionaries with tensors, read without PyTorch and without executing their pickle.

Since PyTorch 1.6 such a file is a zip archive: NAME/data.pkl, in which a tensor names its storage, and NAME/data/KEY,
the numbers. Before, it was five pickles (a magic number, a version, facts of the system, the content, the keys of the
storages), and then for each storage the count of its numbers and the numbers.
"""
import io
import zipfile
from pathlib import Path
from typing import Any, BinaryIO, Callable, Dict, List, NamedTuple, Tuple

import numpy as np

from dctnet.errors import UserError
from dctnet.files import regular
from dctnet.files.arrays import check_members
from dctnet.files.pickled_arrays import STAND_INS, ArrayUnpickler, mapped

_MAGIC = 0x1950a86a20f9469cfc6c
_KINDS = {'FloatStorage': '<f4', 'HalfStorage': '<f2', 'DoubleStorage': '<f8', 'BFloat16Storage': '<u2',
          'LongStorage': '<i8', 'IntStorage': '<i4', 'ShortStorage': '<i2', 'CharStorage': 'i1', 'ByteStorage': 'u1',
          'BoolStorage': '?'}
_MOST_AXES, _DEEPEST = 8, 8
_MOST_COPIES = 4  # bytes of all arrays in float32 for one of the file


class _Storage(NamedTuple):
    """Numbers of one kind, the name of which says its type."""
    kind: str
    key: str
    length: int


class _Tensor(NamedTuple):
    storage: Any
    offset: Any
    size: Any
    stride: Any


class _Dictionary(dict):
    """Stands for OrderedDict and Namespace; attributes are left out."""

    def __setstate__(self, state: Any) -> None:
        pass


def _tensor(storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> _Tensor:
    """Stands for PyTorch's _rebuild_tensor and _rebuild_tensor_v2."""
    return _Tensor(storage, offset, size, stride)


def _data(data: Any, *_: Any) -> Any:
    """Stands for PyTorch's _rebuild_parameter."""
    return data


_STAND_INS = {
    **STAND_INS,
    ('torch._utils', '_rebuild_tensor'): _tensor,
    ('torch._utils', '_rebuild_tensor_v2'): _tensor,
    ('torch._utils', '_rebuild_parameter'): _data,
    ('collections', 'OrderedDict'): _Dictionary,
    ('argparse', 'Namespace'): _Dictionary,
    ('numpy.core.multiarray', 'scalar'): lambda *_: None,
    ('numpy._core.multiarray', 'scalar'): lambda *_: None,
    **{('torch', name): name for name in _KINDS},
}
_Bytes = Callable[[str], bytes]  # key of a storage -> its numbers


class _Unpickler(ArrayUnpickler):
    def persistent_load(self, identity: Any) -> _Storage:
        """Called for every storage that the pickle names."""
        if not isinstance(identity, tuple) or len(identity) < 5 or identity[0] != 'storage':
            raise ValueError('it holds something else than tensors')
        kind, key, count = identity[1], identity[2], identity[4]
        if kind not in _KINDS or not isinstance(key, str) or not isinstance(count, int) or count < 0:
            raise ValueError('a storage is not what PyTorch writes')
        return _Storage(kind, key, count)


def read_states(path: Path) -> Dict[str, Any]:
    """A file of nested dictionaries with tensors, as nested dictionaries with float32 arrays; all else is left out.

    Raises UserError if the file is missing, damaged or holds something else.
    """
    try:
        with regular.opened(path) as stream:
            size = stream.seek(0, io.SEEK_END)
            stream.seek(0)
            content, numbers = _opened(stream, size, path)
            if not isinstance(content, dict):
                raise UserError(f'{path} holds no dictionary of tensors')
            return _Reader(numbers, _MOST_COPIES * size + 4096).arrays(content, 0)
    except UserError:
        raise
    except FileNotFoundError:
        raise UserError(f'weights {path} do not exist: check the path') from None
    except Exception as error:  # what a damaged pickle raises is not limited to any list (documentation of pickle)
        raise UserError(f"{path} is not a PyTorch file of plain tensors ({' '.join(str(error).split())[:200]}): fetch "
                        'it from its original source; nothing of it was executed') from error


def _opened(stream: BinaryIO, size: int, path: Path) -> Tuple[Any, _Bytes]:
    if zipfile.is_zipfile(stream):
        return _of_archive(stream, size, path)
    return _of_pickles(mapped(stream), path)


def _of_archive(stream: BinaryIO, size: int, path: Path) -> Tuple[Any, _Bytes]:
    archive = zipfile.ZipFile(stream)
    check_members(archive.infolist(), size)
    names = [name for name in archive.namelist() if name.endswith('/data.pkl')]
    if len(names) != 1:
        raise ValueError('it is another zip archive')
    folder = names[0][:-len('data.pkl')]
    if folder + 'byteorder' in archive.namelist() and archive.read(folder + 'byteorder') != b'little':
        raise ValueError('it is of a big-endian machine')
    content = _Unpickler(io.BytesIO(archive.read(names[0])), path, _STAND_INS).load()
    return content, lambda key: archive.read(f'{folder}data/{key}')


def _of_pickles(stream: Any, path: Path) -> Tuple[Any, _Bytes]:
    def load() -> Any:
        return _Unpickler(stream, path, _STAND_INS).load()
    if load() != _MAGIC:
        raise ValueError('it does not begin as PyTorch files do')
    load()
    system = load()
    if not isinstance(system, dict) or system.get('little_endian') is not True:
        raise ValueError('it is of a big-endian machine')
    content, keys = load(), load()
    storages = _storages(content, {}, 0)
    places: Dict[str, Tuple[int, int]] = {}
    for key in keys:
        count = int.from_bytes(stream.read(8), 'little')
        length = count * np.dtype(_KINDS[storages[key].kind]).itemsize
        if count != storages[key].length or stream.tell() + length > len(stream):
            raise ValueError('it ends within its numbers')
        places[key] = (stream.tell(), length)
        stream.seek(length, io.SEEK_CUR)
    return content, lambda key: stream[places[key][0]:sum(places[key])]


def _storages(value: Any, found: Dict[str, _Storage], depth: int) -> Dict[str, _Storage]:
    """All storages that dictionaries, lists and tuples name."""
    if depth > _DEEPEST:
        return found
    if isinstance(value, _Tensor):
        if isinstance(value.storage, _Storage):
            found[value.storage.key] = value.storage
    elif isinstance(value, (dict, list, tuple)):
        for entry in (value.values() if isinstance(value, dict) else value):
            _storages(entry, found, depth + 1)
    return found


class _Reader:
    """Makes arrays of tensors. room: bytes that all of them may take."""

    def __init__(self, numbers: _Bytes, room: int) -> None:
        self._numbers, self._room = numbers, room

    def arrays(self, value: Dict[Any, Any], depth: int) -> Dict[str, Any]:
        """The dictionaries and tensors within `value`."""
        if depth > _DEEPEST:
            raise ValueError(f'it is nested deeper than {_DEEPEST}')
        result: Dict[str, Any] = {}
        for name, entry in value.items():
            if isinstance(entry, _Tensor):
                result[str(name)] = self._array(entry)
            elif isinstance(entry, dict):
                result[str(name)] = self.arrays(entry, depth + 1)
        return result

    def _array(self, tensor: _Tensor) -> np.ndarray:
        storage, size, stride = tensor.storage, _whole(tensor.size), _whole(tensor.stride)
        if not isinstance(storage, _Storage) or len(size) != len(stride) or len(size) > _MOST_AXES:
            raise ValueError('a tensor is not what PyTorch writes')
        offset, = _whole((tensor.offset,))
        count = 1
        for side in size:
            count *= side
        last = offset + sum((side - 1) * step for side, step in zip(size, stride))
        self._room -= 4 * count
        if count and last >= storage.length or count > storage.length or self._room < 0:
            raise ValueError('a tensor states more numbers than it has')
        dtype = np.dtype(_KINDS[storage.kind])
        flat = np.frombuffer(self._numbers(storage.key), dtype)
        if flat.size != storage.length:
            raise ValueError('a storage has not the numbers that it states')
        if storage.kind == 'BFloat16Storage':
            flat = (flat.astype(np.uint32) << 16).view(np.float32)
        strided = np.lib.stride_tricks.as_strided(flat[offset:], size, [step * flat.itemsize for step in stride])
        return np.array(strided, np.float32, order='C')


def _whole(values: Any) -> List[int]:
    if not isinstance(values, (tuple, list)) or not all(
            isinstance(value, int) and 0 <= value < 2 ** 48 for value in values):
        raise ValueError('a tensor is not what PyTorch writes')
    return list(values)
