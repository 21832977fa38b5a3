"""A clip as the rest of the program sees it: the times of its frames, and its frames one after the other."""
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Callable, Generator, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np

Frames = Generator[Optional[np.ndarray], None, None]


class Clip(NamedTuple):
    """Nothing of it is in memory but the times.

    source: the file or folder.
    size: height and width.
    times: when each frame is shown, in microseconds, rising.
    end: when the last frame ends, in microseconds.
    timescale: times are multiples of 1/timescale of a second, to within rounding.
    pixel_aspect: width:height of a pixel, '1:1' for square ones.
    frames: starts from the first frame; uint8 [H, W, 3] BGR of `size`, or None for a frame that cannot be read. As many
        as there are times.
    sounds: kinds of the sound that `source` holds and that can be copied, as ffmpeg calls them; () for none.
    damage: what is wrong with the file although it can be read, '' if nothing is.
    """
    source: Path
    size: Tuple[int, int]
    times: Sequence[int]
    end: int
    timescale: int
    pixel_aspect: str
    frames: Callable[[], Frames]
    sounds: Tuple[str, ...] = ()
    damage: str = ''

    @property
    def has_sound(self) -> bool:
        """Whether there is any."""
        return bool(self.sounds)

    def end_of(self, index: int) -> int:
        """When a frame ends, in microseconds."""
        return self.times[index + 1] if index + 1 < len(self.times) else self.end

    def every(self, step: int) -> 'Clip':
        """The clip with each step-th frame alone, shown until the next one."""
        return self._replace(times=self.times[::step], frames=lambda: _every(self.frames(), step))

    def reduced(self, short_side: int) -> 'Clip':
        """The clip with frames of this short side, if they are larger."""
        factor = short_side / min(self.size)
        if factor >= 1:
            return self
        size = max(1, round(self.size[0] * factor)), max(1, round(self.size[1] * factor))
        return self._replace(size=size, frames=lambda: _resized(self.frames(), size))


def _every(frames: Frames, step: int) -> Frames:
    with closing(frames):
        yield from islice(frames, 0, None, step)


def _resized(frames: Frames, size: Tuple[int, int]) -> Frames:
    with closing(frames):
        for image in frames:
            yield None if image is None else cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA)
