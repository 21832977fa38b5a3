"""Processes that train one model together, one per device: their ranks, the mean of their gradients, an equal start.

All are Communicators. Local is a single process. Horovod connects those that `horovodrun` (or mpirun) has started:
Gloo on CPUs, NCCL on GPUs. Collectives connects those that the variable TF_CONFIG names, by TensorFlow alone, if
Horovod is not built.
"""
import logging
import os
import socket
import threading
import time
from typing import Dict, List, Optional, Sequence, Tuple

from dctnet.compat import all_reduce, collective_run_options, session_config, tf
from dctnet.errors import STOPPED_EARLY, UserError
from dctnet.files import json_file
from dctnet.ops.packing import packed, unpacked

log = logging.getLogger(__name__)

LOST = ('another process of this job has gone (%s); its own output says why. What was saved is good: start the same '
        'command again, with as many processes as there are')
_WATCH_SECONDS, _REPORT_SECONDS, _RUN_KEY = 5, 30, 1
_KINDS = ('chief', 'worker')  # of the processes in TF_CONFIG that train, by rank


class Communicator:
    """One process among those that train together. rank: 0 ... size - 1, and only rank 0 writes. local_rank: the
    device of this machine."""

    rank, size, local_rank = 0, 1, 0
    target = ''  # what a session connects to
    device = ''  # where the graph is built
    run_options: Optional[tf.RunOptions] = None  # of each run of a session in which a mean or a broadcast takes part

    def configured(self, config: tf.ConfigProto) -> tf.ConfigProto:
        """The session options with what this process needs added."""
        if self.size > 1:
            config.gpu_options.visible_device_list = str(self.local_rank)
        return config

    def mean(self, tensors: Sequence[tf.Tensor]) -> List[tf.Tensor]:
        """The mean of float32 tensors of known shapes over all processes. Every process builds the same means in the
        same order, and runs each as often as the others do."""
        raise NotImplementedError

    def broadcast(self, variables: Sequence[tf.Variable]) -> tf.Operation:
        """An operation that gives all processes the values of rank 0."""
        raise NotImplementedError

    def end(self) -> None:
        """Call after the last run that needs all processes: from then on, another one may leave."""

    def lost(self, error: Exception) -> bool:
        """True if an error of a session means that another process has gone."""
        return False


class Local(Communicator):
    """A process alone."""

    def mean(self, tensors: Sequence[tf.Tensor]) -> List[tf.Tensor]:
        """The tensors themselves."""
        return list(tensors)

    def broadcast(self, variables: Sequence[tf.Variable]) -> tf.Operation:
        """Nothing to do."""
        return tf.no_op()


class Horovod(Communicator):
    """A process of a Horovod job. Raises UserError if Horovod is not installed with TensorFlow's part."""

    def __init__(self) -> None:
        try:
            import horovod.tensorflow as hvd
        except ImportError as error:
            raise UserError('this process was started by horovodrun (or with --engine horovod), and Horovod does not '
                            f'import ({error}): build it with "make setup HOROVOD=1"') from error
        hvd.init()
        self._hvd, self._means = hvd, 0
        self.rank, self.size, self.local_rank = hvd.rank(), hvd.size(), hvd.local_rank()

    def mean(self, tensors: Sequence[tf.Tensor]) -> List[tf.Tensor]:
        """As in Communicator, in one message."""
        self._means += 1
        return unpacked(self._hvd.allreduce(packed(tensors), op=self._hvd.Average, name=f'mean_{self._means}'),
                        tensors)

    def broadcast(self, variables: Sequence[tf.Variable]) -> tf.Operation:
        """As in Communicator."""
        return tf.group(*[variable.assign(self._hvd.broadcast(variable.read_value(), 0, name=f'broadcast_{i}'))
                          for i, variable in enumerate(variables)])

    def lost(self, error: Exception) -> bool:
        """As in Communicator."""
        return any(word in str(error).lower() for word in ('horovod', 'gloo'))


