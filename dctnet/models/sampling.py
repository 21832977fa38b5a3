"""Images of a calibrated generator and their twins by the source (paper section 3.1; docs/recipe.md, "CCN").

A sample is a function of the seed and its index. Neither the size of the batch nor earlier samples change it, up to the
rounding of the device.
"""
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from dctnet.compat import session_config, tf
from dctnet.errors import UserError
from dctnet.frozen import FrozenGraph
from dctnet.models.blending import blend
from dctnet.nets import stylegan2
from dctnet.nets.stylegan2 import Architecture

Arrays = Dict[str, np.ndarray]

_MEAN_STREAM, _SAMPLE_STREAM = 0, 1
MEAN_CHUNK = 4096
_MAPPING = 'style/'


class Sampling(NamedTuple):
    """How images are sampled.

    blend, blend_width: resolution and width of blending.blend; blend 0 leaves the target as it is.
    mix_w: number of coarse layers that take the source's w; the others take the target's. 0: all take the w of the
        blended generator's mapping, which is the source's if there is a blend.
    truncation: 1 leaves w, 0 gives the mean face.
    mean_samples: number of w's in that mean.
    seed: of the latents and the noise.
    fresh_noise: draw noise maps for each sample; else use the generator's fixed ones.
    """
    blend: int = 4
    blend_width: float = 0.0
    mix_w: int = 0
    truncation: float = 0.7
    mean_samples: int = 4096
    seed: int = 0
    fresh_noise: bool = True


class FaceSampler:
    """Samples the images of given indices.

    a: architecture of both generators.
    target, source: weights by name (stylegan2.generator_shapes). The source is needed for blend, mix_w and twins; else
        it may be None.
    sampling: how the images are sampled.
    twins: also give the source's own image of the same z and the same noise.
    device: 'auto', 'cpu' or 'gpu'.
    Raises UserError if device is 'gpu' and there is none.
    """

    def __init__(self, a: Architecture, target: Arrays, source: Optional[Arrays], sampling: Sampling, twins: bool,
                 device: str = 'auto') -> None:
        if source is None:
            if sampling.blend or sampling.mix_w or twins:
                raise ValueError('blend, mix_w and twins need a source generator')
            source = target  # which nothing below asks for
        self._a, self._sampling = a, sampling
        generator = target
        if sampling.blend:
            generator = blend(source, target, sampling.blend, sampling.blend_width)

        def mean(weights: Arrays) -> np.ndarray:
            return mean_w(weights, sampling.mean_samples, sampling.seed, device)

        values: Dict[tf.Tensor, np.ndarray] = {}
        with tf.Graph().as_default():
            z = tf.placeholder(tf.float32, [None, a.style_dim])
            if sampling.mix_w:
                coarse, fine = [_truncated_w(weights, mean(weights), z, sampling.truncation)
                                for weights in (source, target)]
                w = stylegan2.per_layer(coarse, a.layers, fine, tf.constant(sampling.mix_w))
            else:
                w = stylegan2.per_layer(_truncated_w(generator, mean(generator), z, sampling.truncation), a.layers)
            weights = synthesis_variables('generator', generator, values)
            noise, self._inputs = stylegan2.fixed_noise(weights), [z]
            if sampling.fresh_noise:
                noise = [tf.placeholder(tf.float32, [None, height, width, 1]) for height, width in a.noise_shapes]
                self._inputs += noise
            self._outputs = [stylegan2.synthesis(weights, w, noise)]
            if twins:
                w = stylegan2.per_layer(_truncated_w(source, mean(source), z, sampling.truncation), a.layers)
                self._outputs.append(stylegan2.synthesis(synthesis_variables('source', source, values), w, noise))
            self._session = tf.Session(config=session_config(device))
            self._session.run(tf.global_variables_initializer(), values)

    def __call__(self, indices: Sequence[int]) -> Tuple[np.ndarray, Optional[np.ndarray]]:
        """The images of these indices and their twins (None without), each uint8 [N, size, size, 3] BGR.

        Raises UserError if a generator gives values that are not finite.
        """
        draws = [self._draws(index) for index in indices]
        feed = {tensor: np.stack(parts) for tensor, parts in zip(self._inputs, zip(*draws))}
        pictures = [rounded(result) for result in self._session.run(self._outputs, feed)]
        return pictures[0], pictures[1] if len(pictures) > 1 else None

    def close(self) -> None:
        """Free the session's memory."""
        self._session.close()

    def _draws(self, index: int) -> List[np.ndarray]:
        """z [style_dim] and the noise maps [h, w, 1]; z does not depend on the kind of noise."""
        rng = np.random.RandomState([self._sampling.seed, _SAMPLE_STREAM, index])
        shapes: List[Tuple[int, ...]] = [(self._a.style_dim,)]
        if self._sampling.fresh_noise:
            shapes += [(height, width, 1) for height, width in self._a.noise_shapes]
        return [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


def mean_w(weights: Arrays, samples: int, seed: int, device: str = 'auto') -> np.ndarray:
    """The mean w of random z's, float32 [1, style_dim].

    weights: of a generator, by name; only its mapping is used.
    samples: number of z's.
    seed: of the z's.
    device: 'auto', 'cpu' or 'gpu'.
    Raises UserError if device is 'gpu' and there is none.
    """
    style_dim = weights['style/1/weight'].shape[0]
    with tf.Graph().as_default() as graph:
        z = tf.placeholder(tf.float32, [None, style_dim], name='z')
        tf.identity(_mapped(weights, z), name='w')
    mapping = FrozenGraph(graph.as_graph_def(), ['z:0'], ['w:0'], device)
    rng, total = np.random.RandomState([seed, _MEAN_STREAM]), np.zeros(style_dim)
    for first in range(0, samples, MEAN_CHUNK):
        chunk = rng.standard_normal((min(MEAN_CHUNK, samples - first), style_dim)).astype(np.float32)
        total += mapping(chunk).sum(axis=0, dtype=np.float64)
    mapping.close()
    return (total / samples).astype(np.float32)[None]


def _truncated_w(weights: Arrays, mean: np.ndarray, z: tf.Tensor, psi: float) -> tf.Tensor:
    return stylegan2.truncated(_mapped(weights, z), tf.constant(mean), psi)


def _mapped(weights: Arrays, z: tf.Tensor) -> tf.Tensor:
    return stylegan2.mapping({name: tf.constant(array) for name, array in weights.items()
                              if name.startswith(_MAPPING)}, z)


def synthesis_variables(scope: str, weights: Arrays, values: Dict[tf.Tensor, np.ndarray]) -> stylegan2.Weights:
    """Variables of a synthesis, in a scope of the current graph; their initial values are added to `values`. As
    constants they would be copied when the graph is optimised: 3 GB more at 256 px."""
    result = {}
    for name, array in weights.items():
        if not name.startswith(_MAPPING):
            result[name] = tf.get_variable(f'{scope}/{name}', array.shape, tf.float32,
                                           tf.zeros_initializer(), trainable=False)
            values[result[name].initializer.inputs[1]] = array
    return result


def rounded(pictures: np.ndarray) -> np.ndarray:
    """float [N, H, W, 3] in [-1, 1] -> uint8, rounded as the published samples are written (images.to_uint8 truncates,
    as the published translators do). Raises UserError if a value is not finite."""
    if not np.isfinite(pictures).all():
        raise UserError('the generator draws values that are no finite numbers: take an earlier checkpoint')
    return np.clip(np.rint((pictures + 1.0) * 127.5), 0, 255).astype(np.uint8)
