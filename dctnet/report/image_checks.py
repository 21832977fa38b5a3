"""Warnings that follow from the newest sample sheet of a run: saturation, colour drift, loss of diversity."""
from itertools import combinations
from typing import List, NamedTuple, Optional, Sequence

import cv2
import numpy as np

from dctnet import images
from dctnet.metrics.style_distance import saturation
from dctnet.report.run_record import Finding, RunRecord
from dctnet.runs import sample_sheet

# More saturated pixels than the photographs have; distance in the a*b* plane; share of the photographs' diversity.
_SATURATION, _DRIFT, _DIVERSITY = 0.15, 15.0, 0.4
_LEAST_DIVERSITY = 0.08  # of a generator that is compared with nothing, in units of the full range


class Look(NamedTuple):
    """Images in numbers. saturated: share of pixels that are black or white in all channels. colour: mean of L*, a*,
    b*. diversity: root mean square difference of two images at 16 px, 1 for black against white."""
    saturated: float
    colour: np.ndarray
    diversity: float


def look_of(faces: Sequence[np.ndarray]) -> Look:
    """Measure images of one kind, uint8 [size, size, 3] BGR."""
    stack = np.stack(faces)
    lab = [cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_BGR2LAB).mean(axis=(0, 1)) for image in stack]
    small = [images.scale(np.ascontiguousarray(image), 16, 16).astype(np.float64) / 255 for image in stack]
    pairs = [np.sqrt(np.mean((a - b) ** 2)) for a, b in combinations(small, 2)]
    return Look(saturation(stack), np.mean(lab, axis=0), float(np.mean(pairs)) if pairs else 0.0)


def check_samples(run: RunRecord) -> List[Finding]:
    """Warnings on the newest sheet. Its first column (photographs, or faces of the source) is what the last one is
    held against. The sheet of step 0 is not judged."""
    if not run.samples or run.samples[-1][0] == 0:
        return []
    step, path = run.samples[-1]
    columns = sample_sheet.columns_of(images.read_bgr(path), run.size)
    if not columns:
        return []
    output = look_of(columns[-1])
    reference = look_of(columns[0]) if len(columns) > 1 else None
    findings = [_saturation(output, reference), _drift(output, reference)]
    if len(columns[-1]) > 1:
        findings.append(_diversity(output, reference))
    return [finding._replace(seen=f'step {step}: {finding.seen}') for finding in findings if finding]


def _saturation(output: Look, reference: Optional[Look]) -> Optional[Finding]:
    usual = reference.saturated if reference else 0.0
    if output.saturated <= usual + _SATURATION:
        return None
    return Finding(
        'Saturation',
        f'{output.saturated:.0%} of the pixels are black or white, {usual:.0%} in what they are made from',
        'The last layer is linear and is clipped when it is written: G overshoots.',
        'Lower optim.lr and loss.style, raise loss.content (for the CCN: loss.identity); go back to an earlier '
        'checkpoint.')


def _drift(output: Look, reference: Optional[Look]) -> Optional[Finding]:
    if reference is None:
        return None
    shift = output.colour - reference.colour
    distance = float(np.hypot(shift[1], shift[2]))
    if distance <= _DRIFT:
        return None
    names = [name for name, strong in (('red', shift[1] > _DRIFT / 2), ('green', shift[1] < -_DRIFT / 2),
                                       ('yellow', shift[2] > _DRIFT / 2), ('blue', shift[2] < -_DRIFT / 2)) if strong]
    return Finding(
        'Colour drift', f"the mean colour is {distance:.0f} units of a*b* away, towards {' and '.join(names)}",
        'No fault if the exemplars have this colour. Else G swings: the texture discriminator sees grey pictures '
        'only, and a step that is too large or a style weight that came too early is not held back.',
        'Look at the sheets around it: often it passes within 500 steps. Lower optim.lr for the last part (the same '
        'command with --set optim.lr=1e-4), raise loss.surface or loss.content, lengthen start.ramp.')


def _diversity(output: Look, reference: Optional[Look]) -> Optional[Finding]:
    least = _DIVERSITY * reference.diversity if reference else _LEAST_DIVERSITY
    if output.diversity >= least:
        return None
    return Finding('Collapse of diversity', 'pictures differ by {:.3f}{}'.format(
        output.diversity, f', those they are made from by {reference.diversity:.3f}' if reference else ''),
        'G makes nearly the same picture of everything: the adversarial term has outgrown the one that keeps the '
        'content, or few exemplars are learnt by heart.',
        'Raise loss.content (for the CCN: loss.identity) or lower loss.style; use an earlier checkpoint; more and more '
        'varied exemplars; for the CCN augment.mode=adaptive.')
