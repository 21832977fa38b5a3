"""Frames with their heads through a Stylizer: repeated ones once, and one that fails does not stop the others."""
import logging
from typing import Iterable, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from dctnet.errors import UserError
from dctnet.inference.fusion import Head
from dctnet.inference.stylizer import Stylizer
from dctnet.video.analysis import Frame
from dctnet.video.head_memory import HeadMemory

log = logging.getLogger(__name__)

Step = Tuple[Frame, List[Head]]


class Translated(NamedTuple):
    """image: uint8 [H, W, 3] BGR. failed: it is that of the frame before, since this one could not be read or
    translated. heads: how many it shows."""
    image: np.ndarray
    failed: bool
    heads: int


def translations(steps: Iterable[Step], stylizer: Stylizer, size: Tuple[int, int]) -> Iterator[Translated]:
    """The translation of each frame, in order.

    steps: frames with their heads.
    stylizer: in mode fusion.
    size: height and width of all frames.
    Raises whatever the first frame of all raises if it cannot be translated: then none can.
    """
    former: Optional[np.ndarray] = None
    memory = HeadMemory()
    for group in _grouped(steps, stylizer.frames_at_once(size)):
        fresh = _fresh(group, former is None)
        answers = dict(zip([frame.position for frame, _ in fresh], _together(stylizer, memory, fresh, former is None)))
        for frame, heads in group:
            answer = answers.get(frame.position)
            failed = frame.image is None or frame.position in answers and answer is None
            if answer is not None:
                former = answer
            elif former is None:  # the clip begins with a frame that is unreadable
                former = np.zeros(size + (3,), np.uint8)
            yield Translated(former, failed, len(heads))


def _grouped(steps: Iterable[Step], at_once: int) -> Iterator[List[Step]]:
    """Rows of steps with so many frames to translate in each."""
    group: List[Step] = []
    fresh = 0
    for step in steps:
        group.append(step)
        fresh += not step[0].repeated
        if fresh == at_once:
            yield group
            group, fresh = [], 0
    if group:
        yield group


def _fresh(group: List[Step], are_first: bool) -> List[Step]:
    """Those to translate. A repeated frame is one of them if there is nothing to repeat yet."""
    fresh: List[Step] = []
    for frame, heads in group:
        if frame.image is not None and (not frame.repeated or are_first and not fresh):
            fresh.append((frame, heads))
    return fresh


def _together(stylizer: Stylizer, memory: HeadMemory, steps: List[Step], are_first: bool
              ) -> List[Optional[np.ndarray]]:
    if not steps:
        return []
    try:
        pictures = [frame.image for frame, _ in steps if frame.image is not None]
        return list(stylizer.stylize_frames(pictures, [heads for _, heads in steps], memory.settle))
    except Exception as error:
        if len(steps) > 1:
            answers: List[Optional[np.ndarray]] = []
            for step in steps:
                answers += _together(stylizer, memory, [step], are_first and not answers)
            return answers
        if are_first:
            raise
        if isinstance(error, UserError):
            log.error('frame %d failed: %s', steps[0][0].position, error)
        else:
            log.exception('frame %d failed, by an error inside the program; please report it', steps[0][0].position)
    return [None]
