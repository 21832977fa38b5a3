"""Adversarial losses on patch logits (RECIPE.md, TTN): least squares as published, log as in the paper's formula."""
from typing import Callable, NamedTuple

from dctnet.compat import tf


class AdversarialLoss(NamedTuple):
    """generator(logits of fakes) and discriminator(logits of reals, logits of fakes), each a scalar."""
    generator: Callable[[tf.Tensor], tf.Tensor]
    discriminator: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def adversarial_loss(form: str) -> AdversarialLoss:
    """'lsgan': G mean((D(fake) − 1)²), D ½(mean((D(real) − 1)²) + mean(D(fake)²)).

    'log': G mean(−log σ(D(fake))), the non-saturating form with the paper's optimum; D
    mean(−log σ(D(real))) + mean(−log(1 − σ(D(fake)))).
    """
    return {'lsgan': AdversarialLoss(_lsgan_generator, _lsgan_discriminator),
            'log': AdversarialLoss(_log_generator, _log_discriminator)}[form]


def _lsgan_generator(fake: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.square(fake - 1.0))


def _lsgan_discriminator(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    return 0.5 * (tf.reduce_mean(tf.square(real - 1.0)) + tf.reduce_mean(tf.square(fake)))


def _log_generator(fake: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.nn.softplus(-fake))


def _log_discriminator(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(tf.nn.softplus(fake))
