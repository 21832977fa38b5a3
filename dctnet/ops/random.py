"""Random numbers that are a pure function of their use.

In training, of (seed, step, rank, micro-batch, stream): resuming repeats them exactly. At the start, of (seed, variable
name): the same seed gives the same weights in both runtimes, even if the rest of the graph differs.
"""
import contextlib
import math
import zlib
from typing import Any, Callable, Iterator, List, Optional, Sequence

import numpy as np

from dctnet.compat import no_xla_scope, tf


class StatelessRandom:
    """Random numbers of one micro-batch of a training step. Each use needs its own stream, a number below 2^11: equal
    streams give equal numbers.

    seed: of the run, below 2^31.
    step: int64 scalar, the number of steps done, below 2^32.
    rank: of the process among those that train together, below 2^20.
    micro_batch: int32 scalar, which one of the step; None if there is only one.
    """

    def __init__(self, seed: int, step: tf.Tensor, rank: int = 0, micro_batch: Optional[tf.Tensor] = None) -> None:
        self._seed, self._step = seed + (rank << 42), step  # streams stay below 2^11
        if micro_batch is not None:
            self._step = step + tf.cast(micro_batch, tf.int64) * (1 << 32)

    def normal(self, stream: int, shape: Sequence[int]) -> tf.Tensor:
        """Standard normal float32 numbers."""
        with no_xla_scope():
            return tf.random.stateless_normal(shape, seed=self._key(stream))

    def uniform(self, stream: int, shape: Sequence[int]) -> tf.Tensor:
        """float32 numbers in [0, 1)."""
        with no_xla_scope():
            return tf.random.stateless_uniform(shape, seed=self._key(stream))

    def _key(self, stream: int) -> tf.Tensor:
        return tf.stack([tf.constant(self._seed + (stream << 31), tf.int64), self._step])


@contextlib.contextmanager
def starting_weights(seed: int) -> Iterator[None]:
    """A context: variables created in it start from random numbers that are a function of (seed, variable name), if
    their initialiser is glorot_uniform_initializer or random_normal_initializer (of mean 0 and deviation 1)."""
    def with_own_draws(getter: Callable[..., tf.Variable], name: str, **options: Any) -> tf.Variable:
        key = [seed, name_key(name)]
        if isinstance(options.get('initializer'), tf.glorot_uniform_initializer):
            options['initializer'] = lambda shape, *_, **__: _glorot_uniform(shape, key)
        elif isinstance(options.get('initializer'), tf.random_normal_initializer):
            options['initializer'] = lambda shape, *_, **__: _standard_normal(shape, key)
        return getter(name=name, **options)

    with tf.variable_scope(tf.get_variable_scope(), custom_getter=with_own_draws):
        yield


def name_key(name: str) -> int:
    """A number below 2^32 that stands for a name."""
    return zlib.crc32(name.encode('utf-8'))


def _glorot_uniform(shape: Sequence[int], key: List[int]) -> tf.Tensor:
    """Initial values of a kernel [..., in, out]."""
    receptive = int(np.prod(shape[:-2]))  # 1 for a matrix
    limit = math.sqrt(6.0 / (receptive * (shape[-2] + shape[-1])))
    with no_xla_scope():
        return tf.random.stateless_uniform(shape, tf.constant(key, tf.int64), minval=-limit, maxval=limit)


def _standard_normal(shape: Sequence[int], key: List[int]) -> tf.Tensor:
    with no_xla_scope():
        return tf.random.stateless_normal(shape, tf.constant(key, tf.int64))
