"""This project's training step, by the same engine loop as `train.py ttn`, on a batch that stays in variables."""
from typing import List

from dctnet import process
from dctnet.compat import session_config, tf
from dctnet.config import StartConfig, TtnConfig, TtnLossConfig, TtnModelConfig, TtnTrainConfig
from dctnet.distributed import Communicator, Local
from dctnet.engine.trainer import Hook, Loop
from dctnet.models.ttn import build_ttn
from dctnet.models.ttn_losses import TtnBatch
from dctnet.ops import convolution_gradients
from dctnet.stage import Feed
from tests.bench.batch import Batch


class OurTrainer:
    """One `step` is one step of the engine, superpixels of the output included (the baseline's work).

    superpixel, backend: loss.superpixel and loss.superpixel_backend.
    device: of the session, and what the gradients of convolutions are made for.

    graph, initialise, initialise_local: for sessions of other kinds.
    updates: of one joint step. phases: of the stage. session: of this trainer.
    """

    def __init__(self, batch: Batch, content_network: tf.GraphDef, channels: int, schedule: str,
                 precision: str = 'float32', xla: bool = False, threads: int = 0,
                 communicator: Communicator = Local(), superpixel: str = 'output', backend: str = 'cpu',
                 device: str = 'cpu') -> None:
        config = TtnConfig(model=TtnModelConfig(channels), train=TtnTrainConfig(schedule=schedule),
                           start=StartConfig(discriminator=0, ramp=0),
                           loss=TtnLossConfig(content_network='random', superpixel=superpixel,
                                              superpixel_backend=backend))
        process.reuse_memory_of_small_tensors()  # as dctnet.training does
        with tf.Graph().as_default() as graph, convolution_gradients.cpu_convolution_gradients(device):
            step = tf.train.get_or_create_global_step()
            photo, style = [tf.get_variable(name, initializer=array, trainable=False)
                            for name, array in batch._asdict().items()]
            stage = build_ttn(config, TtnBatch(tf.identity(photo), tf.identity(style)), step, content_network,
                              batch.photo[:1])
            self._loop = Loop(stage, Feed(tf.no_op(), lambda session, position: None), step, 0, communicator,
                              loss_scaling=precision == 'float16')
            self.phases = stage.phases
            self.graph = graph
            self.updates = [update.apply for group in self._loop.updates.values() for update in group.values()]
            self.initialise, self.initialise_local = tf.global_variables_initializer(), tf.local_variables_initializer()
            self.session = tf.Session(graph=graph, config=communicator.configured(session_config(
                device, threads, training=True, precision=precision, xla=xla)))
            self.session.run([self.initialise, self.initialise_local])

    def step(self) -> None:
        """One training step."""
        self._loop.steps += 1
        self._loop.run(self.session, hooks=[])

    def seconds(self, steps: int) -> List[float]:
        """Of each of so many steps, one after the other."""
        times = _Times()
        self._loop.steps += steps
        self._loop.run(self.session, hooks=[times])
        return times.seconds

    def close(self) -> None:
        """Free the memory of the session."""
        self.session.close()


class _Times(Hook):
    """Seconds of every step."""

    def __init__(self) -> None:
        self.seconds: List[float] = []

    def after_step(self, loop: Loop) -> None:
        """Record."""
        self.seconds.append(loop.step_seconds)
