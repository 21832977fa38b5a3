"""Checks whether half precision and XLA, which TensorFlow applies to the training graph, take effect here."""
from typing import Callable, List

import numpy as np

from dctnet.compat import TENSORFLOW_VERSION, gradients, session_config, tf
from dctnet.config import TrainConfig
from dctnet.distributed import Communicator
from dctnet.errors import UserError

COMPILED = ('_XlaRun', 'XlaLaunch')  # operations that replace the parts that XLA compiles
_CURES = {
    'float16': 'it needs a GPU with tensor cores (Volta or later)',
    'bfloat16': 'it needs TensorFlow 2.15 or later and a CPU with AVX-512 (best avx512_bf16 or amx_bf16); on a GPU '
                'choose float16',
}


def check_precision(train: TrainConfig, communicator: Communicator) -> None:
    """Raise UserError if train.precision or train.xla would silently leave the graph as it is.

    There is no list of devices and versions: a small graph is run, and the operations that were executed are checked.
    Call it before the first session of the process, which fixes whether XLA compiles for the CPU.
    """
    if train.precision == 'float32' and not train.xla:
        return
    nodes = _nodes_run(communicator.configured(
        session_config(train.device, training=True, precision=train.precision, xla=train.xla)))
    if train.xla and not any(node.op in COMPILED for node in nodes):
        raise UserError(f'train.xla is true, but TensorFlow {TENSORFLOW_VERSION} compiles nothing here: set '
                        'train.xla=false')
    if train.precision != 'float32':
        if train.xla:  # compiled away: check again without XLA
            nodes = _nodes_run(communicator.configured(
                session_config(train.device, training=True, precision=train.precision)))
        if not convolutions_in(nodes, train.precision):
            raise UserError(f'train.precision is {train.precision}, but TensorFlow {TENSORFLOW_VERSION} computes in '
                            f'float32 here: {_CURES[train.precision]}; or set train.precision=float32')


def nodes_of(run: Callable[[tf.RunOptions, tf.RunMetadata], None]) -> List[tf.NodeDef]:
    """The nodes that a session executes, after all rewrites. run: runs the session with these options and metadata."""
    metadata = tf.RunMetadata()
    run(tf.RunOptions(output_partition_graphs=True), metadata)
    return [node for graph in metadata.partition_graphs for node in graph.node]


def convolutions_in(nodes: List[tf.NodeDef], precision: str) -> List[tf.NodeDef]:
    """The convolutions and their gradients that are computed in a precision (train.precision)."""
    kind = {'float32': tf.float32, 'float16': tf.float16, 'bfloat16': tf.bfloat16}[precision]
    return [node for node in nodes if 'Conv2D' in node.op and node.attr['T'].type == kind.as_datatype_enum]


def _nodes_run(config: tf.ConfigProto) -> List[tf.NodeDef]:
    """The nodes that a session with this config executes for two convolutions and their gradients."""
    with tf.Graph().as_default(), tf.Session(config=config) as session:
        x = tf.placeholder(tf.float32, [2, 16, 16, 8])
        kernels = [tf.get_variable(f'kernel_{i}', [3, 3, 8, 8]) for i in range(2)]
        y = x
        for kernel in kernels:
            y = tf.nn.relu(tf.nn.conv2d(y, kernel, [1, 1, 1, 1], 'SAME'))
        fetched = gradients(tf.reduce_mean(tf.square(y)), kernels)
        session.run(tf.global_variables_initializer())
        return nodes_of(lambda options, metadata: session.run(
            fetched, {x: np.ones(x.shape.as_list())}, options=options, run_metadata=metadata))
