"""What is wrong with a folder of photographs and a folder of exemplars, from the facts of their images."""
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
from scipy.cluster.vq import kmeans2
from scipy.spatial.distance import cdist

from dctnet.data.folders import share_larger
from dctnet.metrics.near_duplicates import NearDuplicates

from .image_facts import ImageFacts

FEW_PHOTOS, FEW_EXEMPLARS = 500, 50  # the paper: 10 000 and about 100
_DUPLICATE_BITS = 24     # of 256
_BLURRED = 3.0
_OFF_PLACE = 0.06        # aligned faces stay below 0.03
_SIDEWAYS = 30.0         # degrees of yaw
_ENOUGH = 10             # images that a comparison of two folders needs
_SWAPPED = 0.75          # of the pairs
_SMALLEST_GROUP, _MIXED = 0.1, 0.31  # silhouettes: single styles reach 0.30, two styles 0.32 to 0.41
_TRIES = 8


class Finding(NamedTuple):
    """where: PHOTO, STYLE or both. what: is wrong. advice: what to do about it. examples: the images that show it."""
    where: str
    what: str
    advice: str
    examples: List[ImageFacts] = []


def refusal(photos: Sequence[ImageFacts], style: Sequence[ImageFacts]) -> str:
    """Why the two folders look swapped, '' if they do not: drawings are flatter than photographs, and the eyes of
    cartoons are larger."""
    for words, value in (('flatter', _flat), ('with larger eyes', _eye_size)):
        share = share_of_pairs(value, photos, style)
        if share is not None and share > _SWAPPED:
            return (f'in {share:.0%} of the pairs the picture of PHOTO is the one {words}, as cartoons are')
    return ''


def findings(photos: Sequence[ImageFacts], style: Sequence[ImageFacts], size: int) -> List[Finding]:
    """Everything that is likely to hurt a training at `size` px, the worst of each folder first."""
    result = _too_few('PHOTO', photos, FEW_PHOTOS, 'the paper trains on 10 000 photographs; a few hundred give a '
                      'style that fits few faces: add photographs')
    result += _too_few('STYLE', style, FEW_EXEMPLARS, 'about 100 are usual: add exemplars of the same style, or '
                       'samples of train.py ccn (data.generated)')
    for where, facts in (('PHOTO', photos), ('STYLE', style)):
        result += _shares(where, [entry for entry in facts if not entry.error], size)
        result += _unreadable(where, facts) + _near_duplicates(where, facts)
    return result + _mixed(style) + _poses(photos, style) + _alike(photos, style)


def share_of_pairs(value: Callable[[ImageFacts], float], photos: Sequence[ImageFacts],
                   style: Sequence[ImageFacts]) -> Optional[float]:
    """In which share of the pairs (photograph, exemplar) the photograph has the larger value; None if too few
    images have one."""
    a, b = [np.array([value(entry) for entry in facts if not entry.error]) for facts in (photos, style)]
    a, b = a[~np.isnan(a)], b[~np.isnan(b)]
    if min(len(a), len(b)) < _ENOUGH:
        return None
    return share_larger(a, b)


def duplicate_groups(facts: Sequence[ImageFacts]) -> List[List[ImageFacts]]:
    """Images that are nearly the same as the first of their group."""
    leaders = NearDuplicates(_DUPLICATE_BITS)
    groups: Dict[str, List[ImageFacts]] = {}
    for entry in facts:
        if entry.error:
            continue
        leader = leaders.near(entry.hash)
        if leader is None:
            leader = str(entry.path)
            leaders.add(leader, entry.hash)
        groups.setdefault(leader, []).append(entry)
    return [group for group in groups.values() if len(group) > 1]


def style_groups(facts: Sequence[ImageFacts]) -> Tuple[float, List[List[ImageFacts]]]:
    """The two groups that the images fall into most easily, by their looks, and how well they are apart (mean
    silhouette, -1 to 1); (0, []) if there are too few images."""
    readable = [entry for entry in facts if not entry.error]
    if len(readable) < 2 * _ENOUGH:
        return 0.0, []
    looks = np.array([entry.looks for entry in readable])
    looks = (looks - looks.mean(0)) / np.maximum(looks.std(0), 1e-6)
    tries = [kmeans2(looks, 2, minit='++', seed=seed) for seed in range(_TRIES)]
    tries = [(float(np.sum((looks - centres[label]) ** 2)), label) for centres, label in tries
             if np.bincount(label, minlength=2).min() >= max(_SMALLEST_GROUP * len(readable), 2)]
    if not tries:
        return 0.0, []
    label = min(tries, key=lambda entry: entry[0])[1]
    distances = cdist(looks, looks)
    within, across = [np.array([row[(label == group) == same].sum() for row, group in zip(distances, label)])
                      for same in (True, False)]
    sizes = np.bincount(label)[label]
    within, across = within / (sizes - 1), across / (len(readable) - sizes)
    apart = float(np.mean((across - within) / np.maximum(np.maximum(across, within), 1e-9)))
    return apart, [[entry for entry, place in zip(readable, label) if place == group] for group in (0, 1)]


