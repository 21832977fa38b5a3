"""Processes that train one model together, one a device: who they are, the mean of their gradients, one start for all.

Local is a process alone. Horovod joins those that `horovodrun` (or mpirun) has started: Gloo on CPUs, NCCL on GPUs.
"""
import os
from typing import List, Sequence

import numpy as np

from dctnet.compat import tf
from dctnet.errors import UserError


class Local:
    """One process alone. rank: 0 ... size - 1, and only rank 0 writes. local_rank: the device of this machine."""

    rank, size, local_rank = 0, 1, 0

    def mean(self, tensors: 'Sequence[tf.Tensor]') -> 'List[tf.Tensor]':
        """The mean of float32 tensors of known shapes over all processes. Every process builds the same means in the
        same order, and runs each as often as the others do."""
        return list(tensors)

    def broadcast(self, variables: 'Sequence[tf.Variable]') -> 'tf.Operation':
        """Gives all processes the values that rank 0 has."""
        return tf.no_op()

    def lost(self, error: Exception) -> bool:
        """True where an error of a session means that another process has gone."""
        return False


class Horovod(Local):
    """A process of a Horovod job. Raises UserError where Horovod is not installed with TensorFlow's part."""

    def __init__(self) -> None:
        try:
            import horovod.tensorflow as hvd
        except ImportError as error:
            raise UserError('this process was started by horovodrun (or with --engine horovod), and Horovod does not '
                            'import ({}): build it with "make setup HOROVOD=1"'.format(error)) from error
        hvd.init()
        self._hvd, self._means = hvd, 0
        self.rank, self.size, self.local_rank = hvd.rank(), hvd.size(), hvd.local_rank()

    def mean(self, tensors: 'Sequence[tf.Tensor]') -> 'List[tf.Tensor]':
        """One message for all tensors: few large ones are faster than many small ones, and their sums have an order of
        their own that does not depend on timing."""
        self._means += 1
        flat = tf.concat([tf.reshape(tensor, [-1]) for tensor in tensors], 0)
        flat = self._hvd.allreduce(flat, op=self._hvd.Average, name='mean_{}'.format(self._means))
        sizes = [int(np.prod(tensor.shape.as_list())) for tensor in tensors]  # 1 for a scalar, in both runtimes
        return [tf.reshape(part, tensor.shape) for part, tensor in zip(tf.split(flat, sizes), tensors)]

    def broadcast(self, variables: 'Sequence[tf.Variable]') -> 'tf.Operation':
        """As in Local."""
        return tf.group(*[variable.assign(self._hvd.broadcast(variable.read_value(), 0, name='broadcast_{}'.format(i)))
                          for i, variable in enumerate(variables)])

    def lost(self, error: Exception) -> bool:
        """As in Local."""
        return 'orovod' in str(error) or 'gloo' in str(error).lower()


def connected(engine: str) -> Local:
    """The communicator of this process. auto: Horovod where a launcher has started this process as one of its job."""
    if engine == 'horovod' or engine == 'auto' and _launched():
        return Horovod()
    return Local()


def _launched() -> bool:
    """horovodrun names the rank; mpirun says how many there are."""
    return 'HOROVOD_RANK' in os.environ or int(os.environ.get('OMPI_COMM_WORLD_SIZE', 1)) > 1
