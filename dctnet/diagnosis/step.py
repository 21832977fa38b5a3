"""One training step of the TTN: its numbers against float64, and its time."""
from dataclasses import replace
from typing import Callable, List, Sequence

import cv2
import numpy as np

from dctnet import frozen
from dctnet.compat import gradients, session_config, tf
from dctnet.config import StartConfig, TtnConfig, TtnDataConfig, TtnLossConfig, TtnModelConfig, TtnTrainConfig
from dctnet.diagnosis.facts import Numbers
from dctnet.distributed import Local
from dctnet.engine.trainer import Hook, Loop
from dctnet.models.ttn import build_ttn
from dctnet.models.ttn_losses import TtnBatch
from dctnet.ops.convolution_gradients import cpu_convolution_gradients
from dctnet.ops.random import starting_weights
from dctnet.stage import Feed, StageGraph

_SIZE, _BATCH, _CHANNELS = 64, 2, 4  # of the step whose numbers are compared
_AT_ONCE = StartConfig(discriminator=0, ramp=0)  # all terms from the first step on
_FLOAT32, _FLOAT64 = tf.float32.as_datatype_enum, tf.float64.as_datatype_enum
_IN_FLOAT32_ALONE = {'ResizeBilinear': 1, 'ResizeBilinearGrad': 2}  # operation -> how many inputs are float32


def numbers(device: str, content_network: tf.GraphDef) -> Numbers:
    """Losses and gradients of a small step in float32 on a device, against the same graph in float64 on the CPU.

    device: 'auto', 'cpu' or 'gpu'.
    content_network: frozen graph image:0 -> features:0.
    Raises tf.errors.OpError if the device fails.
    """
    config = TtnConfig(data=TtnDataConfig(size=_SIZE, batch_size=_BATCH), model=TtnModelConfig(_CHANNELS),
                       loss=TtnLossConfig(content_network='random', superpixel='off'), start=_AT_ONCE,
                       train=TtnTrainConfig(device=device))
    with tf.Graph().as_default():
        stage = _built(config, content_network)
        wanted = {phase.name: [tf.identity(each) for each in [phase.loss] + gradients(phase.loss, phase.variables)]
                  for phase in stage.phases}
        with tf.Session(config=session_config(device, training=True)) as session:
            session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
            found = session.run(wanted)
            graph_def = frozen.freeze(session, [tensor for tensors in wanted.values() for tensor in tensors])
    with tf.Graph().as_default() as graph, tf.Session(config=session_config('cpu', training=True)) as session:
        tf.import_graph_def(in_float64(graph_def), name='')
        expected = session.run({name: [graph.get_tensor_by_name(tensor.name) for tensor in tensors]
                                for name, tensors in wanted.items()})
    return Numbers({name: relative(found[name][0], expected[name][0]) for name in found},
                   {name: _largest(found[name][1:], expected[name][1:]) for name in found})


def seconds_a_step(config: TtnConfig, content_network: tf.GraphDef, warmup: int, steps: int) -> float:
    """The median time of a step of the engine's loop, on pictures that stay in variables.

    config: of the training; its start is left out, and content_network stands for its own.
    Raises UserError if the memory does not do.
    """
    with tf.Graph().as_default():
        stage = _built(replace(config, start=_AT_ONCE), content_network)
        return median_step(stage, session_config(config.train.device, training=True, precision=config.train.precision,
                                                 xla=config.train.xla), warmup, steps)


def median_step(stage: StageGraph, config: tf.ConfigProto, warmup: int, steps: int,
                load: Callable[[tf.Session], None] = lambda session: None) -> float:
    """The median time of a step of the engine's loop in seconds; the batch stays as it is.

    stage: built in the current graph, beside its global step.
    config: of the session.
    warmup, steps: numbers of steps before those that are timed, and of these.
    load: brings weights into the initialised variables of a session.
    """
    times = _Times()
    feed = Feed(tf.no_op(), lambda session, position: None)
    loop = Loop(stage, feed, tf.train.get_global_step(), warmup + steps, Local())  # which adds variables
    with tf.Session(config=config) as session:
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        load(session)
        loop.run(session, [times])
    return float(np.median(times.seconds[warmup:]))


class _Times(Hook):
    """Seconds of every step."""

    def __init__(self) -> None:
        self.seconds: List[float] = []

    def after_step(self, loop: Loop) -> None:
        self.seconds.append(loop.step_seconds)


def _built(config: TtnConfig, content_network: tf.GraphDef) -> StageGraph:
    """The stage in the current graph, on drawn pictures, with starting weights that are the same on every device."""
    rng = np.random.RandomState(0)
    domains = [drawn_pictures(rng, config.data.batch_size, config.data.size) for _ in range(2)]
    with cpu_convolution_gradients(config.train.device), starting_weights(config.train.seed):
        photo, style = [tf.get_variable(name, initializer=pictures, trainable=False)
                        for name, pictures in zip(('photo', 'style'), domains)]
        return build_ttn(config, TtnBatch(tf.identity(photo), tf.identity(style)),
                         tf.train.get_or_create_global_step(), content_network, domains[0][:1])


def drawn_pictures(rng: np.random.RandomState, count: int, size: int) -> np.ndarray:
    """Soft spots with some grain, float32 [count, size, size, 3] in [-1, 1]."""
    spots = [cv2.resize(rng.uniform(-1, 1, (8, 8, 3)), (size, size), interpolation=cv2.INTER_LINEAR)
             for _ in range(count)]
    return np.clip(np.stack(spots) + rng.normal(0, .05, (count, size, size, 3)), -1, 1).astype(np.float32)


def in_float64(graph_def: tf.GraphDef) -> tf.GraphDef:
    """A frozen graph that computes in float64 what it computed in float32, from the same constants. Operations that
    TensorFlow has in float32 alone stay so, and random numbers are drawn in it, which gives the same ones."""
    result = tf.GraphDef(versions=graph_def.versions)
    for node in graph_def.node:
        copy = result.node.add()
        copy.CopyFrom(node)
        if node.op in _IN_FLOAT32_ALONE or _draws_float32(node):
            copy.name += '_in_float32'
            for i in range(_IN_FLOAT32_ALONE.get(node.op, 0)):
                _add_cast(result, f'{copy.name}_{i}', node.input[i], _FLOAT64, _FLOAT32)
                copy.input[i] = f'{copy.name}_{i}'
            _add_cast(result, node.name, copy.name, _FLOAT32, _FLOAT64)
            continue
        for value in copy.attr.values():
            if value.type == _FLOAT32:
                value.type = _FLOAT64
            if value.HasField('tensor') and value.tensor.dtype == _FLOAT32:
                value.tensor.CopyFrom(tf.make_tensor_proto(tf.make_ndarray(value.tensor).astype(np.float64)))
    return result


def _draws_float32(node: tf.NodeDef) -> bool:
    return 'Random' in node.op and 'dtype' in node.attr and node.attr['dtype'].type == _FLOAT32


def _add_cast(graph_def: tf.GraphDef, name: str, source: str, before: int, after: int) -> None:
    node = graph_def.node.add(name=name, op='Cast', input=[source])
    node.attr['SrcT'].type, node.attr['DstT'].type = before, after


def _largest(found: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> float:
    """The largest relative difference of the arrays; NaN if one is."""
    return float(np.max([relative(each, other) for each, other in zip(found, expected)]))


def relative(found: np.ndarray, expected: np.ndarray) -> float:
    """The norm of the difference over that of what is expected; 0 if both are 0."""
    difference, size = np.linalg.norm(np.subtract(found, expected)), np.linalg.norm(expected)
    return float(difference / size) if size else float(difference)
