"""Weights that anyone can make again: each drawn from its name (parity README)."""
import zlib

import numpy as np


def normal(name: str, shape: tuple, salt: str) -> np.ndarray:
    """Standard normal float32 numbers that depend on salt + name alone."""
    crc = zlib.crc32((salt + name).encode()) & 0x7fffffff
    return np.random.RandomState(crc).standard_normal(shape).astype('float32')


def ttn_weight(name: str, shape: tuple, salt: str) -> np.ndarray:
    """A weight of the TTN: He-scaled where it has more than one dimension, 0.05 n where it has one."""
    n = normal(name, shape, salt).astype(np.float64)
    factor = np.sqrt(2.0 / np.prod(shape[:-1])) if len(shape) > 1 else 0.05
    return (n * factor).astype(np.float32)


def salt_of(archive: 'np.lib.npyio.NpzFile') -> str:
    """The salt of a vector file; the empty one where it has none."""
    return str(archive['salt']) if 'salt' in archive.files else ''
