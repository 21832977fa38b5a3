"""Random numbers that are a pure function of (seed, step, rank, micro-batch, stream): resuming repeats them exactly."""
from typing import Optional, Sequence

from dctnet.compat import left_uncompiled, tf


class Draws:
    """Draws of one micro-batch of a training step. Each use has a stream of its own; equal streams give equal numbers.

    seed: of the run, below 2^31. step: int64 scalar, the number of steps done, below 2^32. rank: of the process among
    those that train together, below 2^20. micro_batch: int32 scalar, which of the step; None where there is only one.
    """

    def __init__(self, seed: int, step: tf.Tensor, rank: int = 0, micro_batch: Optional[tf.Tensor] = None) -> None:
        self._seed, self._step = seed + (rank << 42), step  # streams stay below 2^11
        if micro_batch is not None:
            self._step = step + tf.cast(micro_batch, tf.int64) * (1 << 32)

    def normal(self, stream: int, shape: Sequence[int]) -> tf.Tensor:
        """Standard normal float32 numbers."""
        with left_uncompiled():
            return tf.random.stateless_normal(shape, seed=self._key(stream))

    def uniform(self, stream: int, shape: Sequence[int]) -> tf.Tensor:
        """float32 numbers in [0, 1)."""
        with left_uncompiled():
            return tf.random.stateless_uniform(shape, seed=self._key(stream))

    def _key(self, stream: int) -> tf.Tensor:
        return tf.stack([tf.constant(self._seed + (stream << 31), tf.int64), self._step])
