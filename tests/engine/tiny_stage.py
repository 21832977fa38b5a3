"""A training stage of two numbers that chase each other: the engine must not care what it trains."""
import contextlib
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Sequence

import numpy as np

from dctnet.compat import tf
from dctnet.distributed import Local
from dctnet.engine.trainer import Hook, Loop
from dctnet.stage import Feed, Optim, Phase, Preview, StageGraph

OPTIM = Optim(lr=0.1, beta1=0.5, beta2=0.9)


class Tiny(NamedTuple):
    """What a test needs to hold: the graph's parts and the loop over them."""
    session: tf.Session
    loop: Loop
    x: tf.Variable
    y: tf.Variable
    ticks: tf.Variable
    data: List[Any]
    saver: tf.train.Saver
    step: tf.Variable


class Record(Hook):
    """Writes down what happens; `calls` may be shared between several."""

    def __init__(self, calls: List[tuple], name: str = '', scalars: bool = True) -> None:
        self.calls, self.name, self.scalars = calls, name, scalars

    def begin(self, loop: Loop) -> None:
        self.calls.append((self.name + 'begin', loop.step))

    def wants_scalars(self, step: int, every: int) -> bool:
        return self.scalars

    def after_step(self, loop: Loop) -> None:
        self.calls.append((self.name + 'after', loop.step))

    def close(self, loop: Loop) -> None:
        self.calls.append((self.name + 'close', loop.step, loop.mid_step))


class Do(Hook):
    """Calls a function after a given step."""

    def __init__(self, step: int, function: Any) -> None:
        self.step, self.function = step, function

    def after_step(self, loop: Loop) -> None:
        if loop.step == self.step:
            self.function(loop)


@contextlib.contextmanager
def tiny(steps: int, every: Sequence[int] = (1, 1), joint: bool = False, lr: float = 0.1,
         scalars: Dict[str, float] = None, on_load: Any = None, loss_scaling: bool = False,
         stop_reason: Callable[[], str] = lambda: '') -> Iterator[Tiny]:
    """x is drawn to the batch's number, y to x. `on_load(step)` gives that number; tiny.data lists feed calls."""
    data: List[Any] = []
    failures: Dict[int, Exception] = {}

    def load() -> np.float32:
        data.append('load')
        try:
            return np.float32(on_load(len(data)) if on_load else 1.0)
        except Exception as error:
            failures[data[0][1] + len(data) - 2] = error  # after ('start', at)
            return np.float32(0.0)

    with tf.Graph().as_default(), tf.Session() as session:
        step = tf.train.get_or_create_global_step()
        x, y = [tf.get_variable(name, initializer=value) for name, value in (('one/x', 3.0), ('two/y', -2.0))]
        ticks = tf.get_variable('ticks', initializer=0, trainable=False)
        batch = tf.get_variable('batch', initializer=0.0, trainable=False, collections=[tf.GraphKeys.LOCAL_VARIABLES])
        fetched = tf.numpy_function(load, [], tf.float32)
        fetched.set_shape([])
        current = batch.read_value()
        with tf.control_dependencies([current]):
            bring = batch.assign(fetched).op
        phases = []
        for name, variable, loss, period in (('a', x, tf.square(x - current), every[0]),
                                             ('b', y, tf.square(y - x), every[1])):
            shown = {'loss': loss, 'raw/distance': tf.sqrt(loss)}
            shown.update({key: tf.constant(value) for key, value in (scalars or {}).items()})
            phases.append(Phase(name, loss, shown, [variable], period, OPTIM._replace(lr=lr)))
        picture = tf.ones([2, 8, 8, 3]) * x
        stage = StageGraph(phases, Preview({'input': tf.zeros([2, 8, 8, 3]), 'output': picture}, {}), joint,
                           lambda: [ticks.assign_add(1).op])

        def start(session: tf.Session, at: int) -> None:
            data.append(('start', at))
            session.run(batch.initializer)

        loop = Loop(stage, Feed(bring, start, failures=failures), step, steps, Local(),
                    loss_scaling=loss_scaling, stop_reason=stop_reason)
        saver = tf.train.Saver(tf.global_variables(), max_to_keep=None)
        session.run(tf.global_variables_initializer())
        yield Tiny(session, loop, x, y, ticks, data, saver, step)
