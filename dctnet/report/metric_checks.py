"""Warnings that follow from the numbers of a run. Thresholds are set so that the trainings that turned out well when
this was written give none."""
import math
from typing import Dict, List, Optional, Tuple

import numpy as np

from dctnet.report.run_record import Finding, RunRecord, Series

_RECENT, _LEAST = 0.2, 5       # the newest fifth of the records is judged, if it has so many
_CERTAIN, _UNDECIDED = 0.95, 0.01
_OVERFITTED_SIGN = 0.9
_GROWTH = 5.0
_WAIT, _SUPERPIXELS = 0.2, 0.5


def check_metrics(run: RunRecord) -> List[Finding]:
    """All warnings of one run that need no images, the gravest first."""
    checks = (not_finite, growth, discriminator, learned_by_heart, data_wait, superpixels, random_content, no_records)
    return [finding for finding in (check(run) for check in checks) if finding]


def not_finite(run: RunRecord) -> Optional[Finding]:
    """NaN or infinity in the records, or a training that was ended because of it."""
    bad = {name: series.steps[~np.isfinite(series.values)] for name, series in run.metrics.items()}
    bad = {name: steps for name, steps in bad.items() if len(steps)}
    if not bad and 'diverged' not in run.ended:
        return None
    seen = '; '.join(f'{name} at step {steps[0]}' for name, steps in sorted(bad.items())[:4])
    return Finding('Training diverged (NaN)', seen or run.ended,
                   'The step was too large for one of the losses; on Ampere and later cards also TensorFlow 1.15, '
                   'which was not made for them.',
                   'The checkpoints before are good: lower optim.lr or the weight of that loss (loss.style, '
                   'loss.content) and run the same command again. On a new card use RUNTIME=tf2.')


def growth(run: RunRecord) -> Optional[Finding]:
    """A loss that has grown to several times what it was."""
    for name in sorted(name for name in run.metrics if name.endswith('/loss')):
        series = _settled(run, name)
        recent = _recent(series)
        if series is None or recent is None:
            continue
        usual = float(np.median(series.values))
        if usual > 0 and recent > _GROWTH * usual:
            return Finding(
                'A loss grows', f'{name} is {recent:.3g}, its median over the run is {usual:.3g}',
                'G and D have lost their balance, or the learning rate is too high.',
                'Lower optim.lr; go back to a checkpoint before the rise (--init-from RUN/checkpoints/model-STEP in a '
                'new --run).')
    return None


def discriminator(run: RunRecord) -> Optional[Finding]:
    """Discriminators that are certain of everything, give everything the same mark, or cannot tell at all."""
    marks = _marks(run)
    if not marks:
        return None
    seen = ', '.join('{}: real {:.2f}, made {:.2f}'.format(name or 'D', *pair) for name, pair in marks.items())
    weaken = 'raise loss.r1 or turn on augment.mode=adaptive' if run.stage == 'ccn' else \
        'lower optim.lr, add style pictures (data.generated), geometry (data.geometry=official)'
    if any(real > _CERTAIN and fake < 1 - _CERTAIN for real, fake in marks.values()):
        return Finding('Discriminator pinned at 1 and 0', seen,
                       'D tells real and made pictures apart without fail, so G learns nothing from it: too few '
                       'exemplars, or a trace that G cannot remove (size, border, compression).',
                       f'Check that both folders were prepared in the same way; {weaken}.')
    if any(min(pair) > _CERTAIN or max(pair) < 1 - _CERTAIN for pair in marks.values()):
        return Finding('Discriminator pinned at one value', seen, 'D has collapsed: it says the same of everything.',
                       'Lower optim.lr; start again with another train.seed.')
    if all(abs(real - fake) < _UNDECIDED for real, fake in marks.values()):
        return Finding('Discriminator undecided', seen,
                       'D cannot tell real from made pictures. If the samples look like the style, all is well; '
                       'if they look like photographs, D has never begun to learn, as happens with small batches.',
                       'Give D a head start: a longer start.discriminator and a higher optim.discriminator_lr '
                       '(configs/ttn/small.yaml); or a larger data.batch_size.' if run.stage == 'ttn' else
                       'A larger data.batch_size, a lower loss.r1, a lower augment.p.')
    return None


