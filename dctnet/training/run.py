"""A stage of any kind from its graph to a trained run folder: its start or its resume, the hooks, the loop."""
import logging
import math
from dataclasses import replace
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, TypeVar

import numpy as np

from dctnet.compat import TENSORFLOW_VERSION, gpu_available, session_config, tf
from dctnet.config import StageConfig, TrainConfig
from dctnet.distributed import Communicator
from dctnet.engine.evaluation import Evaluation, Evaluator
from dctnet.engine.hooks import Checkpoint, NanGuard, Progress
from dctnet.engine.summaries import Samples, Scalars
from dctnet.engine.trainer import Hook, Loop
from dctnet.engine.updates import LOSS_SCALE_SCOPE, all_finite
from dctnet.errors import UserError
from dctnet.runs import checkpoint
from dctnet.runs.folder import Run
from dctnet.stage import Feed, StageGraph

Config = TypeVar('Config', bound=StageConfig)
log = logging.getLogger(__name__)


class Weights(NamedTuple):
    """Arrays for variables of the same names.

    variables: to be assigned.
    arrays: name -> value.
    origin: their file, named in errors.
    required: every variable whose name starts with it must be among the arrays; '' for none.
    """
    variables: Sequence[tf.Variable]
    arrays: Dict[str, np.ndarray]
    origin: str
    required: str


class Stage(NamedTuple):
    """What a stage hands to `train_stage`.

    graph, feed: what is trained, and its data.
    start: the weights of step 0, if not the variables' initial values; loaded only if the run does not resume.
    origin: one line about them for the log, '' for none.
    summary: one line for the log about what is trained.
    images: config key -> image files, for the run folder's record.
    fixed: weights that no checkpoint holds, loaded at every start.
    moments: optimiser's variable -> value at the start of a training that goes on from another.
    kept_arrays: file name -> arrays that the run folder keeps.
    evaluator: measures during the training; None for no measurements.
    records: gives more hooks for the saver of all variables, which keep records of their own.
    """
    graph: StageGraph
    feed: Feed
    start: List[Weights]
    origin: str
    summary: str
    images: Dict[str, Sequence[Path]]
    fixed: Sequence[Weights] = ()
    moments: Dict[str, np.ndarray] = {}
    kept_arrays: Dict[str, Dict[str, np.ndarray]] = {}
    evaluator: Optional[Evaluator] = None
    records: Callable[[tf.train.Saver], Sequence[Hook]] = lambda saver: ()


def scaled(config: Config, processes: int) -> Config:
    """The config with the learning rates (train.lr_scaling) for that many processes, whose batches form one."""
    factor = {'off': 1.0, 'linear': float(processes), 'sqrt': math.sqrt(processes)}[config.train.lr_scaling]
    rates = {key: getattr(config.optim, key) * factor for key in ('lr', 'discriminator_lr')
             if hasattr(config.optim, key)}
    return replace(config, optim=replace(config.optim, **rates))


def images_a_step(config: StageConfig, processes: int) -> int:
    """Images of a domain that a step takes, in all processes and micro-batches together."""
    return config.data.batch_size * config.train.accumulate * processes


def check_device(train: TrainConfig) -> None:
    """Raise UserError if train.device is 'gpu' and there is none."""
    if train.device == 'gpu' and not gpu_available():
        raise UserError(f'train.device is gpu, but TensorFlow {TENSORFLOW_VERSION} finds none it can use: check the '
                        'driver, or set train.device=auto')


def train_stage(run: Run, config: StageConfig, stage: Stage, communicator: Communicator) -> bool:
    """Train the stage of the current graph in the run's folder, or resume its training. Returns True if all steps are
    done, False if the run was stopped early.

    run: the training and its folder; in a dry run everything but the training is done.
    config: of one process.
    stage: the graph, its data and its start.
    communicator: this process among those that train together. Only rank 0 writes, and all start from the values that
        it has restored.
    Raises UserError if weights do not fit, before the folder is touched; if the training diverges or runs out of
    memory; if an image cannot be read; or if the disk refuses.
    """
    loop = Loop(stage.graph, stage.feed, tf.train.get_or_create_global_step(), config.train.steps, communicator,
                loss_scaling=config.train.precision == 'float16', stop_reason=lambda: run.stop_reason)
    saver = tf.train.Saver(tf.global_variables(), max_to_keep=None)
    finite = all_finite(tf.global_variables())  # also the optimiser's
    share = communicator.broadcast(tf.global_variables())
    with tf.Session(communicator.target, config=_session_options(config.train, communicator)) as session:
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        for weights in list(stage.fixed) + ([] if run.resumes else stage.start):
            checkpoint.warm_start(session, *weights)
        if stage.moments and not run.resumes:
            optimiser = [variable for variable in tf.global_variables() if variable.op.name in stage.moments]
            checkpoint.warm_start(session, optimiser, stage.moments, config.init_from)
        if run.dry:
            log.info('%s', stage.summary)
            _restore(session, saver, run, stage.origin)
            communicator.end()
            return True
        if communicator.rank:
            session.run(share, options=communicator.run_options)
            loop.run(session, [])
            return loop.step >= loop.steps
        with run.opened(config, {'tensorflow': TENSORFLOW_VERSION}):
            log.info('%s', stage.summary)
            _report_processes(config, communicator)
            _restore(session, saver, run, stage.origin)
            run.record_pictures(stage.images)
            for name, arrays in stage.kept_arrays.items():
                run.keep_arrays(name, arrays)
            session.run(share, options=communicator.run_options)
            with tf.summary.FileWriter(str(run.path / 'tb')) as writer:
                loop.run(session, _hooks(run, config, stage, saver, finite, writer, communicator))
            if loop.step < loop.steps:
                log.info('stopped early (%s) at step %d of %d', loop.stop_reason, loop.step, loop.steps)
            return loop.step >= loop.steps


def _session_options(train: TrainConfig, communicator: Communicator) -> tf.ConfigProto:
    return communicator.configured(
        session_config(train.device, training=True, precision=train.precision, xla=train.xla))


def _hooks(run: Run, config: StageConfig, stage: Stage, saver: tf.train.Saver, finite: tf.Tensor,
           writer: tf.summary.FileWriter, communicator: Communicator) -> List[Hook]:
    train = config.train
    hooks: List[Hook] = [NanGuard()]
    if stage.evaluator:  # before what records its values and saves the step
        hooks.append(Evaluation(stage.evaluator, saver, run.path, finite))
    return hooks + [
        Scalars(run.path, writer, train.log_every),
        Progress(train.log_every, images_a_step(config, communicator.size)),
        Samples(run.path, writer, train.sample_every),
        Checkpoint(saver, run.checkpoints, train.save_every, train.keep, finite)] + list(stage.records(saver))


def _restore(session: tf.Session, saver: tf.train.Saver, run: Run, origin: str) -> None:
    if run.newest:
        checkpoint.restore(session, saver, run.newest, may_lack=LOSS_SCALE_SCOPE)
        log.info('resuming from %s', run.newest)
    elif origin:
        log.info('%s', origin)


def _report_processes(config: StageConfig, communicator: Communicator) -> None:
    accumulate = config.train.accumulate
    if communicator.size > 1 or accumulate > 1:
        log.info('%d processes with %s of %d: %d pictures a step in all, learning rate %g', communicator.size,
                 'batches' if accumulate == 1 else f'{accumulate} batches', config.data.batch_size,
                 images_a_step(config, communicator.size), scaled(config, communicator.size).optim.lr)
