"""Files of the published formats, with random numbers: how others name and store what this project imports."""
import math
import pickle
import sys
import types
from pathlib import Path
from typing import Dict, Tuple

import numpy as np

from dctnet.nets.stylegan2 import Architecture, discriminator_shapes, generator_shapes

TINY = Architecture(size=16, max_channels=6, style_dim=8, mapping_layers=3)


def random_networks(a: Architecture = TINY) -> Dict[str, Dict[str, np.ndarray]]:
    """generator, generator_ema and discriminator in this project's layout, every weight different."""
    rng = np.random.RandomState(0)
    shapes = {'generator': generator_shapes(a), 'generator_ema': generator_shapes(a),
              'discriminator': discriminator_shapes(a)}
    return {network: {name: rng.standard_normal(shape).astype(np.float32) for name, shape in entries.items()}
            for network, entries in shapes.items()}


def rosinality_state(weights: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
    """A network as rosinality's PyTorch code stores it, its constant filter kernels too."""
    state = {'convs.0.conv.blur.kernel': np.ones((4, 4), np.float32)}
    for name, array in weights.items():
        theirs = name.replace('/', '.')
        if name.startswith(('to_rgb1/conv/weight', 'to_rgbs')) and array.shape[-1] == 3 and 'modulation' not in name:
            array = array[..., ::-1]
        if name == 'convs/0/0/weight':
            array = array[:, :, ::-1]
        if name == 'to_rgb1/bias':
            array = array[::-1]
        if array.ndim == 4 and name.endswith('conv/weight') and array.shape[:2] in ((1, 1), (3, 3)) \
                and not name.startswith('final'):
            array = array.transpose(3, 2, 0, 1)[None]
        elif array.ndim == 4 and name.startswith(('input', 'noises')):
            array = array.transpose(0, 3, 1, 2)
        elif array.ndim == 4:
            array = array.transpose(3, 2, 0, 1)
        elif name == 'final_linear/0/weight':
            array = array.reshape(4, 4, -1, array.shape[1]).transpose(3, 2, 0, 1).reshape(array.shape[1], -1)
        elif array.ndim == 2:
            array = array.T
        elif name.startswith('to_rgb') and name.endswith('/bias') and 'modulation' not in name:
            array = array.reshape(1, 3, 1, 1)
        state[theirs] = np.ascontiguousarray(array)
    return state


def nvidia_variables(weights: Dict[str, np.ndarray], a: Architecture = TINY) -> Dict[str, np.ndarray]:
    """A network under the variable names of NVIDIA's TensorFlow code (without the names of components)."""
    variables = {}
    for i in range(a.mapping_layers):
        for part in ('weight', 'bias'):
            if f'style/{i + 1}/{part}' in weights:
                variables[f'Dense{i}/{part}'] = weights[f'style/{i + 1}/{part}']
    if 'input/input' in weights:
        variables['4x4/Const/const'] = weights['input/input'].transpose(0, 3, 1, 2)
        for i, _ in enumerate(a.noise_shapes):
            variables[f'noise{i}'] = weights[f'noises/noise_{i}'].transpose(0, 3, 1, 2)
        layers = {'4x4/Conv': 'conv1', '4x4/ToRGB': 'to_rgb1'}
        for i, r in enumerate(a.resolutions):
            layers.update({f'{r}x{r}/Conv0_up': f'convs/{2 * i}',
                           f'{r}x{r}/Conv1': f'convs/{2 * i + 1}',
                           f'{r}x{r}/ToRGB': f'to_rgbs/{i}'})
        for theirs, ours in layers.items():
            rgb, kernel = theirs.endswith('ToRGB'), weights[ours + '/conv/weight']
            kernel = kernel[..., ::-1] if rgb else kernel
            variables[theirs + '/weight'] = kernel[::-1, ::-1] if theirs.endswith('_up') else kernel
            variables[theirs + '/mod_weight'] = weights[ours + '/conv/modulation/weight']
            variables[theirs + '/mod_bias'] = weights[ours + '/conv/modulation/bias'] - 1
            bias = weights[ours + ('/bias' if rgb else '/activate/bias')]
            variables[theirs + '/bias'] = bias[::-1] if rgb else bias
            if not rgb:
                variables[theirs + '/noise_strength'] = weights[ours + '/noise/weight'].reshape(())
    else:
        top = f'{a.size}x{a.size}'
        variables.update({top + '/FromRGB/weight': weights['convs/0/0/weight'][:, :, ::-1],
                          top + '/FromRGB/bias': weights['convs/0/1/bias']})
        for r in a.resolutions:
            block, place = f'convs/{int(math.log2(a.size // r)) + 1}/', f'{r}x{r}/'
            for theirs, ours in (('Conv0/weight', 'conv1/0/weight'), ('Conv0/bias', 'conv1/1/bias'),
                                 ('Conv1_down/weight', 'conv2/1/weight'), ('Conv1_down/bias', 'conv2/2/bias'),
                                 ('Skip/weight', 'skip/1/weight')):
                variables[place + theirs] = weights[block + ours]
        dense = weights['final_linear/0/weight']
        variables.update({'4x4/Conv/weight': weights['final_conv/0/weight'],
                          '4x4/Conv/bias': weights['final_conv/1/bias'],
                          '4x4/Dense0/weight': dense.reshape(4, 4, -1, dense.shape[1]).transpose(
                              2, 0, 1, 3).reshape(dense.shape),
                          '4x4/Dense0/bias': weights['final_linear/0/bias'],
                          'Output/weight': weights['final_linear/1/weight'],
                          'Output/bias': weights['final_linear/1/bias']})
    return variables


def write_nvidia(path: Path, networks: Dict[str, Dict[str, np.ndarray]], protocol: int = 4) -> Path:
    """A .pkl of (G, D, Gs) objects of the class dnnlib.tflib.network.Network, with source code in their state."""
    module = types.ModuleType('dnnlib.tflib.network')
    module.Network = type('Network', (), {'__module__': module.__name__, '__getstate__': lambda self: self.state})
    util = types.ModuleType('dnnlib.util')
    util.EasyDict = type('EasyDict', (dict,), {'__module__': util.__name__})
    sys.modules.update({'dnnlib': types.ModuleType('dnnlib'), 'dnnlib.tflib': types.ModuleType('dnnlib.tflib'),
                        'dnnlib.util': util, module.__name__: module})
    try:
        def network(variables: Dict[str, np.ndarray], **components: object) -> object:
            made = module.Network()
            made.state = {'version': 4, 'name': 'x', 'static_kwargs': util.EasyDict(fmap_max=6),
                          'components': util.EasyDict(components), 'build_module_src': 'raise SystemExit',
                          'build_func_name': 'G_main',
                          'variables': list(variables.items()) + [('lod', np.float32(0))]}
            return made

        def whole(weights: Dict[str, np.ndarray]) -> object:
            variables = nvidia_variables(weights)
            mapping = {name: value for name, value in variables.items() if name.startswith('Dense')}
            synthesis = {name: value for name, value in variables.items() if name not in mapping}
            return network({'dlatent_avg': np.zeros(8, np.float32)}, mapping=network(mapping),
                           synthesis=network(synthesis))
        content = (whole(networks['generator']), network(nvidia_variables(networks['discriminator'])),
                   whole(networks['generator_ema']))
        path.write_bytes(pickle.dumps(content, protocol=protocol))
    finally:
        for name in ('dnnlib.tflib.network', 'dnnlib.util', 'dnnlib.tflib', 'dnnlib'):
            sys.modules.pop(name)
    return path


def lpips_states() -> Tuple[Dict[str, np.ndarray], Dict[str, np.ndarray]]:
    """AlexNet's convolutions under torchvision's names, and the linear layers of LPIPS, as PyTorch states hold them."""
    rng, alexnet, linear = np.random.RandomState(3), {}, {}
    for index, (layer, shape) in enumerate(((0, (64, 3, 11, 11)), (3, (192, 64, 5, 5)), (6, (384, 192, 3, 3)),
                                            (8, (256, 384, 3, 3)), (10, (256, 256, 3, 3)))):
        scale = np.sqrt(2.0 / np.prod(shape[1:]))
        alexnet[f'features.{layer}.weight'] = (rng.standard_normal(shape) * scale).astype(np.float32)
        alexnet[f'features.{layer}.bias'] = rng.normal(0, 0.1, shape[0]).astype(np.float32)
        linear[f'lin{index}.model.1.weight'] = rng.uniform(0, 1, (1, shape[0], 1, 1)).astype(np.float32)
    alexnet['classifier.1.bias'] = np.zeros(4096, np.float32)
    return alexnet, linear
