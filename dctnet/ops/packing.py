"""Many tensors as one: few large messages and operations are faster than many small ones."""
from typing import List, Sequence

import numpy as np

from dctnet.compat import tf


def packed(tensors: Sequence[tf.Tensor]) -> tf.Tensor:
    """All values of tensors of one type, [sum of their sizes]."""
    return tf.concat([tf.reshape(tensor, [-1]) for tensor in tensors], 0)


def unpacked(flat: tf.Tensor, like: Sequence[tf.Tensor]) -> List[tf.Tensor]:
    """The inverse of `packed`: tensors of the shapes of `like`, which are known."""
    sizes = [int(np.prod(tensor.shape.as_list())) for tensor in like]  # 1 for a scalar, in both runtimes
    return [tf.reshape(part, tensor.shape) for part, tensor in zip(tf.split(flat, sizes), like)]
