"""What Python 2's numpy.save wrote for a dict: format 1.0 and a pickle of protocol 2 in which all strings are bytes."""
import io
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np


class _Python2Pickler(pickle._Pickler):
    dispatch = dict(pickle._Pickler.dispatch)

    def _save_string(self, value: Any) -> None:
        data = value.encode('latin1') if isinstance(value, str) else value
        self.write(pickle.BINSTRING + struct.pack('<i', len(data)) + data)
        self.memoize(value)

    dispatch[bytes] = _save_string
    dispatch[str] = _save_string


def write_python2(path: Path, content: dict) -> Path:
    """A file as Python 2 wrote it."""
    stream = io.BytesIO()
    _Python2Pickler(stream, protocol=2).dump(np.array(content, dtype=object))
    return write_npy(path, stream.getvalue())


def write_npy(path: Path, pickled: bytes) -> Path:
    """An .npy of one object with this pickle in it."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {'descr': '|O', 'fortran_order': False, 'shape': ()})
    path.write_bytes(stream.getvalue() + pickled)
    return path
