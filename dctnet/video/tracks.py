"""Which face of a frame is which face of the frames before."""
from typing import Dict, List, NamedTuple, Tuple

from dctnet.video.faces import SURE_SCORE, Sighting

REACH = 5  # frames: how long a face that is missed is waited for
_MIN_OVERLAP = 0.3


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
        pairs = sorted(((overlap(track.last.box, sighting.box), number, place)
                        for number, track in self._tracks.items() for place, sighting in enumerate(found)),
                       key=lambda pair: (-pair[0], pair[1:]))
        faces: Dict[int, Sighting] = {}
        taken = set()
        for share, number, place in pairs:
            if share >= _MIN_OVERLAP and number not in faces and place not in taken:
                faces[number] = found[place]
                taken.add(place)
        for place, sighting in enumerate(found):
            if place not in taken and sighting.score >= SURE_SCORE:
                faces[self._next] = sighting
                self._next += 1
        self._tracks.update({number: _Track(sighting, index) for number, sighting in faces.items()})
        return faces


def overlap(one: Tuple[float, ...], other: Tuple[float, ...]) -> float:
    """Intersection over union of two boxes (left, top, right, bottom), 0 - 1."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return width * height / (sum(areas) - width * height)
