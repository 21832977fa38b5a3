"""How large a clip may be, for programs that take clips from strangers."""
import math
from typing import NamedTuple, Tuple

from dctnet.errors import UserError


class ClipTooLarge(UserError):
    """A clip passes a limit; the text says which."""


class Limits(NamedTuple):
    """pixels: of a frame. frames: their number. seconds: from the first frame to the last."""
    pixels: int = 1 << 40
    frames: float = math.inf
    seconds: float = math.inf

    def check_size(self, size: Tuple[int, int]) -> None:
        """Raise ClipTooLarge for frames of this height and width."""
        if size[0] * size[1] > self.pixels:
            raise ClipTooLarge(f'frames of {size[1]}x{size[0]} are too large: up to {self.pixels / 1e6:g} megapixels')

    def check_length(self, frames: int, microseconds: int) -> None:
        """Raise ClipTooLarge for a clip that is known to have so many frames, the last this long after the first."""
        if microseconds > self.seconds * 1e6:
            raise ClipTooLarge(f'the clip is too long: up to {self.seconds:g} seconds')
        if frames > self.frames:
            raise ClipTooLarge(f'the clip has too many frames: up to {self.frames:g}')


UNLIMITED = Limits()
