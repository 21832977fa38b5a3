"""Measurements during the training, and the best checkpoint by one of them. What is measured is a function."""
import logging
import time
from pathlib import Path
from typing import Callable, Dict, NamedTuple, Optional

from dctnet.compat import tf
from dctnet.engine.hooks import check_finite
from dctnet.engine.trainer import Hook, Loop
from dctnet.runs import best_checkpoint
from dctnet.runs.best_checkpoint import Best

log = logging.getLogger(__name__)


class Measuring(NamedTuple):
    """prepare: work that is done once, before the first step. measure: the session -> name of a metric -> its value.
    every: steps from one measurement to the next. best: the metric that chooses the best checkpoint.
    lower_is_better: its direction. measured_on: hash of what the values depend on besides the weights."""
    prepare: Callable[[], None]
    measure: Callable[[tf.Session], Dict[str, float]]
    every: int
    best: str
    lower_is_better: bool
    measured_on: str


class Evaluation(Hook):
    """Adds 'eval/NAME' to the scalars every `every` steps and at the end, and keeps the best checkpoint so far.

    Stands before the hooks that record scalars and save: a step that a run resumes from has been measured. Where a
    killed run is repeated from an earlier step, its later steps are measured again, to the same values, and a best
    among them stays.
    """

    def __init__(self, measuring: Measuring, saver: tf.train.Saver, run: Path, finite: tf.Tensor) -> None:
        self._measuring, self._saver, self._run, self._finite = measuring, saver, run, finite
        self._best: Optional[Best] = None
        self._begun, self._seconds, self._count = time.perf_counter(), 0.0, 0

    def begin(self, loop: Loop) -> None:
        """Prepare, and remember the best so far."""
        self._begun = time.perf_counter()
        if loop.step >= loop.steps:
            return
        best = best_checkpoint.read(self._run)
        if best and (best.metric, best.measured_on) != (self._measuring.best, self._measuring.measured_on):
            log.warning('the best checkpoint (step %d, %s %.4g) was measured in another way, on other pictures or '
                        'networks: the next measurement takes its place', best.step, best.metric, best.value)
            best = None
        self._best = best
        self._measuring.prepare()
        self._seconds += time.perf_counter() - self._begun
        log.info('evaluation every %d steps, prepared in %.1f s; best: %s', self._measuring.every, self._seconds,
                 self._text(best) if best else 'none yet')

    def after_step(self, loop: Loop) -> None:
        """Measure when due and at the end."""
        if loop.step % self._measuring.every and loop.step != loop.steps:
            return
        check_finite(loop, self._finite)
        start = time.perf_counter()
        found = self._measuring.measure(loop.session)
        now = Best(loop.step, self._measuring.best, found[self._measuring.best], self._measuring.measured_on)
        if self._is_better(now):
            best_checkpoint.replace(loop.session, self._saver, self._run, now)
            self._best = now
        seconds = time.perf_counter() - start
        loop.scalars.update({'eval/' + name: value for name, value in found.items()})
        loop.scalars['eval/seconds'] = seconds
        self._seconds, self._count = self._seconds + seconds, self._count + 1
        log.info('evaluation of step %d: %s (%.1f s); best: %s', loop.step,
                 ', '.join('{} {:.4g}'.format(*entry) for entry in found.items()), seconds, self._text(self._best))

    def close(self, loop: Loop) -> None:
        """Say what it has cost."""
        if self._count:
            log.info('evaluation took %.1f s, %.1f %% of the %.1f s of training (%d times); best: %s', self._seconds,
                     100 * self._seconds / (time.perf_counter() - self._begun), time.perf_counter() - self._begun,
                     self._count, self._text(self._best) if self._best else 'none yet')

    def _is_better(self, now: Best) -> bool:
        if self._best is None:
            return True
        # A repeated step is not saved over its own files: whoever reads them meanwhile would find a mixture.
        if now.step == self._best.step:
            return False
        return now.value < self._best.value if self._measuring.lower_is_better else now.value > self._best.value

    @staticmethod
    def _text(best: Best) -> str:
        return f'{best.metric} {best.value:.4g} at step {best.step}'