def _flat(entry: ImageFacts) -> float:
    return entry.flat


def _eye_size(entry: ImageFacts) -> float:
    return entry.face.eye_size if entry.face else np.nan


def _too_few(where: str, facts: Sequence[ImageFacts], enough: int, advice: str) -> List[Finding]:
    return [Finding(where, f'only {len(facts)} pictures', advice)] * (len(facts) < enough)


def _shares(where: str, facts: Sequence[ImageFacts], size: int) -> List[Finding]:
    """What more than a share of the images may not be."""
    drawn = where == 'STYLE'
    rules: Tuple[Tuple[float, str, Callable, str], ...] = (
        (0.5 if drawn else 0.1, 'show no face that is found', lambda entry: not entry.faces,
         'in drawings the detector often fails: look whether they are aligned, or mark them by hand (align_faces '
         '--landmarks)' if drawn else 'use portraits: python -m data_tools.align_faces'),
        (0.1, 'show a face that is not where alignment puts it', lambda entry: entry.face
         and entry.face.offset > _OFF_PLACE, 'align them: python -m data_tools.align_faces'),
        (0.1, f'are smaller than {size} px', lambda entry: min(entry.width, entry.height) < size,
         'enlarged pictures are blurred: take larger ones, or lower data.size'),
        (0.1, 'are far from square', lambda entry: max(entry.width, entry.height) > 1.2 * min(entry.width,
                                                                                              entry.height),
         'the training sees their middle only: align them'),
        (0.1, 'are blurred', lambda entry: entry.face and entry.face.blur > _BLURRED,
         'leave them out (align_faces --max-blur 3)'),
        (0.2, 'have no colour', lambda entry: entry.chroma < 2, 'grey pictures teach grey ones: leave them out unless '
         'the style is grey'),
    )
    result = []
    for limit, words, is_so, advice in rules:
        examples = [entry for entry in facts if is_so(entry)]
        if len(examples) > limit * len(facts):
            result.append(Finding(where, f'{len(examples)} of {len(facts)} pictures {words}', advice, examples))
    return result


def _unreadable(where: str, facts: Sequence[ImageFacts]) -> List[Finding]:
    errors = [entry for entry in facts if entry.error]
    return [Finding(where, f'{len(errors)} pictures cannot be read: {errors[0].error}',
                    'remove them: training stops at them')] if errors else []


def _near_duplicates(where: str, facts: Sequence[ImageFacts]) -> List[Finding]:
    groups = duplicate_groups(facts)
    spare = sum(len(group) - 1 for group in groups)
    if spare <= 0.02 * len(facts):
        return []
    names = ' and '.join(entry.path.name for entry in groups[0][:2])
    return [Finding(where, f'{spare} pictures are nearly the same as another ({names})',
                    'they count double: keep one of each', [entry for group in groups for entry in group])]


def _mixed(style: Sequence[ImageFacts]) -> List[Finding]:
    apart, groups = style_groups(style)
    if apart <= _MIXED:
        return []
    smaller = min(groups, key=len)
    return [Finding(
        'STYLE', f'the exemplars fall into two kinds, {len(smaller)} and {len(style) - len(smaller)} of them '
                 f'(silhouette {apart:.2f})',
        'one run learns one style: look at the smaller group, and leave it out if it is another', smaller)]


def _poses(photos: Sequence[ImageFacts], style: Sequence[ImageFacts]) -> List[Finding]:
    turned = [[abs(entry.face.pose.yaw) for entry in facts if entry.face] for facts in (photos, style)]
    if min(len(side) for side in turned) < _ENOUGH:
        return []
    photo_share, style_share = [float(np.mean(np.array(side) > _SIDEWAYS)) for side in turned]
    if photo_share < style_share + 0.2:
        return []
    return [Finding('both', f'{photo_share:.0%} of the photographs are turned by more than {_SIDEWAYS:.0f} degrees, '
                            f'and {style_share:.0%} of the exemplars', 'turned faces will be drawn badly: add '
                    'such exemplars, or leave such photographs out')]


def _alike(photos: Sequence[ImageFacts], style: Sequence[ImageFacts]) -> List[Finding]:
    flat, eyes = share_of_pairs(_flat, photos, style), share_of_pairs(_eye_size, photos, style)
    if flat is None or eyes is None or min(flat, eyes) < 0.4 or max(flat, eyes) > 0.6:
        return []
    return [Finding('both', 'photographs and exemplars look alike: as flat, with as large eyes', 'make sure that STYLE '
                    'holds the style; a style that only changes colours or strokes is no mistake')]
