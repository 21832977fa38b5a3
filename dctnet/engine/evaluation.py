"""Measurements during the training, and the best checkpoint by one of them."""
import logging
import time
from pathlib import Path
from typing import Dict, Optional

from dctnet.compat import tf
from dctnet.engine.hooks import check_finite
from dctnet.engine.trainer import Hook, Loop
from dctnet.runs import checkpoint, checkpoint_files
from dctnet.runs.checkpoint_files import Best

log = logging.getLogger(__name__)


class Evaluator:
    """What is measured during a training; each stage that measures has a subclass.

    every: steps from one measurement to the next.
    metric: name of the one that chooses the best checkpoint.
    lower_is_better: its direction.
    fingerprint: hash of what the values depend on besides the weights.
    """
    every = 0
    metric = ''
    lower_is_better = True
    fingerprint = ''

    def prepare(self) -> None:
        """Work that is done once, before the first step."""

    def measure(self, session: tf.Session) -> Dict[str, float]:
        """Name of a metric -> its value, for the weights of the session."""
        raise NotImplementedError


class Evaluation(Hook):
    """Adds 'eval/NAME' to the scalars every `every` steps and at the end, and keeps the best checkpoint so far.

    evaluator: what is measured, and how often.
    saver: of all variables that a checkpoint holds.
    run: the run folder; the best checkpoint goes to RUN/best.
    finite: boolean scalar, whether all weights are finite; if not, nothing is measured and a UserError ends the run.

    Put it before the hooks that record scalars and save, so that the step that a run resumes from has been measured.
    After a kill, steps past the last checkpoint are measured again and give the same values; a best found among them
    stays valid.
    """

    def __init__(self, evaluator: Evaluator, saver: tf.train.Saver, run: Path, finite: tf.Tensor) -> None:
        self._evaluator, self._saver, self._run, self._finite = evaluator, saver, run, finite
        self._best: Optional[Best] = None
        self._begun, self._seconds, self._count = time.perf_counter(), 0.0, 0

    def begin(self, loop: Loop) -> None:
        """Prepare, and remember the best so far."""
        self._begun = time.perf_counter()
        if loop.step >= loop.steps:
            return
        best = checkpoint_files.read_best(self._run)
        if best and (best.metric, best.fingerprint) != (self._evaluator.metric, self._evaluator.fingerprint):
            log.warning('the best checkpoint (step %d, %s %.4g) was measured in another way, on other pictures or '
                        'networks: the next measurement takes its place', best.step, best.metric, best.value)
            best = None
        self._best = best
        self._evaluator.prepare()
        self._seconds += time.perf_counter() - self._begun
        log.info('evaluation every %d steps, prepared in %.1f s; best: %s', self._evaluator.every, self._seconds,
                 _text(best))

    def after_step(self, loop: Loop) -> None:
        """Measure when due and at the end."""
        if loop.step % self._evaluator.every and loop.step != loop.steps:
            return
        check_finite(loop, self._finite)
        start = time.perf_counter()
        values = self._evaluator.measure(loop.session)
        now = Best(loop.step, self._evaluator.metric, values[self._evaluator.metric], self._evaluator.fingerprint)
        if self._is_better(now):
            checkpoint.save_best(loop.session, self._saver, self._run, now)
            self._best = now
        seconds = time.perf_counter() - start
        loop.scalars.update({'eval/' + name: value for name, value in values.items()})
        loop.scalars['eval/seconds'] = seconds
        self._seconds, self._count = self._seconds + seconds, self._count + 1
        log.info('evaluation of step %d: %s (%.1f s); best: %s', loop.step,
                 ', '.join('{} {:.4g}'.format(*entry) for entry in values.items()), seconds, _text(self._best))

    def close(self, loop: Loop) -> None:
        """Log the time that the measurements took."""
        if self._count:
            log.info('evaluation took %.1f s, %.1f %% of the %.1f s of training (%d times); best: %s', self._seconds,
                     100 * self._seconds / (time.perf_counter() - self._begun), time.perf_counter() - self._begun,
                     self._count, _text(self._best))

    def _is_better(self, now: Best) -> bool:
        if self._best is None:
            return True
        # A repeated step is not saved over its own files: a reader could find old and new ones mixed.
        if now.step == self._best.step:
            return False
        return now.value < self._best.value if self._evaluator.lower_is_better else now.value > self._best.value


def _text(best: Optional[Best]) -> str:
    return f'{best.metric} {best.value:.4g} at step {best.step}' if best else 'none yet'
