"""Processes that train one model together, one a device: who they are, the mean of their gradients, one start for all.

Local is a process alone. Horovod joins those that `horovodrun` (or mpirun) has started: Gloo on CPUs, NCCL on GPUs.
Collectives joins those that the variable TF_CONFIG names, by TensorFlow alone, where Horovod cannot be built.
"""
import json
import logging
import os
import socket
import threading
from typing import List, Sequence, Tuple

import numpy as np

from dctnet.compat import all_reduced, session_config, tf
from dctnet.errors import STOPPED_EARLY, UserError

log = logging.getLogger(__name__)

LOST = ('another process of this job has gone (%s); its own output says why. What was saved is good: start the same '
        'command again, with as many processes as there are')
_WATCH_SECONDS, _MISSED = 5, 2


class Local:
    """One process alone. rank: 0 ... size - 1, and only rank 0 writes. local_rank: the device of this machine."""

    rank, size, local_rank = 0, 1, 0
    target = ''  # what a session connects to
    device = ''  # where the graph is built

    def configured(self, config: 'tf.ConfigProto') -> 'tf.ConfigProto':
        """What a session of this process needs to know besides."""
        if self.size > 1:
            config.gpu_options.visible_device_list = str(self.local_rank)
        return config

    def mean(self, tensors: 'Sequence[tf.Tensor]') -> 'List[tf.Tensor]':
        """The mean of float32 tensors of known shapes over all processes. Every process builds the same means in the
        same order, and runs each as often as the others do."""
        return list(tensors)

    def broadcast(self, variables: 'Sequence[tf.Variable]') -> 'tf.Operation':
        """Gives all processes the values that rank 0 has."""
        return tf.no_op()

    def begin(self) -> None:
        """Before the first step, when all processes have met."""

    def end(self) -> None:
        """After the last step, when another process may leave."""

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
        """As in Local, in one message."""
        self._means += 1
        return _unpacked(self._hvd.allreduce(_packed(tensors), op=self._hvd.Average,
                                             name='mean_{}'.format(self._means)), tensors)

    def broadcast(self, variables: 'Sequence[tf.Variable]') -> 'tf.Operation':
        """As in Local."""
        return tf.group(*[variable.assign(self._hvd.broadcast(variable.read_value(), 0, name='broadcast_{}'.format(i)))
                          for i, variable in enumerate(variables)])

    def lost(self, error: Exception) -> bool:
        """As in Local."""
        return 'orovod' in str(error) or 'gloo' in str(error).lower()


