"""StyleGAN2 (Karras et al. 2020; config F without its fused operations): generator and discriminator.

The networks are functions of their weights: a dictionary name -> tensor whose names and shapes `generator_shapes` and
`discriminator_shapes` give. Names are those of the published PyTorch implementation with '/' for '.'; kernels are
[height, width, in, out], images BGR, and all weights are stored before the equalised-learning-rate factors.
"""
import math
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from dctnet.compat import tf
from dctnet.ops.random import name_key
from dctnet.ops.resample import downsample_fir, fir, upsample_fir

Weights = Dict[str, tf.Tensor]
Shapes = Dict[str, Tuple[int, ...]]

_MAPPING_LR = 0.01   # learning-rate factor of the mapping network
_GAIN = math.sqrt(2.0)
_STDDEV_GROUP = 4


class Architecture(NamedTuple):
    """Sizes of both networks.

    size: side of the images in pixels, a power of two from 8.
    channel_multiplier, max_channels: channel_multiplier * 16384 / r channels at resolution r, at most max_channels.
    style_dim, mapping_layers: length of z and w; number of dense layers from z to w.
    """
    size: int
    channel_multiplier: float = 2.0
    max_channels: int = 512
    style_dim: int = 512
    mapping_layers: int = 8

    def channels(self, resolution: int) -> int:
        """Feature maps at a resolution."""
        return max(1, min(self.max_channels, int(self.channel_multiplier * 16384 / resolution)))

    @property
    def resolutions(self) -> List[int]:
        """8, 16, ... size."""
        return [2 ** i for i in range(3, int(math.log2(self.size)) + 1)]

    @property
    def layers(self) -> int:
        """Number of w vectors that the synthesis takes: 14 at 256 px."""
        return 2 * len(self.resolutions) + 2

    @property
    def noise_shapes(self) -> List[Tuple[int, int]]:
        """Height and width of each layer's noise map: 4, 8, 8, 16, 16, ..."""
        return [(4, 4)] + [(r, r) for r in self.resolutions for _ in range(2)]


