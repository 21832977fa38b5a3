"""Random numbers that are a pure function of (seed, step, rank, stream): resuming repeats them exactly."""
from typing import Sequence

from dctnet.compat import tf


class Draws:
    """Draws of one training step. Each use has a stream of its own; equal streams give equal numbers.

    seed: of the run, below 2^31. step: int64 scalar, the number of steps done. rank: of the process among those that
    train together, below 2^20.
    """

    def __init__(self, seed: int, step: 'tf.Tensor', rank: int = 0) -> None:
        self._seed, self._step = seed + (rank << 42), step  # streams stay below 2^11

    def normal(self, stream: int, shape: Sequence[int]) -> 'tf.Tensor':
        """Standard normal float32 numbers."""
        return tf.random.stateless_normal(shape, seed=self._key(stream))

    def uniform(self, stream: int, shape: Sequence[int]) -> 'tf.Tensor':
        """float32 numbers in [0, 1)."""
        return tf.random.stateless_uniform(shape, seed=self._key(stream))

    def _key(self, stream: int) -> 'tf.Tensor':
        return tf.stack([tf.constant(self._seed + (stream << 31), tf.int64), self._step])