class Collectives(Local):
    """A process of a TensorFlow cluster, as TF_CONFIG describes it: {"cluster": {"worker": ["host:port", ...]}, "task":
    {"type": "worker", "index": 0}}, a chief before the workers where there is one. One GPU a process.

    Raises UserError where TF_CONFIG is not such a text.
    """

    def __init__(self) -> None:
        hosts, self.rank = _cluster(os.environ.get('TF_CONFIG', ''))
        self.size, self._sums = len(hosts), 0
        self._others = [host for rank, host in enumerate(hosts) if rank != self.rank]
        self._ended = threading.Event()
        self.device = '/job:worker/task:{}'.format(self.rank)
        self._server = tf.train.Server(tf.train.ClusterSpec({'worker': hosts}), 'worker', self.rank,
                                       config=self.configured(session_config(training=True)))
        self.target = self._server.target

    def configured(self, config: 'tf.ConfigProto') -> 'tf.ConfigProto':
        """As in Local: the first process brings the others together."""
        config.experimental.collective_group_leader = '/job:worker/replica:0/task:0'
        return config

    def mean(self, tensors: 'Sequence[tf.Tensor]') -> 'List[tf.Tensor]':
        """As in Local, in one message."""
        return _unpacked(self._sum(_packed(tensors)) / float(self.size), tensors)

    def broadcast(self, variables: 'Sequence[tf.Variable]') -> 'tf.Operation':
        """As in Local; the others' values count as zeros in a sum."""
        assigned = []
        for kind in sorted({variable.dtype.base_dtype for variable in variables}, key=str):
            some = [variable for variable in variables if variable.dtype.base_dtype == kind]
            values = _packed([variable.read_value() for variable in some])
            values = self._sum(tf.zeros_like(values) if self.rank else values)
            assigned += [variable.assign(value) for variable, value in zip(some, _unpacked(values, some))]
        return tf.group(*assigned)

    def begin(self) -> None:
        """Look after the others: 1.15 waits for a dead one for ever."""
        threading.Thread(target=self._watch, daemon=True).start()

    def end(self) -> None:
        """As in Local."""
        self._ended.set()

    def _watch(self) -> None:
        missed = dict.fromkeys(self._others, 0)
        while not self._ended.wait(_WATCH_SECONDS):
            for host in self._others:
                missed[host] = 0 if _listens(host) else missed[host] + 1
                if missed[host] == _MISSED and not self._ended.is_set():
                    log.error(LOST, 'at ' + host)
                    os._exit(STOPPED_EARLY)  # the main thread waits within TensorFlow; what is on the disk is whole

    def lost(self, error: Exception) -> bool:
        """As in Local."""
        return isinstance(error, (tf.errors.UnavailableError, tf.errors.CancelledError, tf.errors.AbortedError))

    def _sum(self, tensor: 'tf.Tensor') -> 'tf.Tensor':
        self._sums += 1
        return all_reduced(tensor, self.size, self._sums)


def connected(engine: str) -> Local:
    """The communicator of this process. auto: Horovod where its launcher has started this process, else Local."""
    if engine == 'horovod' or engine == 'auto' and _launched_by_horovod():
        return Horovod()
    if engine == 'tf':  # never by itself: it may hang (README)
        return Collectives()
    return Local()


def _launched_by_horovod() -> bool:
    """horovodrun names the rank; mpirun says how many there are."""
    return 'HOROVOD_RANK' in os.environ or int(os.environ.get('OMPI_COMM_WORLD_SIZE', 1)) > 1


def _cluster(text: str) -> Tuple[List[str], int]:
    """host:port of each process, and the rank of this one. Raises UserError where the text does not say."""
    try:
        config = json.loads(text)
        cluster, task = config.get('cluster', {}), config.get('task', {})
        before = list(cluster.get('chief', []))
        hosts = before + list(cluster.get('worker', []))
        rank = int(task.get('index', 0)) + (len(before) if task.get('type') == 'worker' else 0)
    except (ValueError, AttributeError, TypeError) as error:
        raise UserError('TF_CONFIG is not what TensorFlow expects ({}): {{"cluster": {{"worker": ["host:port", ...]}}, '
                        '"task": {{"type": "worker", "index": 0}}}}; or unset it'.format(error)) from error
    if not 0 <= rank < len(hosts):
        raise UserError('TF_CONFIG names {} processes, and this would be number {}: correct its task'.format(
            len(hosts), rank))
    return hosts, rank


def _listens(host: str) -> bool:
    name, _, port = host.rpartition(':')
    try:
        socket.create_connection((name, int(port)), timeout=_WATCH_SECONDS).close()
        return True
    except OSError:
        return False


def _packed(tensors: 'Sequence[tf.Tensor]') -> 'tf.Tensor':
    """One message for all tensors: few large ones are faster than many small ones, and their sums have an order of
    their own that does not depend on timing."""
    return tf.concat([tf.reshape(tensor, [-1]) for tensor in tensors], 0)


def _unpacked(flat: 'tf.Tensor', like: 'Sequence[tf.Tensor]') -> 'List[tf.Tensor]':
    sizes = [int(np.prod(tensor.shape.as_list())) for tensor in like]  # 1 for a scalar, in both runtimes
    return [tf.reshape(part, tensor.shape) for part, tensor in zip(tf.split(flat, sizes), like)]
