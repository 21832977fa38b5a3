"""The training loop: trains any StageGraph, and knows nothing about the model.

The life of a step:

    for the phases due                  StageGraph.due; all at once if the stage is joint, else in turn
        run the update                  per micro-batch: gradients; with the last: their mean over processes, Adam
        fetch scalars                   in the same run, on steps for which a hook wants them
        in the last of these runs       step_ops (power iteration, moving averages), the count of steps, the vote on
                                        stopping; beside it Feed.load, which brings the next batch onto the device
    hook.after_step(loop)               in the order of the list: guard, measure, record, show, save
"""
from __future__ import annotations

import contextlib
import logging
import time
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

from dctnet.compat import reason, tf
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


class _Finish(NamedTuple):
    """What the last run of a step does after its update.

    votes: more than 0 if a process was asked to stop. count: of the step. waited: seconds from the end of the update to
    that of loading the next data, which may be negative.
    """
    votes: tf.Tensor
    count: tf.Tensor
    waited: tf.Tensor


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
    data_seconds, step_seconds: of the last step, waiting for the next batch and in all.
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
        self._finish = {group: self._finished(group) for group in sorted(stage.last_groups())}

    def _finished(self, group: Tuple[str, ...]) -> _Finish:
        """What follows the updates of the last group of a step."""
        updates = self.updates[group].values() if group else ()
        with tf.control_dependencies([update.apply for update in updates]):
            # All processes stop after the same step, whichever of them was asked to.
            votes, = self.communicator.mean([tf.identity(self._vote)])
            step_ops = list(self.stage.step_ops())
            with tf.control_dependencies(step_ops):  # they may depend on the step
                count = self._step_variable.assign_add(1)
                done = _smallest(self.stage.phases).read_value()
        with tf.device('/device:CPU:0'):
            # Python takes a copy of the variable: a GPU has then computed it, and not only been told to.
            updated = tf.numpy_function(lambda _: time.time(), [done], tf.float64, name='updated')
            with tf.control_dependencies([self._feed.load]):
                loaded = tf.timestamp()
        return _Finish(votes, count, loaded - updated)

    def run(self, session: tf.Session, hooks: Sequence[Hook]) -> None:
        """Train from the session's step to `steps`, or until a hook or `stop_reason` ends the run."""
        self.session = session
        self.step = int(session.run(self._step_variable))
        self._feed.start(session, self.step)
        session.graph.finalize()
        if self.step < self.steps:
            session.run(self._feed.load)
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
        if self.step in self._feed.failures:
            raise self._feed.failures[self.step]
        start = time.perf_counter()
        self.mid_step = True
        self.scalars = {}
        reason = self._ask()
        groups = self.stage.due(self.step)
        for group in groups[:-1]:
            self._update(group, hooks, [], {})
        last = groups[-1] if groups else ()
        finish = self._finish[tuple(phase.name for phase in last)]
        votes, _, waited = self._update(last, hooks, list(finish), {self._vote: float(bool(reason))})
        self.data_seconds = max(0.0, float(waited))
        self.step += 1
        self.mid_step = False
        if votes:
            self.stop_reason = reason or 'another process was asked to'
        self.step_seconds = time.perf_counter() - start

    def _update(self, phases: Sequence[Phase], hooks: Sequence[Hook], along: List[tf.Tensor],
                feed: Dict[Any, Any]) -> List[Any]:
        """Run the updates of the phases; returns the values of `along`, fetched with the last micro-batch."""
        updates = self.updates[tuple(phase.name for phase in phases)] if phases else {}
        shown = [phase for phase in phases if any([hook.wants_scalars(self.step + 1, phase.every) for hook in hooks])]
        scalars = {f'{phase.name}/{name}': tensor for phase in shown for name, tensor in phase.scalars.items()}
        last = self._feed.micro_batches - 1
        parts = [self._run([updates[phase.name].accumulate for phase in phases], scalars, number, {})[0]
                 for number in range(last) if phases]
        of_update = {f'{phase.name}/{name}': tensor for phase in shown
                     for name, tensor in updates[phase.name].scalars.items()}
        final, found = self._run([updates[phase.name].apply for phase in phases] + along, dict(scalars, **of_update),
                                 last, feed)
        for name, value in final.items():
            values = [part[name] for part in parts if name in part] + [value]
            self.scalars[name] = sum(values) if '/seconds/' in name else sum(values) / len(values)
        return found[len(phases):]

    def _run(self, fetches: List[Any], scalars: Dict[str, tf.Tensor], number: int,
             feed: Dict[Any, Any]) -> Tuple[Dict[str, float], List[Any]]:
        index = self._feed.micro_batch
        if index is not None:
            feed = {**feed, index: number}
        try:
            found, values = self.session.run([fetches, scalars], feed, options=self.communicator.run_options)
        except tf.errors.ResourceExhaustedError as error:
            raise UserError('out of memory in step {} ({}): {}'.format(
                self.step + 1, reason(error),
                self.stage.memory_advice or 'lower the size of the batch')) from error
        return {name: float(value) for name, value in values.items()}, found


def _smallest(phases: Sequence[Phase]) -> tf.Variable:
    """The smallest variable that is trained."""
    return min([variable for phase in phases for variable in phase.variables],
               key=lambda variable: variable.shape.num_elements())
