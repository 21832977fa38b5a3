"""Frames of a clip with the heads that they will show, a few frames behind what has been read."""
from collections import deque
from contextlib import closing
from itertools import islice
from typing import Callable, Deque, Dict, Generator, Iterable, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from dctnet.inference.fusion import Head
from dctnet.parallel import ordered_map
from dctnet.video import shots
from dctnet.video.faces import Sighting
from dctnet.video.smoothing import is_convincing, steady_head
from dctnet.video.tracks import REACH, Tracker

Find = Callable[[int, np.ndarray], List[Sighting]]
_WORKERS = 2  # frames in which faces are looked for at once, beside the translation


class Frame(NamedTuple):
    """A frame as it is read.

    image: uint8 [H, W, 3] BGR, or None if it is unreadable.
    repeated: it equals the one before, or is unreadable.
    new_shot: it does not continue the one before.
    """
    position: int
    image: Optional[np.ndarray]
    repeated: bool
    new_shot: bool


class _Followed(NamedTuple):
    frame: Frame
    faces: Dict[int, Sighting]
    shot: int


def with_heads(images: Iterable[Optional[np.ndarray]], find: Find, limit: Optional[int]
               ) -> Generator[Tuple[Frame, List[Head]], None, None]:
    """Each frame with its heads, smallest first, steady over its neighbours. At most about 20 frames are in memory.

    images: the frames of a clip; None for one that cannot be read.
    find: gives the faces of a frame; called in other threads, for frames that are not repeated.
    limit: of heads a frame, the largest; None for all.
    """
    window: Deque[_Followed] = deque()
    place = 0  # in the window
    shown: Dict[int, int] = {}
    for followed in _followed(images, find):
        window.append(followed)
        if len(window) - place > REACH:
            yield window[place].frame, _heads(window, place, limit, shown)
            place += 1
        if place > REACH:
            window.popleft()
            place -= 1
    for rest in range(place, len(window)):
        yield window[rest].frame, _heads(window, rest, limit, shown)


def frames_of(images: Iterable[Optional[np.ndarray]]) -> Iterator[Frame]:
    """What the pixels alone tell of each frame."""
    former: Optional[np.ndarray] = None
    former_lights = np.zeros(0)
    for index, image in enumerate(images):
        if image is None or former is not None and np.array_equal(image, former):
            yield Frame(index, image, True, former is None)
            continue
        lights = shots.lights(image)
        yield Frame(index, image, False, former is None or shots.is_cut(former_lights, lights))
        former, former_lights = image, lights


def _followed(images: Iterable[Optional[np.ndarray]], find: Find) -> Iterator[_Followed]:
    tracker, shot = Tracker(), 0
    found: List[Sighting] = []

    def search(frame: Frame) -> List[Sighting]:
        return [] if frame.image is None or frame.repeated else find(frame.position, frame.image)

    with closing(ordered_map(search, frames_of(images), _WORKERS)) as calls:
        for frame, call in calls:
            found = found if frame.repeated else call.result()
            shot += frame.new_shot
            yield _Followed(frame, tracker.follow(frame.position, found, frame.new_shot), shot)


def _heads(window: Deque[_Followed], place: int, limit: Optional[int], shown: Dict[int, int]) -> List[Head]:
    """shown: from which frame on each face has been shown; new ones are added."""
    now = window[place].frame.position
    begin = max(0, place - REACH)
    near = {index - place: followed for index, followed in enumerate(islice(window, begin, place + REACH + 1), begin)
            if followed.shot == window[place].shot}
    faces: Dict[int, Dict[int, Sighting]] = {}
    for offset, followed in near.items():
        for number, sighting in followed.faces.items():
            faces.setdefault(number, {})[offset] = sighting
    sized = []
    for number, seen in faces.items():
        if number not in shown and not is_convincing(seen, len(near)):
            continue
        head = steady_head(number, seen, min(near), max(near), shown.get(number, now) - now)
        if head is not None:
            shown.setdefault(number, now)
            sized.append((np.mean([sighting.box[2] - sighting.box[0] for sighting in seen.values()]), -number, head))
    largest = sorted(sized, key=lambda entry: entry[:2], reverse=True)[:limit]
    return [head for _, _, head in reversed(largest)]
