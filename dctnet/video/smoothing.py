"""One face over a few frames: whether its head is shown on the middle one, and where, from both sides."""
from typing import Dict, Optional

import numpy as np

from dctnet.inference.fusion import Head
from dctnet.video.faces import Sighting
from dctnet.video.tracks import REACH

_MOVING_SIGMA, _STILL_SIGMA = 2.5, 4.0  # frames
_STAYING = 0.02  # eye distances: a face within this of its place has not moved
# Share of the frames near by in which a face has not moved: below the first it moves, above the second it stands still.
_MOVES, _STANDS = 0.25, 0.45
_MIN_HITS = 3
# Of the third best score, once: patterns that pass for a face reach 0.4 in some frames, faces fall to 0.3 as they turn.
_CONVINCING = 0.5
_MIN_SHARE = 0.5  # of the frames between the first and the last
_FADE = 3  # frames in which a head comes or goes in the middle of a shot; longer ones begin in every short gap
assert _FADE <= REACH  # the end of a face must be seen before its head begins to go


def is_convincing(seen: Dict[int, Sighting], length: int) -> bool:
    """Whether what is seen on some frames of a shot, of which `length` are known, is a face."""
    scores = sorted((sighting.score for sighting in seen.values()), reverse=True)
    hits = min(_MIN_HITS, length)
    return len(scores) >= hits and scores[hits - 1] >= _CONVINCING


def steady_head(number: int, seen: Dict[int, Sighting], start: int, end: int, since: int) -> Optional[Head]:
    """The head on frame 0, or None if there is none there.

    number: of the face.
    seen: where it was found, by frames from -REACH to REACH; 0 is now.
    start, end: the frames, in the same count, in which the shot begins and ends as far as it is known: -REACH and REACH
        if it goes on there.
    since: the frame from which on it has been shown, 0 if this is the first.
    """
    first, last = min(seen), max(seen)
    if not first <= 0 <= last or len(seen) < _MIN_SHARE * (last - first + 1):
        return None
    # At a border of the shot heads are there at once; within it they come and go.
    coming = 1.0 if since == start else (1 - since) / _FADE
    going = 1.0 if last == end else (1 + last) / _FADE
    return Head(smoothed_points(seen), min(1.0, coming, going), number)


def smoothed_points(seen: Dict[int, Sighting]) -> np.ndarray:
    """The five points on frame 0, float64 [5, 2], near frames counting more (docs/video.md, "Steady").

    A face that moves: the curve of second degree through all of them, which follows turns. A face that stands still:
    the mean of those frames at which it is in the same place, so that it does not begin to move before it does.
    """
    frames = np.array(sorted(seen), np.float64)
    points = np.stack([seen[int(frame)].points for frame in frames])
    now = points[np.argmin(np.abs(frames))]
    eye_distance = max(float(np.linalg.norm(now[0] - now[1])), 1e-6)
    distances = np.sqrt(((points - now) ** 2).sum(axis=2).mean(axis=1)) / eye_distance
    near = np.exp(-0.5 * (frames / _STILL_SIGMA) ** 2)
    staying = near * np.exp(-0.5 * (distances / _STAYING) ** 2)
    stands = np.clip((staying.sum() / near.sum() - _MOVES) / (_STANDS - _MOVES), 0, 1)
    return stands * np.tensordot(staying / staying.sum(), points, 1) + (1 - stands) * _on_curve(frames, points)


def _on_curve(frames: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points [n, 5, 2] of some frames, fitted by polynomials: their values at frame 0. Straight lines if one side is
    too short for curves."""
    degree = min(len(frames) - 1, 2 if frames[0] <= -2 and frames[-1] >= 2 and len(frames) > 4 else 1)
    weights = np.exp(-0.25 * (frames / _MOVING_SIGMA) ** 2)[:, None]  # the root of the Gaussian
    powers = frames[:, None] ** np.arange(degree + 1)
    return np.linalg.lstsq(powers * weights, points.reshape(len(frames), -1) * weights, rcond=None)[0][0].reshape(5, 2)
