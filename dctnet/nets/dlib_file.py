"""dlib's file of its face descriptor network, read into plain arrays (layout: the network's serialisation in dlib)."""
import struct
from pathlib import Path
from typing import List, NamedTuple, Tuple

import numpy as np

from dctnet.errors import UserError
from dctnet.files import text_file

CONVOLUTIONS = 29
_TENSOR_VERSION = 2
_MOST_BYTES = 256 << 20  # the published file has 22 MB


class DescriptorWeights(NamedTuple):
    """convolutions: (kernel [rows, columns, in, out], bias [out]) in order of execution, float32; the affine layer that
    follows each (dlib's frozen batch normalisation) is multiplied in. matrix: float32 [256, 128]."""
    convolutions: List[Tuple[np.ndarray, np.ndarray]]
    matrix: np.ndarray


def read_descriptor_weights(path: Path) -> DescriptorWeights:
    """Read dlib_face_recognition_resnet_model_v1.dat. Raises UserError if it is missing, damaged or another file."""
    try:
        data = text_file.read_bytes(Path(path), 'descriptor network', _MOST_BYTES)
    except UserError as error:
        raise UserError(f'{error}: name dlib_face_recognition_resnet_model_v1.dat') from error
    try:
        weights = _parse(data)
    except (ValueError, IndexError, struct.error, OverflowError, ZeroDivisionError) as error:
        raise UserError(f"{path} is not dlib's face descriptor network, or is damaged ({error}): take "
                        'dlib_face_recognition_resnet_model_v1.dat again') from error
    if not all(np.isfinite(array).all() for pair in weights.convolutions for array in pair + (weights.matrix,)):
        raise UserError(f'{path} holds values that are no finite numbers: fetch it again')
    return weights


def _parse(data: bytes) -> DescriptorWeights:
    convolutions, position = [], 0
    for _ in range(CONVOLUTIONS):
        reader = _Reader(data, _after(data, b'con_4', position))
        flat = reader.tensor()
        out, rows, columns = reader.integer(), reader.integer(), reader.integer()
        if flat.size % out or min(out, rows, columns) < 1:
            raise ValueError(f'a convolution of {flat.size} numbers cannot have {out} outputs')
        inputs = (flat.size // out - 1) // (rows * columns)
        kernel = flat[:-out].reshape(out, inputs, rows, columns).transpose(2, 3, 1, 0)
        reader = _Reader(data, _after(data, b'affine_', reader.position))
        gamma, beta = reader.tensor().reshape(2, out)
        convolutions.append((np.ascontiguousarray(kernel * gamma), flat[-out:] * gamma + beta))
        position = reader.position
    reader = _Reader(data, _after(data, b'fc_2', position))
    outputs, inputs = reader.integer(), reader.integer()
    return DescriptorWeights(convolutions, reader.tensor().reshape(inputs, outputs))


def _after(data: bytes, tag: bytes, start: int) -> int:
    """The position after the next layer name `tag`, which is written as its length and its letters."""
    mark = bytes([1, len(tag)]) + tag
    found = data.find(mark, start)
    if found < 0:
        raise ValueError(f'no layer {tag.decode()}, and one must follow')
    return found + len(mark)


class _Reader:
    """Reads numbers from a position on. An integer is one byte (low 4 bits: number of bytes that follow; bit 7:
    negative) and then its bytes, the lowest first."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data, self.position = data, position

    def integer(self) -> int:
        control = self._data[self.position]
        end = self.position + 1 + (control & 15)
        value = int.from_bytes(self._data[self.position + 1:end], 'little')
        self.position = end
        return -value if control & 128 else value

    def tensor(self) -> np.ndarray:
        version = self.integer()
        if version != _TENSOR_VERSION:
            raise ValueError(f'tensors of version {version} are unknown')
        size = 1
        for _ in range(4):
            size *= self.integer()
        if not 0 < size * 4 <= len(self._data) - self.position:
            raise ValueError('the file ends inside a tensor')
        array = np.frombuffer(self._data, '<f4', size, self.position).astype(np.float32)
        self.position += 4 * size
        return array
