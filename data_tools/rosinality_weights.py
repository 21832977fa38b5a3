"""Weights of the PyTorch implementation of StyleGAN2 that DCT-Net builds on (rosinality), in this project's layout.

Names keep their parts, with '/' for '.'. Kernels turn from [out, in, height, width] to [height, width, in, out], linear
layers are transposed, and where pictures enter or leave, red and blue change places: pictures are BGR here.
"""
import re
from typing import Dict

import numpy as np

from dctnet.errors import UserError
from dctnet.nets.stylegan2 import Architecture

_FIR_KERNEL = re.compile(r'(^|\.)kernel$')  # constants of the implementation, the same in every file


def generator_arrays(state: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
    """A `g` or `g_ema` state as this project's generator weights."""
    result = {}
    for name, array in state.items():
        if _FIR_KERNEL.search(name):
            continue
        converted = _converted(array)
        if name.startswith(('to_rgb1.', 'to_rgbs.')) and not name.endswith(('modulation.weight', 'modulation.bias')):
            converted = converted[..., ::-1]
        result[name.replace('.', '/')] = np.ascontiguousarray(converted)
    return result


def discriminator_arrays(state: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
    """A `d` state as this project's discriminator weights."""
    result = {}
    for name, array in state.items():
        if _FIR_KERNEL.search(name):
            continue
        converted = _converted(array)
        if name == 'convs.0.0.weight':
            converted = converted[:, :, ::-1]
        if name == 'final_linear.0.weight':  # its inputs are the last feature maps, channel by channel
            channels = array.shape[1] // 16
            converted = array.reshape(-1, channels, 4, 4).transpose(2, 3, 1, 0).reshape(16 * channels, -1)
        result[name.replace('.', '/')] = np.ascontiguousarray(converted)
    return result


def _converted(array: np.ndarray) -> np.ndarray:
    if array.ndim == 5:                                       # modulated kernel [1, out, in, h, w]
        return array[0].transpose(2, 3, 1, 0)
    if array.ndim == 4 and array.shape[0] == 1 and array.shape[2:] == (1, 1) and array.shape[1] == 3:
        return array.reshape(3)                               # bias of a to_rgb [1, 3, 1, 1]
    if array.ndim == 4 and array.shape[0] == 1 and array.shape[2] == array.shape[3] > 3:
        return array.transpose(0, 2, 3, 1)                    # constant input and noise pictures [1, C, h, w]
    if array.ndim == 4:                                       # kernel [out, in, h, w]
        return array.transpose(2, 3, 1, 0)
    return array.T if array.ndim == 2 else array


def architecture_of(generator: Dict[str, np.ndarray], where: str) -> Architecture:
    """Sizes of a generator from its converted weights. Raises UserError where it is none."""
    blocks = len({name.split('/')[1] for name in generator if name.startswith('to_rgbs/')})
    layers = len({name.split('/')[1] for name in generator if name.startswith('style/')})
    try:
        style_dim = generator['style/1/weight'].shape[0]
        size, last = 4 * 2 ** blocks, generator[f'convs/{2 * blocks - 1}/conv/weight'].shape[3]
        widest = generator['input/input'].shape[3]
    except (KeyError, IndexError):
        raise UserError(f'{where} holds no StyleGAN2 generator (style.1.weight, convs.0.conv.weight ...)') from None
    multiplier = _multiplier(size, last, widest)
    return Architecture(size, multiplier, widest, style_dim, layers)


def _multiplier(size: int, last: int, widest: int) -> float:
    """The channel multiplier, as far as the widths tell: where nothing is narrower than the cap, the usual 2."""
    return 2.0 if last == widest and 2.0 * 16384 / size >= widest else last * size / 16384.0
