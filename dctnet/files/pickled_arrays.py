"""Arrays out of an .npy file that holds a pickled dict, read without executing the pickle.

A pickle is a small program that may call anything Python can import. Here the few names that numpy writes for arrays
stand for plain records of this module, every other name is refused, and the numbers are read from the records' bytes.
"""
import mmap
import pickle
import pickletools
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from dctnet.errors import UserError
from dctnet.files import arrays, regular

_OPERATIONS = {operation.code: operation for operation in pickletools.opcodes}
_FLOATS = ('f2', 'f4', 'f8')
_MOST_OPERATIONS, _LONGEST_NUMBER, _MOST_ENTRIES = 2000000, 100, 64


def read_array_lists(path: Path, names: Sequence[str]) -> Dict[str, List[np.ndarray]]:
    """The arrays kept under `names` in a file such as vgg19.npy: {name: [array, ...], ...} saved with numpy.save by
    Python 2 or 3 and any numpy.

    Result: float32 arrays; names that the file lacks are left out, entries not asked for are not decoded.
    Raises UserError if the file cannot be read, is no such dict, or its pickle names anything but numpy's arrays.
    """
    try:
        with regular.opened(path) as file, mapped(file) as stream:
            _skip_header(stream)
            content = ArrayUnpickler(stream, path).load()
    except UserError:
        raise
    except FileNotFoundError:
        raise UserError(f'weights {path} do not exist: check the path') from None
    except Exception as error:  # what a damaged pickle raises is not limited to any list (documentation of pickle)
        raise _unreadable(path, f'{type(error).__name__}: {error}') from error
    if isinstance(content, _Array) and isinstance(content.data, list) and len(content.data) == 1:
        content = content.data[0]  # numpy.save wraps the dict into an array of one object
    if not isinstance(content, dict):
        raise _unreadable(path, 'it holds no dict of layers')
    return {name: [decoded(entry, name, path) for entry in _entries(content[name], name, path)]
            for name in names if name in content}


def mapped(file: Any) -> Any:
    """The bytes of a file, as a stream that makes no room for more than there are. Raises ValueError if it is empty."""
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _unreadable(path: Path, reason: str) -> UserError:
    return UserError(f'{path} is not a readable .npy of named arrays ({reason}): download it again')


def _skip_header(stream: Any) -> None:
    dtype, _, _ = arrays.read_header(stream, objects=True)
    if not dtype.hasobject:
        raise ValueError(f'it holds one array of {dtype} and no dict')


class _Dtype:
    """Stands for numpy.dtype: the code as in 'f4', and the byte order."""

    def __init__(self, code: Any = None, *_: Any) -> None:
        self.code, self.order = code, '='

    def __setstate__(self, state: Any) -> None:
        self.order = state[1]


class _Array:
    """Stands for numpy.ndarray: what its pickle holds, the numbers still as bytes. Decoded once, however often the
    pickle names it."""
    shape: Any = ()
    dtype: Any = None
    fortran: Any = False
    data: Any = None
    decoded: Any = None

    def __setstate__(self, state: Any) -> None:
        _, self.shape, self.dtype, self.fortran, self.data = state


def _new_array(*_: Any) -> _Array:
    """Stands for numpy's _reconstruct, which makes an empty array to be filled afterwards."""
    return _Array()


STAND_INS = {
    ('numpy.core.multiarray', '_reconstruct'): _new_array,   # numpy 1
    ('numpy._core.multiarray', '_reconstruct'): _new_array,  # numpy 2
    ('numpy', 'ndarray'): _Array,
    ('numpy', 'dtype'): _Dtype,
}


class ArrayUnpickler(pickle.Unpickler):
    """Loads a pickle of arrays without executing it: any name but numpy's and those of `stand_ins` is refused."""

    def __init__(self, stream: Any, path: Path, stand_ins: Optional[Dict[Tuple[str, str], Any]] = None) -> None:
        super().__init__(stream, encoding='latin1')  # the bytes of Python 2's strings, one to one
        self._path, self._stand_ins = path, {**STAND_INS, **(stand_ins or {})}
        self._stream, self._room = stream, 0

    def load(self) -> Any:
        """The content of the pickle at the stream's position. Damage is signalled by any exception; memory is not taken
        for what the stream does not hold."""
        start = self._stream.tell()
        _check_operations(self._stream)
        self._room = 2 * (self._stream.tell() - start)
        self._stream.seek(start)
        return super().load()

    def _encode(self, text: str, *_: Any) -> bytes:
        """Stands for _codecs.encode, by which protocol 2 of Python 3 writes bytes: always latin1 there."""
        self._room -= len(text)
        if self._room < 0:
            raise ValueError('it takes the same text again and again')
        return text.encode('latin1')

    def find_class(self, module: str, name: str) -> Any:
        """Called for every name that the pickle wants imported."""
        stand_in = self._encode if (module, name) == ('_codecs', 'encode') else self._stand_ins.get((module, name))
        if stand_in is None:
            raise UserError(f'{self._path} is refused: it asks for {module}.{name}, and weights need nothing but numpy '
                            'arrays. Nothing of it was executed; fetch the file from its original source')
        return stand_in


def _check_operations(stream: Any) -> None:
    """Walk to the end of a pickle without executing it. Raises ValueError if a text is not there to its end, a number
    has many digits, or the memo, for which room is made up to its highest place, would be vast."""
    for count, (name, argument) in enumerate(_operations(stream)):
        if count > _MOST_OPERATIONS or name.endswith('PUT') and argument > _MOST_OPERATIONS:
            raise ValueError('it is no pickle of a few arrays')


def _operations(stream: Any) -> Iterator[Tuple[str, Any]]:
    """Names and arguments of the operations. pickletools.genops would read numbers of any length."""
    while True:
        code = stream.read(1)
        operation = _OPERATIONS.get(code.decode('latin1'))
        if operation is None:
            raise ValueError('the pickle ends early or has an unknown operation')
        argument = None
        if operation.name in ('INT', 'LONG', 'FLOAT', 'PUT', 'GET'):
            line = stream.readline()
            if len(line) > _LONGEST_NUMBER:
                raise ValueError('a number is too long')
            argument = int(line) if operation.name == 'PUT' else None
        elif operation.arg is not None:
            argument = operation.arg.reader(stream)
        yield operation.name, argument
        if code == b'.':
            return


def _entries(value: Any, name: str, path: Path) -> List[Any]:
    if isinstance(value, (list, tuple)) and len(value) <= _MOST_ENTRIES:
        return list(value)
    raise _unreadable(path, f'the entry {name} is no list of arrays')


def decoded(entry: Any, name: str, path: Path) -> np.ndarray:
    """An array of an `ArrayUnpickler` as float32. Raises UserError if the entry is something else."""
    if not isinstance(entry, _Array) or not isinstance(entry.dtype, _Dtype):
        raise _unreadable(path, f'the entry {name} holds something else than arrays')
    if entry.dtype.code not in _FLOATS or entry.dtype.order not in ('<', '>', '='):
        raise _unreadable(path, f'the entry {name} holds no floating-point numbers')
    if entry.decoded is not None:
        return entry.decoded
    try:
        data = entry.data.encode('latin1') if isinstance(entry.data, str) else entry.data
        flat = np.frombuffer(data, np.dtype(entry.dtype.order + entry.dtype.code))
        array = flat.reshape(entry.shape, order='F' if entry.fortran else 'C')
        entry.decoded = array.astype(np.float32, order='C')
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise _unreadable(path, f'the entry {name}: {error}') from error
    return entry.decoded
