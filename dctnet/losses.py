"""Every loss of the paper. They take tensors and build no networks (docs/recipe.md, "CCN" and "TTN").

Adversarial losses on logits, least squares as published or log as in the paper's formula; content, total variation and
facial perception of the TTN; identity, gradient penalty and path lengths of the CCN's StyleGAN2.
"""
from typing import Callable, NamedTuple

from dctnet.compat import gradients, tf


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


def content_loss(target: tf.Tensor, features: tf.Tensor) -> tf.Tensor:
    """mean |target − features| / (h · w · c) of feature maps [N, h, w, c] of known size; a scalar.

    The division by the size of the features is the published normalisation; the weight 200 belongs to it.
    """
    _, height, width, channels = features.shape.as_list()
    return tf.reduce_mean(tf.abs(target - features)) / (height * width * channels)


def pixel_loss(output: tf.Tensor, photo: tf.Tensor) -> tf.Tensor:
    """mean |output − photo|, a scalar: teaches a new generator to keep its input (docs/recipe.md, "TTN")."""
    return tf.reduce_mean(tf.abs(output - photo))


def total_variation(x: tf.Tensor) -> tf.Tensor:
    """(mean Δh² + mean Δw²) / (3 H W) of images [N, H, W, 3] of known size; a scalar."""
    _, height, width, channels = x.shape.as_list()
    down = tf.reduce_mean(tf.square(x[:, 1:] - x[:, :-1]))
    right = tf.reduce_mean(tf.square(x[:, :, 1:] - x[:, :, :-1]))
    return (down + right) / (channels * height * width)


def facial_loss(predicted: tf.Tensor, openness: tf.Tensor) -> tf.Tensor:
    """Mean of ‖predicted − openness‖₂, both [N, 3], over the photographs of known openness; a scalar, 0 if none is.

    A row of `openness` with a NaN is a photograph in which no face was found; it is left out.
    """
    known = tf.reduce_all(tf.is_finite(openness), axis=1)
    target = tf.where(tf.is_finite(openness), openness, tf.zeros_like(openness))
    # The constant keeps the gradient of the root finite if the distance is 0.
    distance = tf.sqrt(tf.reduce_sum(tf.square(predicted - target), axis=1) + 1e-12)
    weight = tf.cast(known, tf.float32)
    return tf.reduce_sum(weight * distance) / tf.maximum(tf.reduce_sum(weight), 1.0)


def r1_penalty(logits: tf.Tensor, real: tf.Tensor) -> tf.Tensor:
    """Mean over the batch of the squared norm of the gradient of the logits with respect to the real images; a
    scalar."""
    gradient, = gradients(tf.reduce_sum(logits), real)
    return tf.reduce_mean(tf.reduce_sum(tf.square(gradient), axis=[1, 2, 3]))


def path_lengths(pictures: tf.Tensor, w: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
    """How much images change with w, [N] (Karras et al. 2020, section 3.2).

    pictures: [N, H, W, 3], computed from w [N, layers, style_dim]. noise: standard normal, of their shape, divided by
    sqrt(H W).
    """
    gradient, = gradients(tf.reduce_sum(pictures * noise), w)
    return tf.sqrt(tf.reduce_mean(tf.reduce_sum(tf.square(gradient), axis=2), axis=1))


def identity_distance(ours: tf.Tensor, theirs: tf.Tensor) -> tf.Tensor:
    """Mean of 1 − cosine of face embeddings, both [N, K]; a scalar (paper section 3.1)."""
    return tf.reduce_mean(1.0 - tf.reduce_sum(tf.nn.l2_normalize(ours, 1) * tf.nn.l2_normalize(theirs, 1), 1))
