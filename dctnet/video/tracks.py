"""Which face of a frame is which face of the frames before."""
import math
from typing import Dict, List, NamedTuple, Tuple

from dctnet.video.faces import SURE_SCORE, Sighting

REACH = 5  # frames: how long a face that is missed is waited for
# Face widths: two persons are at least one apart. A fast face of a clip with few frames a second moves half of one.
_FARTHEST = 0.8
_MOST_GROWTH = 1.6  # of a face's width; HOG's boxes come in steps of 1.2


class _Track(NamedTuple):
    last: Sighting
    position: int


class Tracker:
    """Gives each face of a clip a number. Numbers are never used again."""

    def __init__(self) -> None:
        self._tracks: Dict[int, _Track] = {}
        self._next = 0

    def follow(self, index: int, found: List[Sighting], new_shot: bool) -> Dict[int, Sighting]:
        """The faces of frame `index` by their numbers. A face that is unsure counts only if it continues one.

        new_shot: the camera changed before this frame; no face of before goes on.
        """
        if new_shot:
            self._tracks = {}
        self._tracks = {number: track for number, track in self._tracks.items() if index - track.position <= REACH}
        pairs = sorted((distance(track.last.box, sighting.box), number, place)
                       for number, track in self._tracks.items() for place, sighting in enumerate(found))
        faces: Dict[int, Sighting] = {}
        taken = set()
        for apart, number, place in pairs:
            if apart <= _FARTHEST and number not in faces and place not in taken:
                faces[number] = found[place]
                taken.add(place)
        for place, sighting in enumerate(found):
            if place not in taken and sighting.score >= SURE_SCORE:
                faces[self._next] = sighting
                self._next += 1
        self._tracks.update({number: _Track(sighting, index) for number, sighting in faces.items()})
        return faces


def distance(one: Tuple[float, ...], other: Tuple[float, ...]) -> float:
    """Between the middles of two boxes (left, top, right, bottom), in their mean width; infinite if their sizes cannot
    be those of one face."""
    widths = [max(box[2] - box[0], 1e-6) for box in (one, other)]
    if max(widths) > _MOST_GROWTH * min(widths):
        return math.inf
    x, y = [(one[axis] + one[axis + 2] - other[axis] - other[axis + 2]) / 2 for axis in (0, 1)]
    return math.hypot(x, y) / (sum(widths) / 2)
