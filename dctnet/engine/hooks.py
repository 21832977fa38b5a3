"""Progress, NaN guard and checkpoints."""
import contextlib
import logging
import sys
import time
from datetime import timedelta
from pathlib import Path

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from dctnet.compat import tf
from dctnet.engine.trainer import Hook, Loop
from dctnet.errors import UserError
from dctnet.runs import checkpoint, checkpoint_files

log = logging.getLogger(__name__)


class Progress(Hook):
    """Shows images per second, the shares of the time that waiting for data and separately timed parts take, and the
    time left: as a bar on a terminal, elsewhere as a line every `every` steps."""

    def __init__(self, every: int, images_per_step: int) -> None:
        self._every, self._images = every, images_per_step
        self._bar = None
        self._redirect = contextlib.ExitStack()
        self._steps, self._seconds, self._waiting = 0, 0.0, 0.0
        self._first_step, self._first_time = 0, 0.0

    def begin(self, loop: Loop) -> None:
        """Log the step that the run is at, and open the bar."""
        log.info('step %d of %d', loop.step, loop.steps)
        if sys.stderr.isatty():
            self._bar = tqdm(total=loop.steps, initial=loop.step, unit='step', dynamic_ncols=True)
            self._redirect.enter_context(logging_redirect_tqdm())

    def wants_scalars(self, step: int, every: int) -> bool:
        """On logging steps, for the losses and the times of parts."""
        return step % self._every == 0

    def after_step(self, loop: Loop) -> None:
        """Count; report on logging steps."""
        if not self._first_step:
            self._first_step, self._first_time = loop.step, time.perf_counter()
        self._steps += 1
        self._seconds += loop.step_seconds
        self._waiting += loop.data_seconds
        if self._bar:
            self._bar.update()
        if loop.step % self._every == 0 or loop.step == loop.steps:
            text = self._text(loop)
            if self._bar:
                self._bar.set_postfix_str(text, refresh=False)
            log.log(logging.DEBUG if self._bar else logging.INFO, 'step %d/%d  %s', loop.step, loop.steps, text)
            self._steps, self._seconds, self._waiting = 0, 0.0, 0.0

    def close(self, loop: Loop) -> None:
        """Give the terminal back."""
        self._redirect.close()
        if self._bar:
            self._bar.close()

    def _text(self, loop: Loop) -> str:
        seconds = max(self._seconds, 1e-9)
        parts = [f'{self._steps * self._images / seconds:.2f} images/s',
                 f'data wait {self._waiting / seconds:.0%}']
        parts += [f"{name.rpartition('/')[2]} {value / loop.step_seconds:.0%}" for name, value in loop.scalars.items()
                  if '/seconds/' in name]
        parts += [f"{phase.name} {loop.scalars[phase.name + '/loss']:.4g}" for phase in loop.stage.phases
                  if phase.name + '/loss' in loop.scalars]
        return '  '.join(parts + [f'ETA {timedelta(seconds=int(self._seconds_left(loop)))}'])

    def _seconds_left(self, loop: Loop) -> float:
        """From the wall-clock time since the first step of this start: checkpoints, samples and evaluations count."""
        steps = loop.step - self._first_step
        a_step = (time.perf_counter() - self._first_time) / steps if steps else self._seconds / self._steps
        return (loop.steps - loop.step) * a_step


class NanGuard(Hook):
    """Ends the run if a logged value is not finite, before the step is saved.

    With loss scaling, an update whose gradients overflowed was skipped, and the next one has half the scale: its values
    that are not finite are not recorded. The run ends if the scale cannot be halved any more.
    """

    def after_step(self, loop: Loop) -> None:
        """Check the scalars that other hooks asked for."""
        for name in [name for name, value in loop.scalars.items() if name.endswith('/skipped') and value]:
            self._skipped(loop, name.rpartition('/')[0])
        bad = [name for name, value in loop.scalars.items() if value != value or abs(value) == float('inf')]
        if bad:
            loop.diverged = True
            raise UserError(f"training diverged: {', '.join(bad[:4])} not finite at step {loop.step}. The checkpoints "
                            'before it are good: lower optim.lr or the weight of that loss and run the same command '
                            'again, or start from another seed')

    @staticmethod
    def _skipped(loop: Loop, phase: str) -> None:
        if loop.scalars[phase + '/loss_scale'] <= 1:
            raise UserError(f'training diverged: the gradients of phase {phase} are not finite at step {loop.step}, '
                            'even without loss scaling. Weights and checkpoints are good: run the same command with '
                            'train.precision=float32, or lower optim.lr')
        for name in [name for name, value in loop.scalars.items()
                     if name.startswith(phase + '/') and not abs(value) < float('inf')]:
            del loop.scalars[name]


def check_finite(loop: Loop, finite: tf.Tensor) -> None:
    """Raise UserError if the weights are not finite, before they are used or saved. finite: boolean scalar, whether all
    are."""
    if not loop.session.run(finite):
        raise UserError(f'training diverged: the weights are not finite at step {loop.step}. The checkpoints before it '
                        'are good: lower optim.lr and run the same command again')


class Checkpoint(Hook):
    """Saves every `every` steps and at the end, also after a signal.

    saver: of all variables that a checkpoint holds.
    folder: RUN/checkpoints.
    every: steps from one checkpoint to the next.
    keep: number of the newest checkpoints that stay.
    finite: boolean scalar, whether all weights are finite; if not, nothing is saved and a UserError ends the run.
    """

    def __init__(self, saver: tf.train.Saver, folder: Path, every: int, keep: int, finite: tf.Tensor) -> None:
        self._saver, self._folder, self._every, self._keep, self._finite = saver, folder, every, keep, finite
        self._saved_step = -1
        self._disk_failed = False

    def begin(self, loop: Loop) -> None:
        """Note the newest checkpoint, which need not be saved again."""
        newest = checkpoint_files.latest(self._folder)
        self._saved_step = checkpoint_files.step_of(newest) if newest else -1

    def after_step(self, loop: Loop) -> None:
        """Save when due."""
        if loop.step % self._every == 0:
            self._save(loop)

    def close(self, loop: Loop) -> None:
        """Save the last whole step, unless it is saved already, the training diverged, or the disk has refused."""
        if loop.step != self._saved_step and not (loop.mid_step or loop.diverged or self._disk_failed):
            if loop.session.run(self._finite):
                self._save(loop)

    def _save(self, loop: Loop) -> None:
        check_finite(loop, self._finite)
        start = time.perf_counter()
        try:
            prefix = checkpoint.save(loop.session, self._saver, self._folder, loop.step, self._keep)
        except UserError:
            self._disk_failed = True
            raise
        self._saved_step = loop.step
        log.info('saved %s (%.1f s)', prefix, time.perf_counter() - start)