class Collectives(Communicator):
    """A process of a TensorFlow cluster, as the text of TF_CONFIG describes it: {"cluster": {"worker": ["host:port",
    ...]}, "task": {"type": "worker", "index": 0}}, a chief before the workers if there is one. One GPU a process.

    Waits until all others are there. Raises UserError if the text is not of this form.
    """

    def __init__(self, text: str) -> None:
        hosts, self.rank = cluster_of(text)
        self.size, self._sums = len(hosts), 0
        self._others = [host for rank, host in enumerate(hosts) if rank != self.rank]
        self._ended = threading.Event()
        self.device = f'/job:worker/task:{self.rank}'
        self.run_options = collective_run_options(_RUN_KEY)
        self._server = tf.train.Server(tf.train.ClusterSpec({'worker': hosts}), 'worker', self.rank, start=False,
                                       config=self.configured(session_config(training=True)))
        self.target = self._server.target
        if not self.rank:
            self._begin_sequence()
        self._server.start()
        self._meet()
        threading.Thread(target=self._watch, daemon=True).start()

    def configured(self, config: tf.ConfigProto) -> tf.ConfigProto:
        """As in Communicator: the first process leads the group, and concurrent sums of a run follow one order. A
        session sees only its own process: otherwise 1.15 contacts all others when it closes, and waits forever if one
        of them has ended."""
        config.experimental.collective_group_leader = '/job:worker/replica:0/task:0'
        config.experimental.collective_deterministic_sequential_execution = True
        del config.device_filters[:]
        config.device_filters.append(self.device)
        return config

    def mean(self, tensors: Sequence[tf.Tensor]) -> List[tf.Tensor]:
        """As in Communicator, in one message."""
        return unpacked(self._sum(packed(tensors)) / float(self.size), tensors)

    def broadcast(self, variables: Sequence[tf.Variable]) -> tf.Operation:
        """As in Communicator: a sum to which all but rank 0 add zeros."""
        assigned = []
        for kind in sorted({variable.dtype.base_dtype for variable in variables}, key=str):
            some = [variable for variable in variables if variable.dtype.base_dtype == kind]
            values = packed([variable.read_value() for variable in some])
            values = self._sum(tf.zeros_like(values) if self.rank else values)
            assigned += [variable.assign(value) for variable, value in zip(some, unpacked(values, some))]
        return tf.group(*assigned)

    def end(self) -> None:
        """As in Communicator."""
        self._ended.set()

    def lost(self, error: Exception) -> bool:
        """As in Communicator."""
        return isinstance(error, (tf.errors.UnavailableError, tf.errors.CancelledError, tf.errors.AbortedError))

    def _begin_sequence(self) -> None:
        """Start numbering the runs of all processes before another process can ask for a number: if it asks during the
        start, TensorFlow draws the first number twice, with different results."""
        with tf.Graph().as_default(), tf.device(self.device):
            first = tf.constant(0.0)
            with tf.Session(self.target, config=self.configured(session_config(training=True))) as session:
                session.run(first, options=self.run_options)

    def _meet(self) -> None:
        """Wait until all others are there."""
        reported = time.monotonic()
        while True:
            absent = self.absent()
            if not absent:
                return
            if time.monotonic() > reported + _REPORT_SECONDS:
                log.warning('waiting for %s of TF_CONFIG', ', '.join(absent))
                reported = time.monotonic()
            time.sleep(0.2)

    def _watch(self) -> None:
        """End this process if another one has died, for which 1.15 would wait forever."""
        before: List[str] = []
        while not self._ended.wait(_WATCH_SECONDS):
            absent = self.absent()
            gone = [host for host in absent if host in before]  # twice in a row
            before = absent
            if gone and not self._ended.is_set():
                log.error(LOST, 'at ' + gone[0])
                os._exit(STOPPED_EARLY)  # the main thread waits within TensorFlow; what is on the disk is whole

    def absent(self) -> List[str]:
        """host:port of the other processes that do not listen."""
        return [host for host in self._others if not _listens(host)]

    def _sum(self, tensor: tf.Tensor) -> tf.Tensor:
        self._sums += 1
        return all_reduce(tensor, self.size, self._sums)


def connected(engine: str) -> Communicator:
    """The communicator of this process. engine: 'local', 'horovod', 'tf' (Collectives), or 'auto': Horovod if its
    launcher has started this process, Collectives if TF_CONFIG names several processes that train, else Local."""
    if engine == 'horovod' or engine == 'auto' and _launched_by_horovod():
        return Horovod()
    if engine == 'tf' or engine == 'auto' and len(_hosts(os.environ.get('TF_CONFIG') or '{}')) > 1:
        return Collectives(os.environ.get('TF_CONFIG', ''))
    return Local()


def _launched_by_horovod() -> bool:
    """horovodrun sets the rank, mpirun the number of processes."""
    return 'HOROVOD_RANK' in os.environ or int(os.environ.get('OMPI_COMM_WORLD_SIZE', 1)) > 1


def _hosts(text: str) -> Dict[Tuple[str, int], str]:
    """(kind, index) -> host:port of each process that trains, by rank. Raises UserError if the text is not of
    TensorFlow's format."""
    try:
        cluster = json_file.parse_object(text).get('cluster', {})
        return {(kind, index): str(host) for kind in _KINDS for index, host in enumerate(cluster.get(kind, []))}
    except (ValueError, AttributeError, TypeError) as error:
        raise UserError(f'TF_CONFIG is not what TensorFlow expects ({error}): {{"cluster": {{"worker": ["host:port", '
                        '...]}, "task": {"type": "worker", "index": 0}}; or unset it') from error


def cluster_of(text: str) -> Tuple[List[str], int]:
    """host:port of each process, and the rank of this one. Raises UserError if the text does not name it."""
    hosts = _hosts(text)
    task = json_file.parse_object(text).get('task', {})
    name = (str(task.get('type', _KINDS[-1])), task.get('index', 0)) if isinstance(task, dict) else ('', task)
    if not isinstance(name[1], int) or name not in hosts:
        raise UserError('TF_CONFIG names {} processes that train, and this one, {} {}, is none of them: correct its '
                        'task'.format(len(hosts), *name))
    return list(hosts.values()), list(hosts).index(name)


def _listens(host: str) -> bool:
    name, _, port = host.rpartition(':')
    try:
        socket.create_connection((name, int(port)), timeout=_WATCH_SECONDS).close()
        return True
    except OSError:
        return False
