"""A published StyleGAN2 checkpoint -> the .npz that train.py ccn takes as `source`."""
from pathlib import Path
from typing import Dict, NamedTuple

import numpy as np

from data_tools import nvidia_weights, rosinality_weights, torch_file
from dctnet import checkpoint
from dctnet.errors import UserError
from dctnet.nets.stylegan2 import Architecture, discriminator_shapes, generator_shapes

_PARTS = {'g': 'generator', 'g_ema': 'generator_ema', 'd': 'discriminator'}  # rosinality's names


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

    Raises UserError where the file is missing, damaged or something else, or where weights are missing, of another
    shape or not finite.
    """
    if Path(path).suffix == '.pkl':
        networks = nvidia_weights.read_networks(path)
    else:
        networks = _read_rosinality(path)
    generator = networks.get('generator_ema') or networks['generator']
    architecture = rosinality_weights.architecture_of(generator, str(path))
    for network, weights in networks.items():
        shapes = (discriminator_shapes if network == 'discriminator' else generator_shapes)(architecture)
        for name in [name for name in shapes if name.startswith('noises/') and name not in weights]:
            weights[name] = np.random.RandomState(0).standard_normal(shapes[name]).astype(np.float32)  # older files
        check_network(network, weights, architecture, str(path))
    return Imported(networks, architecture)


def check_network(network: str, weights: Dict[str, np.ndarray], a: Architecture, where: str) -> None:
    """Raise UserError where a generator's or the discriminator's weights are missing, of another shape or not finite.

    network: its name in the file. where: the file.
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
            convert = rosinality_weights.discriminator_arrays if theirs == 'd' else rosinality_weights.generator_arrays
            networks[ours] = convert({name: array for name, array in states[theirs].items()
                                      if isinstance(array, np.ndarray)})
    if 'generator' not in networks and 'generator_ema' not in networks:
        raise UserError(f'{path} holds neither "g" nor "g_ema": it is no StyleGAN2 checkpoint of rosinality\'s code')
    return networks
