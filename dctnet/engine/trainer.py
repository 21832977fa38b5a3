"""The training loop: trains anything that yields a StageGraph, and knows nothing of what it trains."""
from __future__ import annotations

import contextlib
import logging
import signal
import time
from typing import Any, Dict, Iterator, List, Sequence

from dctnet.compat import tf
from dctnet.distributed import LOST, Local
from dctnet.engine.updates import build_updates
from dctnet.errors import UserError
from dctnet.stage import Feed, Phase, StageGraph

log = logging.getLogger(__name__)


class Hook:
    """Something that happens around the steps. Hooks run in the order of their list."""

    def begin(self, loop: Loop) -> None:
        """Before the first step; loop.step is the number of steps done in earlier runs."""

    def wants_scalars(self, step: int, every: int) -> bool:
        """Whether, in step number `step` (the first is 1), the scalars of a phase that runs every `every` steps are
        needed in `after_step`."""
        return False

    def after_step(self, loop: Loop) -> None:
        """After every step; loop.step is the number of steps done."""

    def close(self, loop: Loop) -> None:
        """Always once at the end, after a failure too (loop.mid_step tells a failure inside a step)."""


class Loop:
    """One training run, as hooks see it.

    Built before the session, because it adds the update operations to the graph.

    step: steps done. scalars: 'phase/name' -> value of the last step, empty where no hook asked for them; of several
    micro-batches the mean, of their times the sum.
    data_seconds, step_seconds: of the last step, waiting for the batch and in all. stop_reason: set to end the run.
    communicator: this process among those that train together.
    mid_step: a step was begun and not ended. spoilt: set where the last step must not be saved.
    """

    def __init__(self, stage: StageGraph, feed: Feed, step_variable: tf.Variable, steps: int,
                 communicator: Local = Local(), loss_scaling: bool = False) -> None:
        self.stage, self.steps, self.communicator = stage, steps, communicator
        self.step = 0
        self.scalars: Dict[str, float] = {}
        self.data_seconds = self.step_seconds = 0.0
        self.stop_reason = ''
        self.mid_step = self.spoilt = False
        self.session: tf.Session = None
        self._feed, self._step_variable = feed, step_variable
        self._updates = build_updates(stage, communicator, feed.micro_batches, loss_scaling)
        self._asked = ''  # why this process should stop
        self._asks = tf.placeholder_with_default(tf.constant(0.0), [], name='asks_to_stop')
        # All processes stop after the same step, whichever of them was asked to.
        self._finish = [communicator.mean([self._asks])[0], tf.group(*stage.step_ops), step_variable.assign_add(1)]

    def run(self, session: tf.Session, hooks: Sequence[Hook]) -> None:
        """Train from the session's step to `steps`, or until a hook or a signal sets stop_reason."""
        self.session = session
        self.step = int(session.run(self._step_variable))
        self._feed.start(session, self.step)
        session.graph.finalize()
        begun: List[Hook] = []
        try:
            for hook in hooks:
                begun.append(hook)
                hook.begin(self)
            with self._stopped_by_signals():
                while self.step < self.steps and not self.stop_reason:
                    try:
                        self._one_step(hooks)
                    except tf.errors.OpError as error:
                        if not self.communicator.lost(error):
                            raise
                        log.error(LOST, f'in step {self.step + 1}')
                        self.stop_reason = 'another process has gone'
                        break
                    if self.step == self.steps or self.stop_reason:
                        self.communicator.end()  # the others leave, while hooks measure and save
                    for hook in hooks:
                        hook.after_step(self)
        finally:
            self.communicator.end()
            with contextlib.ExitStack() as closing:  # every hook closes, even where another's close fails
                for hook in reversed(begun):
                    closing.callback(hook.close, self)

    def _one_step(self, hooks: Sequence[Hook]) -> None:
        start = time.perf_counter()
        self._load_batch()
        self.data_seconds = time.perf_counter() - start
        self.mid_step = True
        due = [phase for phase in self.stage.phases if self.step % phase.every == 0]
        self.scalars = {}
        for group in [due] if self.stage.joint else [[phase] for phase in due]:
            self._update(group, hooks)
        asked, _, _ = self.session.run(self._finish, {self._asks: float(bool(self._asked))},
                                       options=self.communicator.run_options)
        self.step += 1
        self.mid_step = False
        if asked:
            self.stop_reason = self._asked or 'another process was asked to'
        self.step_seconds = time.perf_counter() - start

    def _update(self, phases: List[Phase], hooks: Sequence[Hook]) -> None:
        wanted = [phase for phase in phases if any([hook.wants_scalars(self.step + 1, phase.every) for hook in hooks])]
        scalars = {phase.name + '/' + name: tensor for phase in wanted for name, tensor in phase.scalars.items()}
        last = self._feed.micro_batches - 1
        parts = [self._run([self._updates[phase.name].accumulate for phase in phases], scalars, number)
                 for number in range(last)]
        own = {phase.name + '/' + name: tensor for phase in wanted
               for name, tensor in self._updates[phase.name].scalars.items()}
        final = self._run([self._updates[phase.name].apply for phase in phases], dict(scalars, **own), last)
        for name, value in final.items():
            values = [part[name] for part in parts if name in part] + [value]
            self.scalars[name] = sum(values) if '/seconds/' in name else sum(values) / len(values)

    def _run(self, operations: List[tf.Operation], scalars: Dict[str, tf.Tensor], number: int) -> Dict[str, float]:
        index = self._feed.micro_batch
        feed: Dict[Any, int] = {} if index is None else {index: number}
        try:
            _, values = self.session.run([operations, scalars], feed, options=self.communicator.run_options)
        except tf.errors.ResourceExhaustedError as error:
            raise UserError('out of memory in step {} ({}): lower data.batch_size (train.accumulate makes up for it), '
                            'data.size or model.channels'.format(self.step + 1, str(error.message).split('\n')[0])
                            ) from error
        return {name: float(value) for name, value in values.items()}

    def _load_batch(self) -> None:
        try:
            self.session.run(self._feed.load)
        except tf.errors.OpError as error:
            # The reader's own words come through TensorFlow as text; anything else is a bug and stays one.
            _, mark, message = str(error.message).partition('UserError: ')
            if not mark:
                raise
            raise UserError(message.split('\n')[0]) from error

    @contextlib.contextmanager
    def _stopped_by_signals(self) -> Iterator[None]:
        def stop(number: int, frame: object) -> None:
            log.info('%s: stopping after this step; the same command goes on from there', signal.Signals(number).name)
            self._asked = signal.Signals(number).name
            if self.communicator.size == 1:
                self.stop_reason = self._asked  # nobody to agree with: no step more
            signal.signal(signal.SIGINT, signal.default_int_handler)  # a second Ctrl-C stops at once

        former = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)
