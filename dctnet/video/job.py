"""What a command wants of a clip, checked before anything is loaded or written. No TensorFlow."""
import logging
import os
from pathlib import Path
from typing import Any, Dict, NamedTuple, Optional, Union

from dctnet.clips import ffmpeg
from dctnet.clips.clip import Clip
from dctnet.clips.formats import check_sound, format_of
from dctnet.clips.opening import open_clip
from dctnet.errors import UserError
from dctnet.files import atomic
from dctnet.files.hashing import sha256_of_file
from dctnet.inference.model_folder import ModelFiles

log = logging.getLogger(__name__)

_LARGEST_CRF = 63


class Job(NamedTuple):
    """A clip and what to make of it.

    clip: what to translate.
    target: the file to write.
    quality: -crf; None for that of the format.
    sound: copy it.
    heads: at most so many a frame, the largest; None for all.
    settings: plain JSON, all else that the frames depend on; shown if a rest of other settings is in the way.
    """
    clip: Clip
    target: Path
    quality: Optional[int]
    sound: bool
    heads: Optional[int]
    settings: Dict[str, Any]


def plan(source: Path, target: Path, pattern: Optional[str], fps: float, every: int, quality: Optional[int],
         sound: bool, faces: Union[str, int], mode: str) -> Job:
    """The job that the options of a command describe; looks through the whole clip once.

    source: a video, an animated picture, or with a pattern a folder.
    target: the file to write, or an existing folder for one of the same name.
    pattern: of the pictures in the folder.
    fps: their frames a second.
    every: keep each so many-th frame.
    quality: -crf or None.
    sound: False to leave it out.
    faces: 'all', 'largest' or a number.
    mode: of the stylizer.
    Raises UserError if the input cannot be read as a clip, the output cannot be written or cannot hold the sound, an
    option makes no sense, or ffmpeg is missing.
    """
    if mode != 'fusion':
        raise UserError(f'clips are translated in mode fusion only: leave --mode {mode} out')
    if every < 1:
        raise UserError(f'--every {every} makes no sense: use 1 or more')
    if quality is not None and not 0 <= quality <= _LARGEST_CRF:
        raise UserError(f'--crf {quality} makes no sense: use 0 (largest file) to {_LARGEST_CRF}')
    if not 0 < fps <= 1000:
        raise UserError(f'--fps {fps:g} makes no sense: use more than 0, and at most 1000')
    if not source.exists():
        raise UserError(f'input {source} does not exist: check the path')
    ffmpeg.program()
    with atomic.storage_errors(target):
        if target.is_dir() and not source.is_dir():
            target = target / source.name
        format_of(target)
        if target.is_dir():
            raise UserError(f'a folder stands at {target}, where the clip would go: choose another name')
        if target.exists() and os.path.samefile(str(source), str(target)):
            raise UserError(f'the output {target} is the input itself: choose another name or folder')
        atomic.check_place(target.parent)
    log.info('looking through %s', source)
    clip = open_clip(source, pattern, fps)
    if sound:
        check_sound(clip, target)
    heads = {'all': None, 'largest': 1}[faces] if isinstance(faces, str) else faces
    settings = {'bytes': source.stat().st_size if source.is_file() else 0}
    return Job(clip.every(every) if every > 1 else clip, target, quality, sound and clip.has_sound, heads, settings)


def looks(files: ModelFiles, short_side: int) -> Dict[str, Any]:
    """What else the frames depend on: the files of the style, and the size at which they work."""
    hashes = {name: sha256_of_file(path) for name, path in files._asdict().items() if path is not None}
    return {**hashes, 'short side': short_side}
