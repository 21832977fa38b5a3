"""The joint training step part by part, and how near its convolutions come to the speed of plain matrix products.

Operations run one at a time here, each on all cores, so that their times add up; a trace of the step tells them.
"""
from __future__ import annotations

import time
from collections import defaultdict
from typing import Any, Dict

import numpy as np

from dctnet.compat import session_config, tf
from tests.bench.variants import make_trainer

PARTS = ('superpixels', 'content network', 'its backward pass', 'other forward', 'other backward', 'optimiser')
_MATRIX_SIDE = 2048


def time_parts(size: int, count: int, rounds: int) -> Dict[str, Any]:
    """Seconds of each part (medians), GFLOP/s of all convolutions with their gradients, GFLOP/s of a product of two
    matrices of 2048 in the same rounds, and the share of the former in the latter."""
    trainer = make_trainer('joint', size, count)
    trainer.close()
    config = session_config('cpu', training=True)
    config.inter_op_parallelism_threads = 1
    work = {operation.name: _operations(operation) for operation in trainer.graph.get_operations()}
    rates: Dict[str, list] = defaultdict(list)
    parts: Dict[str, list] = defaultdict(list)
    with tf.Session(graph=trainer.graph, config=config) as session, _MatrixProduct(config) as product:
        session.run([trainer.initialise, trainer.initialise_local])
        for index in range(1 + rounds):
            seconds, flops, convolving = _traced(session, trainer.updates, work)
            matrix_rate = product.rate()
            if index:
                rates['convolutions'].append(flops / convolving / 1e9)
                rates['matrix product'].append(matrix_rate / 1e9)
                for name in PARTS:
                    parts[name].append(seconds[name])
    shares = np.array(rates['convolutions']) / np.array(rates['matrix product'])
    return {'size': size, 'batch': count, 'seconds': {name: float(np.median(parts[name])) for name in PARTS},
            'gflops': {name: float(np.median(rates[name])) for name in rates},
            'share_of_matrix_product': float(np.median(shares))}


class _MatrixProduct:
    """The yardstick: a product of square matrices, in a session like that of the training."""

    def __init__(self, config: tf.ConfigProto) -> None:
        with tf.Graph().as_default() as graph:
            a, b = [tf.get_variable(name, [_MATRIX_SIDE] * 2) for name in 'ab']
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
        return 2.0 * _MATRIX_SIDE ** 3 / min(seconds)

    def __enter__(self) -> _MatrixProduct:
        return self

    def __exit__(self, *error: object) -> None:
        self._session.close()


def _traced(session: tf.Session, updates: list, work: Dict[str, float]) -> tuple:
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


def _operations(operation: tf.Operation) -> float:
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
