"""The joint training step part by part, and how near its convolutions come to the speed of plain matrix products.

Operations run one at a time here, each on all cores, so that their times add up; a trace of the step tells them.
"""
from __future__ import annotations

import time
from collections import defaultdict
from typing import Any, Dict, NamedTuple, Sequence

import numpy as np

from dctnet.compat import session_config, tf
from tests.bench.ours import OurTrainer

PARTS = ('superpixels', 'content network', 'its backward pass', 'other forward', 'other backward', 'optimiser')
MATRIX_SIDE = 2048


class Trace(NamedTuple):
    """One step. seconds: by part. flops: operations of its convolutions. convolving: the seconds that those took.
    matrix_rate: operations a second of a matrix product beside it."""
    seconds: Dict[str, float]
    flops: float
    convolving: float
    matrix_rate: float


def time_parts(trainer: OurTrainer, rounds: int, matrix_side: int = MATRIX_SIDE, device: str = 'cpu') -> Dict[str, Any]:
    """`summary` of `rounds` steps of a joint trainer, which is closed."""
    trainer.close()
    config = session_config(device, training=True)
    config.inter_op_parallelism_threads = 1
    work = {operation.name: operations_of(operation) for operation in trainer.graph.get_operations()}
    traces = []
    with tf.Session(graph=trainer.graph, config=config) as session, MatrixProduct(config, matrix_side) as product:
        session.run([trainer.initialise, trainer.initialise_local])
        for _ in range(1 + rounds):
            traces.append(Trace(*_trace(session, trainer.updates, work), product.rate()))
    return summary(traces[1:])


def summary(traces: Sequence[Trace]) -> Dict[str, Any]:
    """Medians over the steps: seconds of each part, GFLOP/s of all convolutions with their gradients and of the matrix
    product, and the share of the former in the latter within a step."""
    convolutions = np.array([trace.flops / trace.convolving for trace in traces])
    products = np.array([trace.matrix_rate for trace in traces])
    return {'seconds': {name: float(np.median([trace.seconds[name] for trace in traces])) for name in PARTS},
            'gflops': {'convolutions': float(np.median(convolutions)) / 1e9,
                       'matrix product': float(np.median(products)) / 1e9},
            'share_of_matrix_product': float(np.median(convolutions / products))}


class MatrixProduct:
    """The yardstick: a product of square matrices, in a session like that of the training."""

    def __init__(self, config: tf.ConfigProto, side: int, kind: tf.DType = tf.float32) -> None:
        self._side = side
        with tf.Graph().as_default() as graph:
            a, b = [tf.get_variable(name, [side] * 2, kind) for name in 'ab']
            self._product, start = tf.matmul(a, b).op, tf.global_variables_initializer()
        self._session = tf.Session(graph=graph, config=config)
        self._session.run(start)
        self.rate()

    def rate(self) -> float:
        """Operations a second, the best of five."""
        seconds = []
        for _ in range(5):
            begun = time.perf_counter()
            self._session.run(self._product)
            seconds.append(time.perf_counter() - begun)
        return 2.0 * self._side ** 3 / min(seconds)

    def __enter__(self) -> MatrixProduct:
        return self

    def __exit__(self, *error: object) -> None:
        self._session.close()


def _trace(session: tf.Session, updates: list, work: Dict[str, float]) -> tuple:
    """Seconds by part, operations of the convolutions, and the seconds that those took."""
    metadata = tf.RunMetadata()
    session.run(updates, options=tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE), run_metadata=metadata)
    seconds: Dict[str, float] = defaultdict(float)
    flops: float = 0.0
    convolving: float = 0.0
    for device in metadata.step_stats.dev_stats:
        for node in device.node_stats:
            took = (node.op_end_rel_micros - node.op_start_rel_micros) / 1e6
            seconds[_part(node.node_name)] += took
            if work.get(node.node_name):
                flops += work[node.node_name]
                convolving += took
    return seconds, flops, convolving


def _part(name: str) -> str:
    if 'PyFunc' in name:
        return 'superpixels'
    if 'update_' in name or 'Adam' in name:
        return 'optimiser'
    backward, content = name.startswith('gradients'), 'frozen' in name
    return {(False, True): 'content network', (True, True): 'its backward pass', (False, False): 'other forward',
            (True, False): 'other backward'}[backward, content]


def operations_of_run(fetches: Sequence[tf.Operation]) -> float:
    """Multiplications and additions of all convolutions and their gradients that a run of these operations needs."""
    graph = fetches[0].graph
    needed = tf.graph_util.extract_sub_graph(graph.as_graph_def(), [operation.name for operation in fetches])
    return sum(operations_of(graph.get_operation_by_name(node.name)) for node in needed.node)


def operations_of(operation: tf.Operation) -> float:
    """Multiplications and additions of a convolution or of one of its gradients; 0 for anything else."""
    if operation.type == 'Conv2D':
        return _of_convolution(operation.outputs[0], operation.inputs[1].shape.as_list())
    if operation.type == 'Conv2DBackpropInput':
        return _of_convolution(operation.inputs[2], operation.inputs[1].shape.as_list())
    if operation.type == 'Conv2DBackpropFilter':
        return _of_convolution(operation.inputs[2], operation.outputs[0].shape.as_list())
    if operation.type == 'MatMul' and 'Conv2D_' in operation.name and operation.name.startswith('gradients'):
        rows, columns = operation.outputs[0].shape.as_list()  # a gradient by a kernel, one row of it
        return 2.0 * rows * columns * operation.inputs[0].shape.as_list()[0]
    return 0.0


def _of_convolution(output: tf.Tensor, kernel: list) -> float:
    count, height, width, _ = output.shape.as_list()
    return 2.0 * count * height * width * np.prod(kernel)
