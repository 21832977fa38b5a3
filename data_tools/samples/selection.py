"""Which generated faces to keep, from their scores: a total rank, hard limits, near-duplicates, the best so many."""
import math
from collections import Counter
from typing import Any, Dict, List, NamedTuple, Sequence, Union

import numpy as np

from dctnet.metrics.near_duplicates import NearDuplicates

# Score -> 1 if more is better, -1 if less is.
CRITERIA = {'face_score': 1, 'landmark_spread': -1, 'identity': 1, 'sharpness': 1, 'style_distance': -1}


class Selection(NamedTuple):
    """What is dropped.

    keep: the best so many, or a share of all images (a float from 0 to 1, at least one image).
    limits: score -> the worst value that passes; an image without that score does not pass.
    duplicate_bits: images whose hashes differ in at most so many of 256 bits are near-duplicates; the better stays.
    """
    keep: Union[int, float]
    limits: Dict[str, float]
    duplicate_bits: int


class Verdict(NamedTuple):
    """What becomes of an image.

    name: of its file.
    total: its mean relative rank, 0 (worst) to 1.
    rank: from 1.
    criterion: what dropped it (unreadable, duplicate, rank or the name of a score), '' if it is kept.
    reason: the same in words.
    """
    name: str
    total: float
    rank: int
    criterion: str
    reason: str


def total_scores(scores: Sequence[Dict[str, Any]]) -> np.ndarray:
    """The mean, over the criteria that any image has a score of, of an image's relative rank: 0 worst, 1 best.

    A missing score ranks last. No weights: ranks need none, and scores.csv holds every score for another order.
    """
    parts = []
    for criterion, direction in CRITERIA.items():
        values = [entry.get(criterion) for entry in scores]
        if any(value is not None for value in values):
            signed = [-math.inf if value is None else direction * value for value in values]
            parts.append(ranks(signed) / max(len(scores) - 1, 1))
    return np.mean(parts, axis=0) if parts else np.zeros(len(scores))


def ranks(values: Sequence[float]) -> np.ndarray:
    """How many values are smaller than each, float64 [N]; equal ones share the mean of their places."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[places]


def verdicts(scores: Dict[str, Dict[str, Any]], selection: Selection) -> List[Verdict]:
    """Every image's place and fate, the best first; equal totals in the order of the names.

    scores: name -> scores and hash, or {'error': text} for an image that cannot be read.
    """
    readable = sorted(name for name in scores if 'error' not in scores[name])
    totals = dict(zip(readable, total_scores([scores[name] for name in readable])))
    best = selection.keep
    if isinstance(best, float):
        best = max(1, int(round(best * len(scores))))
    chosen = NearDuplicates(selection.duplicate_bits)
    result = []
    for rank, name in enumerate(sorted(readable, key=lambda name: (-totals[name], name)), 1):
        criterion, reason = _beyond_limit(scores[name], selection.limits)
        if not criterion:
            twin = chosen.near(scores[name]['hash'])
            if twin:
                criterion, reason = 'duplicate', f'duplicate of {twin}'
            elif len(chosen.names) >= best:
                criterion, reason = 'rank', f'not among the best {best}'
            else:
                chosen.add(name, scores[name]['hash'])
        result.append(Verdict(name, float(totals[name]), rank, criterion, reason))
    unreadable = sorted(set(scores) - set(readable))
    return result + [Verdict(name, 0.0, rank, 'unreadable', scores[name]['error'])
                     for rank, name in enumerate(unreadable, len(readable) + 1)]


def dropped_by(ranking: Sequence[Verdict]) -> str:
    """How many images each criterion removed, in words; '' if nothing was."""
    counts = Counter(verdict.criterion for verdict in ranking if verdict.criterion)
    return ', '.join(f'{count} by {criterion}' for criterion, count in counts.most_common())


def _beyond_limit(entry: Dict[str, Any], limits: Dict[str, float]) -> Sequence[str]:
    for criterion, limit in limits.items():
        value = entry.get(criterion)
        if value is None:
            return criterion, f'no {criterion}'
        if CRITERIA[criterion] * (value - limit) < 0:
            return criterion, f'{criterion} {value:g} is worse than {limit:g}'
    return '', ''
