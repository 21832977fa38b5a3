"""Loss scaling for float16: gradients too small for it are computed many times larger (Micikevicius et al. 2018)."""
from typing import Callable, Dict, List, NamedTuple, Sequence

from dctnet.compat import tf

SCOPE = 'loss_scale'  # of its variables, which are saved


class ScaledUpdate(NamedTuple):
    """apply: the update and the next scale. scalars: the scale that was used, and whether the update was left out."""
    apply: tf.Operation
    scalars: Dict[str, tf.Tensor]


class LossScale:
    """The scale of one phase, by TensorFlow's own rule: from 2^15, doubled after 2000 updates, halved (down to 1) where
    a gradient is not finite, and then nothing is updated."""

    def __init__(self, phase_name: str) -> None:
        with tf.name_scope(f'{SCOPE}/{phase_name}/'):
            self._scale = tf.train.experimental.DynamicLossScale()
            self._value = tf.identity(self._scale())  # one read: what scales also unscales

    def scaled(self, loss: tf.Tensor) -> tf.Tensor:
        """The loss to take gradients of."""
        return loss * self._value

    def update(self, gradients: Sequence[tf.Tensor],
               apply: Callable[[List[tf.Tensor]], tf.Operation]) -> ScaledUpdate:
        """The update with gradients of the scaled loss, which are the same in all processes that train together.

        apply: builds the update from unscaled gradients. It runs only where all of them are finite, so whatever it
        assigns must be built in it.
        """
        unscaled = [gradient / self._value for gradient in gradients]
        next_scale, finite = self._scale.update(list(gradients))
        update = tf.cond(finite, lambda: apply(unscaled), tf.no_op)
        return ScaledUpdate(tf.group(update, next_scale),
                            {'loss_scale': self._value, 'skipped': 1.0 - tf.cast(finite, tf.float32)})
