"""Spectral normalisation of a convolution kernel by one step of power iteration (Miyato et al. 2018)."""
from typing import NamedTuple

from dctnet.compat import tf


class NormalisedKernel(NamedTuple):
    """A kernel divided by its largest singular value, and the operation that advances the estimate of that value.

    Reading `kernel` has no side effect, however often it is used; `advance` is run once a step (StageGraph.step_ops).
    """
    kernel: tf.Tensor
    advance: tf.Operation


def spectral_normalised(kernel: tf.Variable, u: tf.Variable) -> NormalisedKernel:
    """Normalise a kernel [k, k, in, out], taken as a matrix [k·k·in, out].

    u: [1, out], the running estimate of the right singular vector. The gradient takes both singular vectors as
    constants, as in the paper.
    """
    matrix = tf.reshape(kernel, [-1, kernel.shape.as_list()[-1]])
    v = tf.stop_gradient(tf.nn.l2_normalize(tf.matmul(u, tf.stop_gradient(matrix), transpose_b=True), epsilon=1e-12))
    projected = tf.matmul(v, matrix)                                                      # [1, out]
    new_u = tf.stop_gradient(tf.nn.l2_normalize(projected, epsilon=1e-12))
    sigma = tf.matmul(projected, new_u, transpose_b=True)                                 # [1, 1]
    return NormalisedKernel(tf.reshape(matrix / sigma, kernel.shape), u.assign(new_u).op)
