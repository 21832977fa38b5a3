"""Weights that anyone can make again: each drawn from its name (parity README)."""
import ast
import zlib
from typing import Dict

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


def salt_of(archive: np.lib.npyio.NpzFile) -> str:
    """The salt of a vector file; the empty one where it has none."""
    return str(archive['salt']) if 'salt' in archive.files else ''


def names_and_shapes(entries: np.ndarray) -> Dict[str, tuple]:
    """Entries such as 'convs.0.weight (1, 2)' as a dictionary."""
    split = [str(entry).split(' ', 1) for entry in entries]
    return {name: ast.literal_eval(shape) for name, shape in split}


def stylegan2_state(prefix: str, shapes: Dict[str, tuple], salt: str) -> Dict[str, np.ndarray]:
    """Weights of a published StyleGAN2 network under its own names, without the constant filter kernels."""
    state = {}
    for name, shape in shapes.items():
        if name.endswith('.kernel'):
            continue
        n = normal(prefix + name, shape, salt)
        if name.startswith('style.') and name.endswith('weight'):
            n = n / 0.01
        elif name.endswith('modulation.bias'):
            n = 1 + 0.1 * n
        elif name.endswith(('bias', 'noise.weight')):
            n = 0.1 * n
        state[name] = np.float32(n)
    return state


def arcface_state(shapes: Dict[str, tuple], salt: str) -> Dict[str, np.ndarray]:
    """Weights of the published IR-SE50 under its own names."""
    state = {}
    for name, shape in shapes.items():
        if name.endswith('num_batches_tracked'):
            continue
        n = normal('arcface/' + name, shape, salt)
        if name.endswith('running_var'):
            n = 0.5 + np.abs(n)
        elif name.endswith('running_mean'):
            n = 0.1 * n
        elif len(shape) == 1:
            n = 1 + 0.1 * n if name.endswith('weight') else 0.1 * n
        else:
            n = n * np.sqrt(1 / np.prod(shape[1:]))
        state[name] = np.float32(n)
    return state
