"""The training loop: trains any StageGraph, and knows nothing about the model.

The life of a step:

    load the batch                      Feed.load: from the pipeline into variables on the device
    for the phases due                  StageGraph.due; all at once if the stage is joint, else in turn
        run the update                  per micro-batch: gradients; with the last: their mean over processes, Adam
        fetch scalars                   in the same run, on steps for which a hook wants them
    run step_ops, count the step        power iteration, moving averages; all processes vote on stopping
    hook.after_step(loop)               in the order of the list: guard, measure, record, show, save
"""
from __future__ import annotations

import contextlib
import logging
import time
from typing import Any, Callable, Dict, List, Sequence

from dctnet.compat import tf
from dctnet.distributed import LOST, Communicator
from dctnet.engine.updates import build_updates
from dctnet.errors import UserError
from dctnet.stage import Feed, Phase, StageGraph

log = logging.getLogger(__name__)


class Hook:
    """Something that happens around the steps. Hooks run in the order of their list:

        for hook in hooks: hook.begin(loop)
        while loop.step < loop.steps and not loop.stop_reason:
            run a step                  with the scalars of each phase that any hook.wants_scalars
            for hook in hooks: hook.after_step(loop)
        for hook in reversed(hooks): hook.close(loop)      always: after a failure, and if another's close fails
    """

    def begin(self, loop: Loop) -> None:
        """Before the first step; loop.step is the number of steps done in earlier runs."""

    def wants_scalars(self, step: int, every: int) -> bool:
        """Whether, in step number `step` (the first is 1), the scalars of a phase that runs every `every` steps are
        needed in `after_step`."""
        return False

    def after_step(self, loop: Loop) -> None:
        """After every step; loop.step is the number of steps done."""

    def close(self, loop: Loop) -> None:
        """Once at the end, even after a failure; loop.mid_step is True if a step was not finished."""


class Loop:
    """One training run, as hooks see it. Build it before the session: it adds the update operations to the graph.

    stage, feed: what is trained, and its data.
    step_variable: int64, the number of steps done.
    steps: the step at which the training is done.
    communicator: this process among those that train together.
    loss_scaling: scale the losses, for float16 (engine.updates.LossScale).
    stop_reason: called in every step; returns why the run must end, '' to go on.

    What hooks use:
    step: number of steps done.
    scalars: 'phase/name' -> value of the last step, the mean over its micro-batches (of times, the sum); empty if no
        hook wanted them.
    data_seconds, step_seconds: of the last step, waiting for the batch and in all.
    stop_reason: set it to end the run after this step.
    mid_step: True while a step is begun and not finished.
    diverged: set it if the last step must not be saved.
    session: the session of the training.
    updates: names of the phases that are updated at once -> name of a phase -> its update operations.
    """

    def __init__(self, stage: StageGraph, feed: Feed, step_variable: tf.Variable, steps: int,
                 communicator: Communicator, loss_scaling: bool = False,
                 stop_reason: Callable[[], str] = lambda: '') -> None:
        self.stage, self.steps, self.communicator = stage, steps, communicator
        self.step = 0
        self.scalars: Dict[str, float] = {}
        self.data_seconds = self.step_seconds = 0.0
        self.stop_reason = ''
        self.mid_step = self.diverged = False
        self.session: tf.Session = None
        self._feed, self._step_variable, self._ask = feed, step_variable, stop_reason
        self.updates = build_updates(stage, communicator, feed.micro_batches, loss_scaling)
        self._vote = tf.placeholder_with_default(tf.constant(0.0), [], name='votes_to_stop')
        # All processes stop after the same step, whichever of them was asked to.
        with tf.control_dependencies(stage.step_ops):  # they may depend on the step
            count = step_variable.assign_add(1)
        self._finish = [communicator.mean([self._vote])[0], count]

    def run(self, session: tf.Session, hooks: Sequence[Hook]) -> None:
        """Train from the session's step to `steps`, or until a hook or `stop_reason` ends the run."""
        self.session = session
        self.step = int(session.run(self._step_variable))
        self._feed.start(session, self.step)
        session.graph.finalize()
        begun: List[Hook] = []
        try:
            for hook in hooks:
                begun.append(hook)
                hook.begin(self)
            while self.step < self.steps and not self._must_stop():
                try:
                    self._one_step(hooks)
                except tf.errors.OpError as error:
                    if not self.communicator.lost(error):
                        raise
                    log.error(LOST, f'in step {self.step + 1}')
                    self.stop_reason = 'another process has gone'
                    break
                if self.step == self.steps or self._must_stop():
                    self.communicator.end()  # the others leave, while hooks measure and save
                for hook in hooks:
                    hook.after_step(self)
        finally:
            self.communicator.end()
            with contextlib.ExitStack() as closing:  # every hook closes, even if another's close fails
                for hook in reversed(begun):
                    closing.callback(hook.close, self)

    def _must_stop(self) -> bool:
        if self.communicator.size == 1:  # no process to agree with: stop before the next step
            self.stop_reason = self.stop_reason or self._ask()
        return bool(self.stop_reason)

    def _one_step(self, hooks: Sequence[Hook]) -> None:
        start = time.perf_counter()
        self._load_batch()
        self.data_seconds = time.perf_counter() - start
        self.mid_step = True
        self.scalars = {}
        for group in self.stage.due(self.step):
            self._update(group, hooks)
        reason = self._ask()
        votes, _ = self.session.run(self._finish, {self._vote: float(bool(reason))},
                                    options=self.communicator.run_options)
        self.step += 1
        self.mid_step = False
        if votes:
            self.stop_reason = reason or 'another process was asked to'
        self.step_seconds = time.perf_counter() - start

    def _update(self, phases: Sequence[Phase], hooks: Sequence[Hook]) -> None:
        updates = self.updates[tuple(phase.name for phase in phases)]
        shown = [phase for phase in phases if any([hook.wants_scalars(self.step + 1, phase.every) for hook in hooks])]
        scalars = {f'{phase.name}/{name}': tensor for phase in shown for name, tensor in phase.scalars.items()}
        last = self._feed.micro_batches - 1
        parts = [self._run([updates[phase.name].accumulate for phase in phases], scalars, number)
                 for number in range(last)]
        of_update = {f'{phase.name}/{name}': tensor for phase in shown
                     for name, tensor in updates[phase.name].scalars.items()}
        final = self._run([updates[phase.name].apply for phase in phases], dict(scalars, **of_update), last)
        for name, value in final.items():
            values = [part[name] for part in parts if name in part] + [value]
            self.scalars[name] = sum(values) if '/seconds/' in name else sum(values) / len(values)

    def _run(self, operations: List[tf.Operation], scalars: Dict[str, tf.Tensor], number: int) -> Dict[str, float]:
        index = self._feed.micro_batch
        feed: Dict[Any, int] = {} if index is None else {index: number}
        try:
            _, values = self.session.run([operations, scalars], feed, options=self.communicator.run_options)
        except tf.errors.ResourceExhaustedError as error:
            raise UserError('out of memory in step {} ({}): {}'.format(
                self.step + 1, str(error.message).split('\n')[0],
                self.stage.memory_advice or 'lower the size of the batch')) from error
        return {name: float(value) for name, value in values.items()}

    def _load_batch(self) -> None:
        try:
            self.session.run(self._feed.load)
        except tf.errors.OpError as error:
            mistakes = [failure for failure in self._feed.failures if isinstance(failure, UserError)]
            if not mistakes:
                raise
            raise mistakes[0] from error
