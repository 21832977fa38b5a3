"""A stage of any kind from its graph to a trained run folder: start or resume, hooks, loop."""
import logging
import math
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

from dctnet import process
from dctnet.compat import TENSORFLOW_VERSION, gpu_available, session_config, tf
from dctnet.config import TrainConfig
from dctnet.distributed import Local
from dctnet.engine import updates
from dctnet.engine.evaluation import Evaluation, Measuring
from dctnet.engine.hooks import Checkpoint, NanGuard, Progress
from dctnet.engine.summaries import Samples, Scalars
from dctnet.engine.trainer import Hook, Loop
from dctnet.engine.updates import all_finite
from dctnet.errors import UserError
from dctnet.runs import checkpoint, folder
from dctnet.stage import Feed, StageGraph

log = logging.getLogger(__name__)

# Given the session with all variables at their start: loads what a new run starts from, and says what that is.
Start = Callable[[tf.Session], str]


def scaled(config: Any, processes: int) -> Any:
    """The config with the learning rate (train.lr_scaling) of that many processes, whose batches count together."""
    factor = {'off': 1.0, 'linear': float(processes), 'sqrt': math.sqrt(processes)}[config.train.lr_scaling]
    return replace(config, optim=replace(config.optim, lr=config.optim.lr * factor))


def pictures_a_step(config: Any, processes: int) -> int:
    """Pictures of a domain that a step takes, in all processes and micro-batches together."""
    return config.data.batch_size * config.train.accumulate * processes


def check_device(train: TrainConfig) -> None:
    """Raise UserError where a GPU is demanded and none is there."""
    if train.device == 'gpu' and not gpu_available():
        raise UserError(f'train.device is gpu, but TensorFlow {TENSORFLOW_VERSION} finds none it can use: check the '
                        'driver, or set train.device=auto')


def train_stage(config: Any, stage: StageGraph, feed: Feed, run: Path, start: Start,
                report: Callable[[], None], pictures: Dict[str, Sequence[Path]], dry_run: bool,
                measuring: Optional[Measuring] = None, communicator: Local = Local()) -> bool:
    """Train the stage of the current graph, or go on training, in the folder `run`.

    config: has `train` and `data.batch_size`; recorded in the run folder. start: called before the folder is touched.
    report: logs what is trained, into the run's log too. pictures: config key -> files, for the run folder's record.
    dry_run: do all but training, write nothing. measuring: what is measured of the weights now and then, if anything.
    communicator: this process among those that train together; only rank 0 writes, and what it has restored is what all
    start from.
    Returns True where all steps are done, False where it was stopped early.
    """
    train = config.train
    process.give_back_freed()
    loop = Loop(stage, feed, tf.train.get_or_create_global_step(), train.steps, communicator,
                loss_scaling=train.precision == 'float16')
    saver = tf.train.Saver(tf.global_variables(), max_to_keep=None)
    finite = all_finite(tf.global_variables())  # the optimiser's, too
    share = communicator.broadcast(tf.global_variables())
    options = communicator.configured(
        session_config(train.device, training=True, precision=train.precision, xla=train.xla))
    with tf.Session(communicator.target, config=options) as session:
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        origin = start(session)
        if dry_run:
            report()
            _begin(session, saver, run, origin)
            communicator.end()
            return True
        if communicator.rank:
            session.run(share, options=communicator.run_options)
            loop.run(session, [])
            return loop.step >= train.steps
        with folder.opened(run, config, {'tensorflow': TENSORFLOW_VERSION}):
            report()
            if communicator.size > 1 or train.accumulate > 1:
                log.info('%d processes with %s of %d: %d pictures a step in all, learning rate %g', communicator.size,
                         'batches' if train.accumulate == 1 else f'{train.accumulate} batches',
                         config.data.batch_size, pictures_a_step(config, communicator.size),
                         scaled(config, communicator.size).optim.lr)
            _begin(session, saver, run, origin)
            folder.note_pictures(run, pictures)
            session.run(share, options=communicator.run_options)
            writer = tf.summary.FileWriter(str(run / 'tb'))
            hooks: List[Hook] = [NanGuard()]
            if measuring:  # before what records its values and saves the step
                hooks.append(Evaluation(measuring, saver, run, finite))
            hooks += [
                Scalars(run, writer, train.log_every),
                Progress(train.log_every, pictures_a_step(config, communicator.size)),
                Samples(run, writer, train.sample_every),
                Checkpoint(saver, run / 'checkpoints', train.save_every, train.keep, finite)]
            loop.run(session, hooks)
            writer.close()
            if loop.step < train.steps:
                log.info('stopped early (%s) at step %d of %d', loop.stop_reason, loop.step, train.steps)
            return loop.step >= train.steps


def _begin(session: tf.Session, saver: tf.train.Saver, run: Path, origin: str) -> None:
    newest = checkpoint.latest(run / 'checkpoints')
    if newest:
        checkpoint.restore(session, saver, newest, may_lack=updates.LOSS_SCALE_SCOPE)
        log.info('resuming from %s', newest)
    elif folder.has_checkpoint(run):
        raise UserError(f"every checkpoint in {run / 'checkpoints'} has lost its .data file: copy it back, or choose "
                        'another --run')
    elif origin:
        log.info('%s', origin)
