"""A folder of numbered pictures as a Clip."""
import re
from pathlib import Path
from typing import List

from dctnet import images
from dctnet.clips.clip import Clip, Frames
from dctnet.errors import UserError

_NUMBER = re.compile(r'%(?:0(\d+))?d')


def open_clip(folder: Path, pattern: str, rate: float) -> Clip:
    """The pictures of a folder whose names fit a pattern such as frame-%06d.png, in the order of their numbers; numbers
    may be missing. All have the size of the first that can be read; others count as unreadable.

    rate: frames a second.
    Raises UserError if the pattern holds no number or no picture fits it.
    """
    paths = _numbered(folder, pattern)
    for path in paths:
        try:
            height, width = images.read_bgr(path).shape[:2]
            break
        except UserError:
            continue
    else:
        raise UserError(f'none of the {len(paths)} pictures {pattern} in {folder} can be read: replace them')
    times = [int(round(index * 1e6 / rate)) for index in range(len(paths))]
    return Clip(folder, (height, width), times, int(round(len(paths) * 1e6 / rate)), 90000, '1:1',
                lambda: _frames(paths, (height, width)))


def _numbered(folder: Path, pattern: str) -> List[Path]:
    parts = _NUMBER.split(pattern)
    if len(parts) != 3 or '/' in pattern:
        raise UserError(f'the pattern {pattern} names no numbered pictures: write it as frame-%06d.png')
    if not folder.is_dir():
        raise UserError(f'{folder} is no folder: --pattern is for a folder of numbered pictures')
    digits = r'\d{%s,}' % parts[1] if parts[1] else r'\d+'
    fits = re.compile(f'{re.escape(parts[0])}({digits}){re.escape(parts[2])}$')
    found = [(int(match.group(1)), path) for path in folder.iterdir() for match in [fits.match(path.name)] if match]
    if not found:
        raise UserError(f'no picture in {folder} fits {pattern}: check the pattern')
    return [path for _, path in sorted(found)]


def _frames(paths: List[Path], size: tuple) -> Frames:
    for path in paths:
        try:
            image = images.read_bgr(path)
        except UserError:
            yield None
        else:
            yield image if image.shape[:2] == size else None
