"""Regularisers of StyleGAN2: gradient penalty of the discriminator, path lengths of the generator (RECIPE.md, CCN)."""
from dctnet.compat import gradients, tf


def r1_penalty(logits: tf.Tensor, real: tf.Tensor) -> tf.Tensor:
    """Mean over the batch of the squared gradient of the logits by the real pictures; a scalar."""
    gradient, = gradients(tf.reduce_sum(logits), real)
    return tf.reduce_mean(tf.reduce_sum(tf.square(gradient), axis=[1, 2, 3]))


def path_lengths(pictures: tf.Tensor, w: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
    """How far pictures move with w: [N].

    pictures: [N, H, W, 3], made from w [N, layers, style_dim]. noise: normal, like the pictures, divided by sqrt(H W).
    """
    gradient, = gradients(tf.reduce_sum(pictures * noise), w)
    return tf.sqrt(tf.reduce_mean(tf.reduce_sum(tf.square(gradient), axis=2), axis=1))
