"""How often the discriminator's pictures are augmented: always alike, or as much as it overfits (ADA, Karras et al.
2020, section 3.1)."""
from typing import List, Tuple

from dctnet.compat import tf
from dctnet.config import AugmentConfig
from dctnet.distributed import Communicator
from dctnet.stage import Phase

WINDOW = 4  # steps between two changes of p


def probability(config: AugmentConfig) -> tf.Tensor:
    """p of ops.augment, a float32 scalar; a saved variable if it adapts. Not for mode off."""
    if config.mode == 'fixed':
        return tf.constant(config.p, tf.float32)
    return tf.get_variable('augment_p', [], tf.float32, tf.constant_initializer(config.p), trainable=False)


def adapting(config: AugmentConfig, p: tf.Tensor, phase: Phase, on_real: tf.Tensor,
             communicator: Communicator, micro_batches: int = 1) -> Tuple[Phase, List[tf.Operation]]:
    """The discriminator's phase, which now logs p and observes its own logits; and what adapts p, once a step after it.

    p: of `probability`. on_real: [N, 1], the phase's logits of the augmented real pictures. Every WINDOW steps p moves
    by the number of pictures seen since / config.length: up if the mean sign of their logits is above
    config.target (the discriminator knows the exemplars by heart), else down, within [0, 1]. A fixed p stays. All
    processes that train together observe and adapt as one. Of several micro-batches of a step the last is observed, and
    stands for all.
    """
    signs = tf.sign(on_real)
    phase = phase._replace(scalars=dict(phase.scalars, augment_p=tf.identity(p), real_sign=tf.reduce_mean(signs)))
    if config.mode == 'fixed':
        return phase, []
    batch = float(on_real.shape.as_list()[0] * micro_batches * communicator.size)
    tally = tf.get_variable('augment_signs', [2], tf.float32, tf.zeros_initializer(), trainable=False)
    mean_sign, = communicator.mean([tf.reduce_mean(signs)])
    seen = tf.stack([mean_sign * batch, batch])
    total, pictures = tf.unstack(tally.read_value())
    full = pictures >= WINDOW * batch
    change = tf.sign(total - config.target * pictures) * pictures / config.length
    adapted = tf.where(full, tf.clip_by_value(p + change, 0.0, 1.0), p)
    remaining = tf.where(full, tf.zeros([2]), tf.stack([total, pictures]))
    return phase._replace(update_ops=lambda: [tally.assign_add(seen).op]), [
        p.assign(adapted).op, tally.assign(remaining).op]
