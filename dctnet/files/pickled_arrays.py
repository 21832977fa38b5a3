"""Arrays out of an .npy file that holds a pickled dict, read without executing the pickle.

A pickle is a small program that may call anything Python can import. Here the few names that numpy writes for arrays
stand for plain records of this module, every other name is refused, and the numbers are read from the records' bytes.
"""
import pickle
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from dctnet.errors import UserError

_FLOATS = ('f2', 'f4', 'f8')


def read_array_lists(path: Path, names: Sequence[str]) -> Dict[str, List[np.ndarray]]:
    """The arrays kept under `names` in a file such as vgg19.npy: {name: [array, ...], ...} saved with numpy.save by
    Python 2 or 3 and any numpy.

    Result: float32 arrays; names that the file lacks are left out, entries not asked for are not decoded.
    Raises UserError if the file cannot be read, is no such dict, or its pickle names anything but numpy's arrays.
    """
    try:
        with Path(path).open('rb') as stream:
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


def _unreadable(path: Path, reason: str) -> UserError:
    return UserError(f'{path} is not a readable .npy of named arrays ({reason}): download it again')


def _skip_header(stream: Any) -> None:
    version = np.lib.format.read_magic(stream)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f'format version {version} of the .npy is unknown')
    dtype = read(stream)[2]
    if not dtype.hasobject:
        raise ValueError(f'it holds one array of {dtype} and no dict')


class _Dtype:
    """Stands for numpy.dtype: the code as in 'f4', and the byte order."""

    def __init__(self, code: Any = None, *_: Any) -> None:
        self.code, self.order = code, '='

    def __setstate__(self, state: Any) -> None:
        self.order = state[1]


class _Array:
    """Stands for numpy.ndarray: what its pickle holds, the numbers still as bytes."""
    shape: Any = ()
    dtype: Any = None
    fortran: Any = False
    data: Any = None

    def __setstate__(self, state: Any) -> None:
        _, self.shape, self.dtype, self.fortran, self.data = state


def _new_array(*_: Any) -> _Array:
    """Stands for numpy's _reconstruct, which makes an empty array to be filled afterwards."""
    return _Array()


def _encode(text: str, *_: Any) -> bytes:
    """Stands for _codecs.encode, by which protocol 2 of Python 3 writes bytes: always latin1 there."""
    return text.encode('latin1')


_STAND_INS = {
    ('numpy.core.multiarray', '_reconstruct'): _new_array,   # numpy 1
    ('numpy._core.multiarray', '_reconstruct'): _new_array,  # numpy 2
    ('numpy', 'ndarray'): _Array,
    ('numpy', 'dtype'): _Dtype,
    ('_codecs', 'encode'): _encode,
}


class ArrayUnpickler(pickle.Unpickler):
    """Loads a pickle of arrays without executing it: any name but numpy's and those of `stand_ins` is refused."""

    def __init__(self, stream: Any, path: Path, stand_ins: Optional[Dict[Tuple[str, str], Any]] = None) -> None:
        super().__init__(stream, encoding='latin1')  # the bytes of Python 2's strings, one to one
        self._path, self._stand_ins = path, {**_STAND_INS, **(stand_ins or {})}

    def find_class(self, module: str, name: str) -> Any:
        """Called for every name that the pickle wants imported."""
        stand_in = self._stand_ins.get((module, name))
        if stand_in is None:
            raise UserError(f'{self._path} is refused: it asks for {module}.{name}, and weights need nothing but numpy '
                            'arrays. Nothing of it was executed; fetch the file from its original source')
        return stand_in


def _entries(value: Any, name: str, path: Path) -> List[Any]:
    if isinstance(value, (list, tuple)):
        return list(value)
    raise _unreadable(path, f'the entry {name} is no list of arrays')


def decoded(entry: Any, name: str, path: Path) -> np.ndarray:
    """An array of an `ArrayUnpickler` as float32. Raises UserError if the entry is something else."""
    if not isinstance(entry, _Array) or not isinstance(entry.dtype, _Dtype):
        raise _unreadable(path, f'the entry {name} holds something else than arrays')
    if entry.dtype.code not in _FLOATS or entry.dtype.order not in ('<', '>', '='):
        raise _unreadable(path, f'the entry {name} holds no floating-point numbers')
    data = entry.data.encode('latin1') if isinstance(entry.data, str) else entry.data
    try:
        flat = np.frombuffer(data, np.dtype(entry.dtype.order + entry.dtype.code))
        array = flat.reshape(entry.shape, order='F' if entry.fortran else 'C')
    except (ValueError, TypeError, AttributeError) as error:
        raise _unreadable(path, f'the entry {name}: {error}') from error
    return array.astype(np.float32, order='C')
