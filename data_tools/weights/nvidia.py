"""StyleGAN2 networks of NVIDIA's TensorFlow code (stylegan2 and stylegan2-ada .pkl files) in this project's layout.

Such a file pickles (G, D, Gs) objects, each with its variables and with source code that NVIDIA's loader executes. Here
only the variables are read (dctnet.files.pickled_arrays) and nothing is executed.
"""
import math
import re
from pathlib import Path
from typing import Any, Dict, List

import numpy as np

from dctnet.errors import UserError
from dctnet.files import regular
from dctnet.files.pickled_arrays import ArrayUnpickler, decoded, mapped

_LAYER = re.compile(r'(?:G_synthesis/)?(\d+)x\1/(.+)$')


class _Network:
    """Stands for dnnlib.tflib.network.Network: its pickled state."""
    state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Dictionary(dict):
    """Stands for the dictionaries with attributes that the networks keep their settings in."""

    def __setstate__(self, state: Any) -> None:
        self.update(state)


_STAND_INS = {
    ('dnnlib.tflib.network', 'Network'): _Network,
    ('dnnlib.util', 'EasyDict'): _Dictionary,
    ('collections', 'OrderedDict'): _Dictionary,
    ('numpy.core.multiarray', 'scalar'): lambda *arguments: None,  # settings only; weights are arrays
}


def read_networks(path: Path) -> Dict[str, Dict[str, np.ndarray]]:
    """generator, generator_ema and discriminator of a .pkl, converted. Raises UserError if it is no such file."""
    try:
        with regular.opened(path) as file, mapped(file) as stream:
            content = ArrayUnpickler(stream, path, _STAND_INS).load()
    except UserError:
        raise
    except OSError as error:
        raise UserError(f'cannot read {path} ({error.strerror}): check the path') from error
    except Exception as error:  # what a damaged pickle raises is not limited to any list (documentation of pickle)
        raise UserError(f'{path} is not a readable network pickle ({type(error).__name__}: {error}): download it '
                        'again') from error
    if not isinstance(content, tuple) or len(content) != 3 or not all(isinstance(n, _Network) for n in content):
        raise UserError(f"{path} does not hold the three networks (G, D, Gs) of NVIDIA's TensorFlow StyleGAN2")
    try:
        generator, discriminator, average = [_variables(network, path) for network in content]
        return {'generator': generator_arrays(generator), 'generator_ema': generator_arrays(average),
                'discriminator': discriminator_arrays(discriminator)}
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(f'{path} is no StyleGAN2 of configuration E or F: {error}') from error


def _variables(network: _Network, path: Path) -> Dict[str, np.ndarray]:
    """A network's own variables and those of its components, without the components' names in ada's layout."""
    state = network.state if isinstance(network.state, dict) else {}
    variables: Dict[str, np.ndarray] = {}
    for component in (state.get('components') or {}).values():
        variables.update(_variables(component, path))
    entries: List[Any] = state.get('variables') or []
    for name, value in entries:
        if str(name) not in ('lod', 'augment_strength') and getattr(value, 'dtype', None) is not None:
            variables[str(name)] = decoded(value, str(name), path)
    return variables


def generator_arrays(variables: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
    """Mapping and synthesis variables under this project's names.

    Red and blue change places; the first kernel of each block is turned over, because it is used transposed there;
    modulation biases are stored without the 1 that the code adds.
    """
    result = {}
    for name, array in variables.items():
        dense, noise, layer = re.match(r'(?:G_mapping/)?Dense(\d+)/(weight|bias)$', name), re.match(
            r'(?:G_synthesis/)?noise(\d+)$', name), _LAYER.match(name)
        if dense:
            result[f'style/{int(dense.group(1)) + 1}/{dense.group(2)}'] = array
        elif noise:
            result[f'noises/noise_{noise.group(1)}'] = array.transpose(0, 2, 3, 1)
        elif layer and layer.group(2) == 'Const/const':
            result['input/input'] = array.transpose(0, 2, 3, 1)
        elif layer:
            result.update(_generator_layer(int(layer.group(1)), layer.group(2), array))
    return {name: np.ascontiguousarray(array) for name, array in result.items()}


def _generator_layer(resolution: int, name: str, array: np.ndarray) -> Dict[str, np.ndarray]:
    layer, _, part = name.partition('/')
    block = int(math.log2(resolution)) - 3
    ours = {'Conv': 'conv1', 'Conv0_up': f'convs/{2 * block}', 'Conv1': f'convs/{2 * block + 1}',
            'ToRGB': f'to_rgbs/{block}' if block >= 0 else 'to_rgb1'}[layer]
    if layer == 'ToRGB' and part in ('weight', 'bias'):
        array = array[..., ::-1]
    if layer == 'Conv0_up' and part == 'weight':
        array = array[::-1, ::-1]
    key = {'weight': '/conv/weight', 'mod_weight': '/conv/modulation/weight', 'mod_bias': '/conv/modulation/bias',
           'noise_strength': '/noise/weight', 'bias': '/bias' if layer == 'ToRGB' else '/activate/bias'}[part]
    if part == 'mod_bias':
        array = array + 1.0
    return {ours + key: array.reshape(1) if part == 'noise_strength' else array}


def discriminator_arrays(variables: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
    """The variables of the residual discriminator under this project's names."""
    size = max(int(match.group(1)) for match in map(_LAYER.match, variables) if match)
    result = {}
    for name, array in variables.items():
        layer = _LAYER.match(name)
        resolution, rest = (int(layer.group(1)), layer.group(2)) if layer else (0, name)
        block = f'convs/{int(math.log2(size / max(resolution, 1))) + 1}/'
        key = {'Conv0/weight': block + 'conv1/0/weight', 'Conv0/bias': block + 'conv1/1/bias',
               'Conv1_down/weight': block + 'conv2/1/weight', 'Conv1_down/bias': block + 'conv2/2/bias',
               'Skip/weight': block + 'skip/1/weight', 'FromRGB/weight': 'convs/0/0/weight',
               'FromRGB/bias': 'convs/0/1/bias', 'Conv/weight': 'final_conv/0/weight',
               'Conv/bias': 'final_conv/1/bias', 'Dense0/weight': 'final_linear/0/weight',
               'Dense0/bias': 'final_linear/0/bias', 'Output/weight': 'final_linear/1/weight',
               'Output/bias': 'final_linear/1/bias'}.get(rest)
        if key is None:
            continue
        if rest == 'FromRGB/weight':
            array = array[:, :, ::-1]
        if rest == 'Dense0/weight':  # its inputs are the last feature maps, channel by channel
            array = array.reshape(-1, 4, 4, array.shape[1]).transpose(1, 2, 0, 3).reshape(array.shape)
        result[key] = np.ascontiguousarray(array)
    return result
