"""The probability p of the discriminator's augmentation: fixed, or adapted to how much it overfits (ADA, Karras et al.
2020, section 3.1)."""
from typing import Callable, List, Tuple

from dctnet.compat import tf
from dctnet.config import AugmentConfig
from dctnet.distributed import Communicator
from dctnet.stage import Phase

WINDOW = 4  # steps between two changes of p


def probability(config: AugmentConfig) -> tf.Tensor:
    """p of ops.ada.augmented, a float32 scalar in [0, 1]; a saved variable with mode adaptive. Not for mode off."""
    if config.mode == 'fixed':
        return tf.constant(config.p, tf.float32)
    return tf.get_variable('augment_p', [], tf.float32, tf.constant_initializer(config.p), trainable=False)


def adapting(config: AugmentConfig, p: tf.Tensor, phase: Phase, on_real: tf.Tensor,
             communicator: Communicator, micro_batches: int = 1,
             ) -> Tuple[Phase, Callable[[], List[tf.Operation]]]:
    """The discriminator's phase, which now logs p and observes its own logits; and what builds the operations that
    adapt p, to run once a step after it.

    config: of the augmentation; not for mode off.
    p: float32 scalar in [0, 1], of `probability`.
    phase: the discriminator's.
    on_real: [N, 1], its logits of the augmented real images.
    communicator: this process among those that train together, which observe and adapt as one.
    micro_batches: of a step. Only the last one is observed, and counts for all.

    With mode adaptive, p changes every WINDOW steps by (images seen since the last change) / config.length: it rises if
    the mean sign of their logits is above config.target, which means that the discriminator has memorised the
    exemplars, and falls otherwise, within [0, 1]. With mode fixed, p does not change.
    """
    signs = tf.sign(on_real)
    phase = phase._replace(scalars=dict(phase.scalars, augment_p=tf.identity(p), real_sign=tf.reduce_mean(signs)))
    if config.mode == 'fixed':
        return phase, list
    batch = float(on_real.shape.as_list()[0] * micro_batches * communicator.size)
    tally = tf.get_variable('augment_signs', [2], tf.float32, tf.zeros_initializer(), trainable=False)
    mean_sign, = communicator.mean([tf.reduce_mean(signs)])
    seen = tf.stack([mean_sign * batch, batch])

    def adapt() -> List[tf.Operation]:
        total, pictures = tf.unstack(tally.read_value())
        full = pictures >= WINDOW * batch
        change = tf.sign(total - config.target * pictures) * pictures / config.length
        adapted = tf.where(full, tf.clip_by_value(p + change, 0.0, 1.0), p)
        remaining = tf.where(full, tf.zeros([2]), tf.stack([total, pictures]))
        return [p.assign(adapted).op, tally.assign(remaining).op]

    return phase._replace(update_ops=lambda: [tally.assign_add(seen).op]), adapt
