"""A published StyleGAN2 checkpoint, rosinality's or NVIDIA's -> the .npz that train.py ccn takes as `source`.

rosinality's PyTorch code is what DCT-Net builds on. Its kernels are [out, in, h, w] and its images RGB.
"""
import re
from pathlib import Path
from typing import Dict, NamedTuple

import numpy as np

from dctnet.errors import UserError
from dctnet.nets.stylegan2 import Architecture, discriminator_shapes, generator_shapes
from dctnet.runs import checkpoint

from . import nvidia, torch_file

_PARTS = {'g': 'generator', 'g_ema': 'generator_ema', 'd': 'discriminator'}  # rosinality's names
_FIR_KERNEL = re.compile(r'(^|\.)kernel$')  # constants of the implementation, the same in every file


class Imported(NamedTuple):
    """networks: generator, generator_ema, discriminator (those that the file has) -> name -> weights."""
    networks: Dict[str, Dict[str, np.ndarray]]
    architecture: Architecture

    def arrays(self) -> Dict[str, np.ndarray]:
        """All weights as NETWORK/NAME, the layout of a checkpoint of train.py ccn."""
        return {f'{network}/{name}': array for network, weights in self.networks.items()
                for name, array in weights.items()}


def read(path: Path) -> Imported:
    """Read rosinality's .pt or NVIDIA's .pkl (told apart by the suffix).

    Raises UserError if the file is missing, damaged or something else, or if weights are missing, of another
    shape or not finite.
    """
    if Path(path).suffix == '.pkl':
        networks = nvidia.read_networks(path)
    else:
        networks = _read_rosinality(path)
    generator = networks.get('generator_ema') or networks['generator']
    architecture = architecture_of(generator, str(path))
    for network, weights in networks.items():
        shapes = (discriminator_shapes if network == 'discriminator' else generator_shapes)(architecture)
        for name in [name for name in shapes if name.startswith('noises/') and name not in weights]:
            weights[name] = np.random.RandomState(0).standard_normal(shapes[name]).astype(np.float32)  # older files
        check_network(network, weights, architecture, str(path))
    return Imported(networks, architecture)


def check_network(network: str, weights: Dict[str, np.ndarray], a: Architecture, where: str) -> None:
    """Raise UserError if a generator's or the discriminator's weights are missing, of another shape or not finite.

    network: its name in the file.
    weights: by name, converted.
    a: the architecture that they should be of.
    where: the file.
    """
    shapes = discriminator_shapes(a) if network == 'discriminator' else generator_shapes(a)
    report = checkpoint.compare(shapes, {name: array.shape for name, array in weights.items()})
    if report.missing or report.reshaped or report.unused:
        raise UserError(f'{where}: its {network} is no StyleGAN2 of {a.size} px with channel multiplier '
                        f'{a.channel_multiplier:g}: {report.text()}')
    damaged = [name for name, array in weights.items() if not np.isfinite(array).all()]
    if damaged:
        raise UserError(f"{where}: its {network} holds values that are no finite numbers ({', '.join(damaged[:4])}): "
                        'fetch it again, or take an earlier checkpoint')


def _read_rosinality(path: Path) -> Dict[str, Dict[str, np.ndarray]]:
    states = torch_file.read_states(path)
    networks = {}
    for theirs, ours in _PARTS.items():
        if isinstance(states.get(theirs), dict):
            convert = discriminator_arrays if theirs == 'd' else generator_arrays
            networks[ours] = convert({name: array for name, array in states[theirs].items()
                                      if isinstance(array, np.ndarray)})
    if 'generator' not in networks and 'generator_ema' not in networks:
        raise UserError(f'{path} holds neither "g" nor "g_ema": it is no StyleGAN2 checkpoint of rosinality\'s code')
    return networks


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
        return array.transpose(0, 2, 3, 1)                    # constant input and noise images [1, C, h, w]
    if array.ndim == 4:                                       # kernel [out, in, h, w]
        return array.transpose(2, 3, 1, 0)
    return array.T if array.ndim == 2 else array


def architecture_of(generator: Dict[str, np.ndarray], where: str) -> Architecture:
    """Sizes of a generator from its converted weights. Raises UserError if it is none."""
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
    """The channel multiplier, as far as the widths tell: if nothing is narrower than the cap, the usual 2."""
    return 2.0 if last == widest and 2.0 * 16384 / size >= widest else last * size / 16384.0
