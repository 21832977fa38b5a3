"""One face over a few frames: whether its head is shown on the middle one, and where, from both sides."""
from typing import Dict, Optional

import numpy as np

from dctnet.inference.stylizer import Head
from dctnet.video.faces import Sighting
from dctnet.video.tracks import REACH

_SIGMA = 2.5  # frames
_MIN_HITS = 3
# Of the third best score, once: patterns that pass for a face reach 0.4 in some frames, faces fall to 0.3 when they turn.
_CONVINCING = 0.5
_MIN_SHARE = 0.5  # of the frames between the first and the last
_FADE = 4  # frames in which a head comes or goes in the middle of a shot
assert _FADE <= REACH  # the end of a face must be seen before its head begins to go


def is_convincing(seen: Dict[int, Sighting], length: int) -> bool:
    """Whether what is seen on some frames of a shot, of which `length` are known, is a face."""
    scores = sorted((sighting.score for sighting in seen.values()), reverse=True)
    hits = min(_MIN_HITS, length)
    return len(scores) >= hits and scores[hits - 1] >= _CONVINCING


def steady_head(seen: Dict[int, Sighting], start: int, end: int, since: int) -> Optional[Head]:
    """The head on frame 0, or None if there is none there.

    seen: where the face was found, by frames from -REACH to REACH; 0 is now.
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
    return Head(smoothed_points(seen), min(1.0, coming, going))


def smoothed_points(seen: Dict[int, Sighting]) -> np.ndarray:
    """The five points on frame 0, float64 [5, 2]: the curve of second degree through all of them, near ones counting
    more. Straight if one side is too short for it."""
    frames = np.array(sorted(seen), np.float64)
    degree = min(len(frames) - 1, 2 if frames[0] <= -2 and frames[-1] >= 2 and len(frames) > 4 else 1)
    weights = np.exp(-0.25 * (frames / _SIGMA) ** 2)  # the root of the Gaussian
    points = np.stack([seen[int(frame)].points.ravel() for frame in frames])
    powers = frames[:, None] ** np.arange(degree + 1)
    return np.linalg.lstsq(powers * weights[:, None], points * weights[:, None], rcond=None)[0][0].reshape(5, 2)