def learned_by_heart(run: RunRecord) -> Optional[Finding]:
    """A discriminator of the CCN that knows the exemplars by heart."""
    recent = _recent(run.metrics.get('d/real_sign'))
    if recent is None or recent <= _OVERFITTED_SIGN:
        return None
    return Finding('D knows the exemplars by heart', f'd/real_sign is {recent:.2f}',
                   'Few exemplars, seen very often: D accepts exactly these.',
                   'augment.mode=adaptive with a shorter augment.length; more exemplars; an earlier checkpoint.')


def data_wait(run: RunRecord) -> Optional[Finding]:
    """Training that waits for images."""
    share = _recent_share([wait for _, wait, _ in run.waits])
    if share is None or share < _WAIT:
        return None
    return Finding('Waiting for data', f'{share:.0%} of the time of the newest steps',
                   'The feed is slower than the training: large pictures that are decoded and made small each time, a '
                   'slow disk, superpixels of photographs.',
                   'Raise data.workers; copy the pictures to a local disk; prepare them at the size of data.size '
                   '(python -m data_tools.align_faces --size).')


def superpixels(run: RunRecord) -> Optional[Finding]:
    """Superpixels that take most of a step."""
    share = _recent_share([share for _, _, share in run.waits])
    if share is None or share < _SUPERPIXELS:
        return None
    return Finding('Superpixels take the time', f'{share:.0%} of the time of the newest steps',
                   'SLIC runs on the CPU within each step.', 'loss.superpixel=off, as the paper has it. =photo is '
                   'worked out ahead, and another loss: a second pull to the colours of the photograph.')


def random_content(run: RunRecord) -> Optional[Finding]:
    """A content network that was never trained."""
    loss = run.config['loss']
    if loss.get('content_network') != 'random' or not loss.get('content'):
        return None
    return Finding('Random content network', 'loss.content_network is random', 'It is meant for tests and try-outs.',
                   'loss.content_network=vgg19 (checkpoints/README.md), or =dlib, which is installed already.')


def no_records(run: RunRecord) -> Optional[Finding]:
    """Nothing to draw."""
    if run.metrics:
        return None
    return Finding('No records', 'metrics.jsonl is missing or empty', 'The training has not logged a step yet.',
                   'Wait for train.log_every steps; see log.txt.' + ' It ended: ' * bool(run.ended) + run.ended)


def marks_are_logits(run: RunRecord) -> bool:
    """True if d/mean_* are logits; in the least-squares form they are marks themselves, 1 for real, 0 for made."""
    return run.stage == 'ccn' or run.config['loss'].get('adversarial') == 'log'


def _marks(run: RunRecord) -> Dict[str, Tuple[float, float]]:
    """Discriminator -> its mean marks of real and made images in the newest records, in 0 ... 1."""
    marks = {}
    for name in sorted(run.metrics):
        if not name.startswith('d/mean_real'):
            continue
        real, fake = (_recent(_settled(run, key)) for key in (name, name.replace('mean_real', 'mean_fake')))
        if real is not None and fake is not None:
            if marks_are_logits(run):
                real, fake = (1 / (1 + math.exp(-min(max(value, -50), 50))) for value in (real, fake))
            marks[name[len('d/mean_real/'):]] = (real, fake)
    return marks


def _settled(run: RunRecord, name: str) -> Optional[Series]:
    """The finite values after the warm-up, in which losses and marks change by design."""
    series = run.metrics.get(name)
    if series is None:
        return None
    keep = np.isfinite(series.values) & (series.steps > max([0] + run.start_ends))
    return Series(series.steps[keep], series.values[keep])


def _recent(series: Optional[Series]) -> Optional[float]:
    """The median of the newest values; None if there are too few to judge by."""
    if series is None or len(series.values) < _LEAST:
        return None
    return float(np.median(series.values[-max(_LEAST, int(len(series.values) * _RECENT)):]))


def _recent_share(shares: List[float]) -> Optional[float]:
    return _recent(Series(np.arange(len(shares)), np.array(shares)))
