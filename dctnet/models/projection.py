"""Photographs into the w of a generator, by optimisation (Karras et al. 2020, "Projection"): the w whose picture is
nearest to the photograph. Another generator of the same mapping, a blended one, then translates that w (Toonify)."""
import math
from typing import Callable, Dict, NamedTuple, Tuple

import numpy as np

from dctnet.compat import gradients, session_config, tf
from dctnet.models.sampling import mean_w, rounded, synthesis_variables
from dctnet.nets import stylegan2
from dctnet.nets.stylegan2 import Architecture
from dctnet.ops.convolution_gradients import cpu_convolution_gradients

Arrays = Dict[str, np.ndarray]
# (photographs, pictures), each [N, size, size, 3] BGR in [-1, 1] -> how different they look [N], differentiable.
Distance = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8
_RAMP_UP, _RAMP_DOWN = 0.05, 0.25  # shares of the steps in which the learning rate comes and goes
_SEED = 0


class Projection(NamedTuple):
    """How w is sought.

    steps: of Adam.
    lr: its largest learning rate.
    pixels: weight of the mean square difference of the pixels, beside the distance.
    space: 'w', one for all layers; or 'w+', one for each, which comes nearer and is translated worse.
    mean_samples: number of w's in the mean, the start.
    """
    steps: int = 1000
    lr: float = 0.1
    pixels: float = 1.0
    space: str = 'w'
    mean_samples: int = 4096


class Projected(NamedTuple):
    """Of each photograph: w float32 [N, layers, style_dim], what its generator draws of it and what the other one
    does, uint8 [N, size, size, 3] BGR, and the loss at the start and the end [N]."""
    w: np.ndarray
    pictures: np.ndarray
    translations: np.ndarray
    start: np.ndarray
    end: np.ndarray


class Projector:
    """Projects batches of photographs. What comes of one does not depend on the others, up to rounding.

    a: architecture of both generators.
    source: weights by name (stylegan2.generator_shapes) of the generator of photographs, whose w is sought.
    translator: of the generator that translates w.
    distance: how different two images look.
    projection: how it is sought.
    batch: photographs at the same time.
    device: 'auto', 'cpu' or 'gpu'.
    Raises UserError if device is 'gpu' and there is none.
    """

    def __init__(self, a: Architecture, source: Arrays, translator: Arrays, distance: Distance,
                 projection: Projection, batch: int, device: str = 'auto') -> None:
        self._projection, self._batch = projection, batch
        values: Dict[tf.Tensor, np.ndarray] = {}
        mean = mean_w(source, projection.mean_samples, _SEED, device)
        with tf.Graph().as_default(), cpu_convolution_gradients(device):
            self._photo = tf.placeholder(tf.float32, [batch, a.size, a.size, 3])
            self._lr, self._count = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
            vectors = a.layers if projection.space == 'w+' else 1
            start = np.tile(mean[:, None], [batch, vectors, 1])
            w = tf.get_variable('w', initializer=start, trainable=False)
            every = tf.tile(w, [1, a.layers // vectors, 1])
            pictures = _drawn('source', source, every, values)
            pixels = tf.reduce_mean(tf.square(pictures - self._photo), axis=[1, 2, 3])
            self._losses = distance(self._photo, pictures) + projection.pixels * pixels
            self._update, moments = _adam(w, gradients(tf.reduce_sum(self._losses), [w])[0], self._lr, self._count)
            self._results = [every, pictures, _drawn('translator', translator, every, values)]
            self._reset = tf.variables_initializer([w] + moments)
            self._session = tf.Session(config=session_config(device, training=True))
            self._session.run(tf.global_variables_initializer(), values)

    def __call__(self, photos: np.ndarray) -> Projected:
        """Photographs float32 [N up to the batch, size, size, 3] BGR in [-1, 1]."""
        count, steps = len(photos), self._projection.steps
        feed = {self._photo: np.concatenate([photos] + [photos[-1:]] * (self._batch - count))}
        self._session.run(self._reset)
        start = self._session.run(self._losses, feed)
        for step in range(steps):
            feed.update({self._lr: self._projection.lr * _schedule(step / steps), self._count: step + 1.0})
            self._session.run(self._update, feed)
        w, pictures, translations, end = self._session.run(self._results + [self._losses], feed)
        return Projected(w[:count], rounded(pictures[:count]), rounded(translations[:count]), start[:count],
                         end[:count])

    def close(self) -> None:
        """Free the session's memory."""
        self._session.close()


def _drawn(scope: str, weights: Arrays, w: tf.Tensor, values: Dict[tf.Tensor, np.ndarray]) -> tf.Tensor:
    """What a generator draws of w [N, layers, style_dim] with its own noise maps."""
    variables = synthesis_variables(scope, weights, values)
    return stylegan2.synthesis(variables, w, stylegan2.fixed_noise(variables))


def _adam(w: tf.Variable, gradient: tf.Tensor, lr: tf.Tensor, count: tf.Tensor) -> Tuple[tf.Operation, list]:
    """An update of w by Adam, element by element, and the variables that it keeps; count: of the update, from 1 on."""
    m, v = [tf.get_variable(name, w.shape.as_list(), tf.float32, tf.zeros_initializer(), trainable=False)
            for name in ('first_moment', 'second_moment')]
    new_m = _BETA1 * m + (1 - _BETA1) * gradient
    new_v = _BETA2 * v + (1 - _BETA2) * tf.square(gradient)
    unbiased = new_m / (1 - tf.pow(_BETA1, count)), new_v / (1 - tf.pow(_BETA2, count))
    new_w = w - lr * unbiased[0] / (tf.sqrt(unbiased[1]) + _EPSILON)
    with tf.control_dependencies([new_w]):
        return tf.group(w.assign(new_w), m.assign(new_m), v.assign(new_v)), [m, v]


def _schedule(share: float) -> float:
    """The share of the learning rate when `share` of the steps is done: it comes linearly, and goes as a cosine."""
    down = min(1.0, (1.0 - share) / _RAMP_DOWN)
    return (0.5 - 0.5 * math.cos(math.pi * down)) * min(1.0, (share + 1e-3) / _RAMP_UP)
