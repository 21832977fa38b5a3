"""Which inputs are clips, and how each kind is opened."""
from pathlib import Path
from typing import Optional

from dctnet import images
from dctnet.clips import animation, formats, frame_folder, video_file
from dctnet.clips.clip import Clip
from dctnet.errors import UserError

VIDEO_SUFFIXES = ('.mp4', '.m4v', '.mov', '.mkv', '.webm', '.avi', '.mpg', '.mpeg', '.ts', '.mts', '.m2ts', '.wmv',
                  '.flv', '.3gp', '.ogv', '.gif')


def is_clip(source: Path, target: Path, pattern: Optional[str]) -> bool:
    """Whether a clip is to be made, and not a picture or a folder of pictures."""
    if pattern is not None or source.suffix.lower() in VIDEO_SUFFIXES and not source.is_dir():
        return True
    if target.suffix.lower() in images.SUFFIXES:  # .webp is both
        return target.suffix.lower() in formats.FORMATS and source.is_file() and animation.is_animation(source)
    return target.suffix.lower() in formats.FORMATS and source.exists()


def open_clip(source: Path, pattern: Optional[str], rate: float) -> Clip:
    """A video file, an animated picture, or a folder of numbered pictures.

    source: the file, or the folder if there is a pattern.
    pattern: of the pictures' names in a folder, such as frame-%06d.png.
    rate: frames a second of a folder.
    Raises UserError if it is none of these.
    """
    if pattern is not None:
        return frame_folder.open_clip(source, pattern, rate)
    if source.is_dir():
        raise UserError(f"{source} is a folder: name its pictures with --pattern, as in --pattern 'frame-%06d.png', or "
                        'name a folder as output')
    if animation.is_animation(source):
        return animation.open_clip(source)
    if source.suffix.lower() in images.SUFFIXES:
        raise UserError(f'{source} is one picture, which makes no clip: name the output as a picture, such as .png')
    return video_file.open_clip(source)
