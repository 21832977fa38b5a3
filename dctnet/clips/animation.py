"""Animated pictures (gif, webp, png) as a Clip, by Pillow: ffmpeg reads no animated webp before version 9."""
from array import array
from pathlib import Path
from typing import Iterator, Tuple

import numpy as np

from dctnet.clips.clip import Clip, Frames
from dctnet.clips.limits import UNLIMITED, ClipTooLarge, Limits
from dctnet.errors import UserError
from dctnet.pictures import conversion, opening

SUFFIXES = ('.gif', '.webp', '.png', '.apng')
_SHORTEST, _STANDARD = 11, 100  # milliseconds: browsers show what claims less than the first for the second


def is_animation(path: Path) -> bool:
    """Whether a file is a picture of several frames."""
    if path.suffix.lower() not in SUFFIXES:
        return False
    return opening.is_animation(path)


def open_clip(path: Path, limits: Limits = UNLIMITED) -> Clip:
    """Look through an animated picture. Raises UserError if it cannot be read, ClipTooLarge as soon as it passes a
    limit."""
    times, now, damage, size = array('q'), 0, '', (0, 0)
    try:
        for index, (image, milliseconds) in enumerate(_whole_frames(path, limits)):
            size = size if index else (image.shape[0], image.shape[1])
            times.append(now)
            limits.check_length(len(times), now)
            now += milliseconds * 1000
    except ClipTooLarge:
        raise
    except Exception as error:
        damage = str(error) or type(error).__name__
    if not times:
        raise UserError(f'cannot read {path} as an animation ({damage}): replace it')
    return Clip(path, size, times, now, 16000, '1:1', lambda: _frames(path, len(times)), damage=damage)


def _whole_frames(path: Path, limits: Limits = UNLIMITED) -> Iterator[Tuple[np.ndarray, int]]:
    """Frames, uint8 [H, W, 3] BGR, over white, with their milliseconds."""
    height, width = opening.stated_size(path)
    limits.check_size((height, width))
    with opening.opened_frames(path) as frames:
        for pillow in frames:
            told = int(pillow.info.get('duration', 0))
            yield conversion.to_bgr(pillow), told if told >= _SHORTEST else _STANDARD


def _frames(path: Path, count: int) -> Frames:
    frames = _whole_frames(path)
    for _ in range(count):
        yield next(frames)[0]