def generator_shapes(a: Architecture) -> Shapes:
    """Every weight of mapping and synthesis, and the fixed noise maps noises/noise_N [1, h, w, 1]."""
    shapes: Shapes = {}
    for i in range(1, a.mapping_layers + 1):
        shapes[f'style/{i}/weight'] = (a.style_dim, a.style_dim)
        shapes[f'style/{i}/bias'] = (a.style_dim,)
    shapes['input/input'] = (1, 4, 4, a.channels(4))
    inputs = a.channels(4)
    layers = [('conv1', 4)] + [(f'convs/{i}', a.resolutions[i // 2]) for i in range(2 * len(a.resolutions))]
    for name, resolution in layers:
        outputs = a.channels(resolution)
        shapes.update(_modulated_shapes(name + '/conv', 3, inputs, outputs, a.style_dim))
        shapes[name + '/noise/weight'] = (1,)
        shapes[name + '/activate/bias'] = (outputs,)
        inputs = outputs
    for name, resolution in [('to_rgb1', 4)] + [(f'to_rgbs/{i}', r) for i, r in enumerate(a.resolutions)]:
        shapes.update(_modulated_shapes(name + '/conv', 1, a.channels(resolution), 3, a.style_dim))
        shapes[name + '/bias'] = (3,)
    for i, (height, width) in enumerate(a.noise_shapes):
        shapes[f'noises/noise_{i}'] = (1, height, width, 1)
    return shapes


def _modulated_shapes(name: str, kernel: int, inputs: int, outputs: int, style_dim: int) -> Shapes:
    return {name + '/weight': (kernel, kernel, inputs, outputs), name + '/modulation/weight': (style_dim, inputs),
            name + '/modulation/bias': (inputs,)}


def discriminator_shapes(a: Architecture) -> Shapes:
    """Every weight of the discriminator."""
    shapes: Shapes = {'convs/0/0/weight': (1, 1, 3, a.channels(a.size))}
    shapes['convs/0/1/bias'] = (a.channels(a.size),)
    for i, resolution in enumerate(reversed(a.resolutions), 1):
        block, inputs, outputs = f'convs/{i}', a.channels(resolution), a.channels(resolution // 2)
        shapes[block + '/conv1/0/weight'] = (3, 3, inputs, inputs)
        shapes[block + '/conv1/1/bias'] = (inputs,)
        shapes[block + '/conv2/1/weight'] = (3, 3, inputs, outputs)
        shapes[block + '/conv2/2/bias'] = (outputs,)
        shapes[block + '/skip/1/weight'] = (1, 1, inputs, outputs)
    last = a.channels(4)
    shapes.update({'final_conv/0/weight': (3, 3, last + 1, last), 'final_conv/1/bias': (last,),
                   'final_linear/0/weight': (4 * 4 * last, last), 'final_linear/0/bias': (last,),
                   'final_linear/1/weight': (last, 1), 'final_linear/1/bias': (1,)})
    return shapes


def starting_weights(shapes: Shapes, seed: int) -> Dict[str, np.ndarray]:
    """The usual start: normal weights (the mapping's divided by its factor), biases 0, those of modulations 1, noise
    strengths 0. Each a function of (seed, name)."""
    weights = {}
    for name, shape in shapes.items():
        if name.endswith('bias'):
            weights[name] = np.full(shape, float(name.endswith('modulation/bias')), np.float32)
        elif name.endswith('noise/weight'):
            weights[name] = np.zeros(shape, np.float32)
        else:
            divisor = _MAPPING_LR if name.startswith('style/') else 1.0
            rng = np.random.RandomState([seed, name_key(name)])
            weights[name] = (rng.standard_normal(shape) / divisor).astype(np.float32)
    return weights


def mapping(weights: Weights, z: tf.Tensor) -> tf.Tensor:
    """z [N, style_dim] -> w [N, style_dim]."""
    x = z * tf.rsqrt(tf.reduce_mean(tf.square(z), axis=1, keepdims=True) + 1e-8)
    layer = 1
    while f'style/{layer}/weight' in weights:
        name = f'style/{layer}/'
        x = _activated(_linear(weights[name + 'weight'], x, _MAPPING_LR), weights[name + 'bias'] * _MAPPING_LR)
        layer += 1
    return x


def truncated(w: tf.Tensor, mean: tf.Tensor, psi: float) -> tf.Tensor:
    """w pulled towards the mean: psi 1 leaves it, 0 gives the mean face."""
    return mean + psi * (w - mean)


def per_layer(w: tf.Tensor, layers: int, other: Optional[tf.Tensor] = None,
              crossover: Optional[tf.Tensor] = None) -> tf.Tensor:
    """One w for every layer of the synthesis, [N, layers, style_dim].

    w, other: [N, style_dim], of the layers before and from the crossover on; if other is None, all layers take w.
    layers, crossover: Architecture.layers; int32 scalar from 0 to layers.
    """
    repeated = tf.tile(w[:, None], [1, layers, 1])  # [N, layers, style_dim]
    if other is None:
        return repeated
    first = tf.reshape(tf.range(layers) < crossover, [1, layers, 1])
    return tf.where(tf.broadcast_to(first, tf.shape(repeated)), repeated, tf.tile(other[:, None], [1, layers, 1]))


def synthesis(weights: Weights, w: tf.Tensor, noise: Sequence[tf.Tensor]) -> tf.Tensor:
    """w [N, layers, style_dim], noise: a map [N or 1, h, w, 1] per layer -> [N, size, size, 3] BGR, about [-1, 1]."""
    x = tf.tile(weights['input/input'], [tf.shape(w)[0], 1, 1, 1])  # [N, 4, 4, c]
    x = _styled(weights, 'conv1', x, w[:, 0], noise[0], upsample=False)
    picture = _to_rgb(weights, 'to_rgb1', x, w[:, 1])
    for block in range((len(noise) - 1) // 2):
        first = 2 * block
        x = _styled(weights, f'convs/{first}', x, w[:, first + 1], noise[first + 1], upsample=True)
        x = _styled(weights, f'convs/{first + 1}', x, w[:, first + 2], noise[first + 2], upsample=False)
        picture = upsample_fir(picture) + _to_rgb(weights, f'to_rgbs/{block}', x, w[:, first + 3])
    return picture


def fixed_noise(weights: Weights) -> List[tf.Tensor]:
    """The noise maps that belong to a generator."""
    count = sum(name.startswith('noises/') for name in weights)
    return [weights[f'noises/noise_{i}'] for i in range(count)]


def discriminate(weights: Weights, picture: tf.Tensor) -> tf.Tensor:
    """Images [N, size, size, 3] BGR -> logits [N, 1]. N is known; above 4, a multiple of 4 (`_minibatch_stddev`)."""
    x = _activated(_conv(weights['convs/0/0/weight'], picture), weights['convs/0/1/bias'])
    block = 1
    while f'convs/{block}/skip/1/weight' in weights:
        name = f'convs/{block}/'
        y = _activated(_conv(weights[name + 'conv1/0/weight'], x), weights[name + 'conv1/1/bias'])
        y = _conv(weights[name + 'conv2/1/weight'], fir(y, 2, 2), stride=2, padding='VALID')
        y = _activated(y, weights[name + 'conv2/2/bias'])
        x = (y + _conv(weights[name + 'skip/1/weight'], downsample_fir(x))) / _GAIN
        block += 1
    x = tf.concat([x, minibatch_stddev(x)], axis=3)          # [N, 4, 4, c + 1]
    x = _activated(_conv(weights['final_conv/0/weight'], x), weights['final_conv/1/bias'])
    x = tf.reshape(x, [-1, int(np.prod(x.shape.as_list()[1:]))])  # [N, 16 c]
    x = _activated(_linear(weights['final_linear/0/weight'], x), weights['final_linear/0/bias'])
    return _linear(weights['final_linear/1/weight'], x) + weights['final_linear/1/bias']


def _linear(weight: tf.Tensor, x: tf.Tensor, factor: float = 1.0) -> tf.Tensor:
    return tf.matmul(x, weight * (factor / math.sqrt(weight.shape.as_list()[0])))


def _conv(weight: tf.Tensor, x: tf.Tensor, stride: int = 1, padding: str = 'SAME') -> tf.Tensor:
    return tf.nn.conv2d(x, weight * _equalised(weight), [1, stride, stride, 1], padding)


def _equalised(weight: tf.Tensor) -> float:
    return 1.0 / math.sqrt(np.prod(weight.shape.as_list()[:3]))


def _activated(x: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    return tf.nn.leaky_relu(x + bias, 0.2) * _GAIN


def modulated_conv(weights: Weights, name: str, x: tf.Tensor, w: tf.Tensor, upsample: bool,
                   demodulate: bool) -> tf.Tensor:
    """Scale x by the style, convolve, divide by the norm that the scaled kernel would have: the same as one kernel for
    each image, without grouped convolutions (which no CPU has). Returns [N, H, W, out], or [N, 2H, 2W, out].

    weights, name: of the generator, and of the layer among them: NAME/weight, NAME/modulation/...
    x, w: features [N, H, W, in], and the style [N, style_dim] of each image.
    upsample, demodulate: double height and width; divide by the norm.
    """
    weight = weights[name + '/weight']
    kernel = weight * _equalised(weight)                                                   # [k, k, in, out]
    style = _linear(weights[name + '/modulation/weight'], w) + weights[name + '/modulation/bias']  # [N, in]
    x = x * style[:, None, None, :]                                                        # [N, H, W, in]
    if upsample:
        batch, (height, width) = tf.shape(x)[0], x.shape.as_list()[1:3]
        outputs = weight.shape.as_list()[3]
        shape = [2 * height + 1, 2 * width + 1, outputs]
        x = tf.nn.conv2d_transpose(x, tf.transpose(kernel, [0, 1, 3, 2]), tf.stack([batch] + shape), [1, 2, 2, 1],
                                   'VALID')                                                # [N, 2H + 1, 2W + 1, out]
        x.set_shape([None] + shape)
        x = fir(x, 1, 1, gain=4.0)                                                         # [N, 2H, 2W, out]
    else:
        x = tf.nn.conv2d(x, kernel, [1, 1, 1, 1], 'SAME')                                  # [N, H, W, out]
    if demodulate:
        norm = tf.matmul(tf.square(style), tf.reduce_sum(tf.square(kernel), axis=[0, 1]))  # [N, out]
        x = x * tf.rsqrt(norm + 1e-8)[:, None, None, :]
    return x


def _styled(weights: Weights, name: str, x: tf.Tensor, w: tf.Tensor, noise: tf.Tensor, upsample: bool,
            ) -> tf.Tensor:
    x = modulated_conv(weights, name + '/conv', x, w, upsample, demodulate=True)
    return _activated(x + weights[name + '/noise/weight'] * noise, weights[name + '/activate/bias'])


def _to_rgb(weights: Weights, name: str, x: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
    return modulated_conv(weights, name + '/conv', x, w, upsample=False, demodulate=False) + weights[name + '/bias']


def minibatch_stddev(x: tf.Tensor) -> tf.Tensor:
    """[N, H, W, 1]: how much the images of a group of (up to) four differ, averaged over channels and pixels."""
    count, height, width, channels = x.shape.as_list()
    group = min(count, _STDDEV_GROUP)
    if count % group:
        raise ValueError(f'a batch of {count} cannot be cut into groups of {group}')
    grouped = tf.reshape(x, [group, count // group, height, width, channels])
    variance = tf.reduce_mean(tf.square(grouped - tf.reduce_mean(grouped, axis=0, keepdims=True)), axis=0)
    deviation = tf.reduce_mean(tf.sqrt(variance + 1e-8), axis=[1, 2, 3])       # [N / group]
    return tf.tile(deviation[:, None, None, None], [group, height, width, 1])  # [N, H, W, 1]
