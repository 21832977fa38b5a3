"""What PyTorch's torch.save writes for dictionaries of tensors, in its zip format and in the one of before 1.6."""
import io
import pickle
import struct
import sys
import types
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any, Dict, List
from unittest import mock

import numpy as np

KINDS = {'<f4': 'FloatStorage', '<f2': 'HalfStorage', '<f8': 'DoubleStorage', '<i8': 'LongStorage',
         '|u1': 'ByteStorage', '|b1': 'BoolStorage'}


class _Storage:
    def __init__(self, kind: type, key: str, array: np.ndarray) -> None:
        self.kind, self.key, self.array = kind, key, array


class _Pickler(pickle._Pickler):
    def persistent_id(self, value: Any) -> Any:
        return ('storage', value.kind, value.key, 'cpu', value.array.size) if isinstance(value, _Storage) else None


def write_torch(path: Path, content: Dict[str, Any], old: bool = False) -> Path:
    """content: nested dictionaries of arrays, and whatever else. old: the format of before PyTorch 1.6."""
    modules, storages = _modules(), []  # type: Any, List[_Storage]

    class Tensor:
        def __init__(self, array: np.ndarray) -> None:
            self.array = array

        def __reduce__(self) -> Any:
            array = np.ascontiguousarray(self.array)
            kind = getattr(modules['torch'], KINDS[array.dtype.str])
            storages.append(_Storage(kind, str(len(storages)), array))
            strides = tuple(stride // array.itemsize for stride in array.strides)
            arguments = (storages[-1], 0, array.shape, strides, False, OrderedDict())
            return modules['torch._utils']._rebuild_tensor_v2, arguments

    def wrapped(value: Any) -> Any:
        if isinstance(value, dict):
            return OrderedDict((name, wrapped(entry)) for name, entry in value.items())
        return Tensor(value) if isinstance(value, np.ndarray) else value

    with mock.patch.dict(sys.modules, modules):
        data = _pickled(wrapped(content))
    if old:
        system = {'protocol_version': 1001, 'little_endian': True, 'type_sizes': {'short': 2, 'int': 4, 'long': 4}}
        parts = [_pickled(value) for value in (0x1950a86a20f9469cfc6c, 1001, system)] + [data]
        parts.append(_pickled([storage.key for storage in storages]))
        for storage in storages:
            parts += [struct.pack('<q', storage.array.size), storage.array.tobytes()]
        path.write_bytes(b''.join(parts))
        return path
    with zipfile.ZipFile(str(path), 'w') as archive:
        archive.writestr('x/data.pkl', data)
        archive.writestr('x/byteorder', 'little')
        for storage in storages:
            archive.writestr('x/data/' + storage.key, storage.array.tobytes())
        archive.writestr('x/version', '3\n')
    return path


def _pickled(value: Any) -> bytes:
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=2).dump(value)
    return buffer.getvalue()


def _modules() -> Any:
    torch, functions = types.ModuleType('torch'), types.ModuleType('torch._utils')

    def _rebuild_tensor_v2() -> None:
        pass
    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = 'torch._utils', '_rebuild_tensor_v2'
    functions._rebuild_tensor_v2 = _rebuild_tensor_v2  # type: ignore[attr-defined]
    for name in KINDS.values():
        setattr(torch, name, type(name, (), {'__module__': 'torch'}))
    return {'torch': torch, 'torch._utils': functions}
