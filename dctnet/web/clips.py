"""Short clips that come from a browser: looked through before they wait, translated as infer.py does."""
from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Iterator

from PIL import Image

from dctnet.clips import animation, ffmpeg, formats, video_file
from dctnet.clips.clip import Clip, Frames
from dctnet.clips.limits import Limits
from dctnet.errors import UserError
from dctnet.inference import fusion
from dctnet.video.job import Job

if TYPE_CHECKING:  # the real imports load TensorFlow, which the page does not wait for
    from dctnet.inference.stylizer import Stylizer
    from dctnet.video.translate import Outcome

MAX_BYTES = 200 << 20
LIMITS = Limits(pixels=9000000, frames=1800, seconds=30)  # 4K, 60 a second
SHORT_SIDE = 480          # at which they are translated
RESULT_SHORT_SIDE = 1080  # of what comes out, if more went in
FORMATS = ('MP4', 'MOV', 'WebM', 'MKV', 'GIF', 'WebP')
_PICTURES = (b'heic', b'heix', b'heim', b'heis', b'hevc', b'hevx', b'mif1', b'msf1', b'avif', b'avis')
_PLAYED = ('aac', 'mp3', 'opus')  # sounds of an .mp4 that browsers play
_LOOKING = threading.Lock()  # a clip is decoded for it: one at a time


def missing() -> str:
    """Why no clip can be translated on this machine; '' if they can."""
    try:
        ffmpeg.program()
    except UserError as error:
        return str(error)
    return ''


def is_video(start: bytes) -> bool:
    """Whether a file that begins so (12 bytes or more) is one of the MP4 or the Matroska family. No other is given to
    ffmpeg, which also knows playlists that name other files."""
    return start[:4] == b'\x1a\x45\xdf\xa3' or start[4:8] == b'ftyp' and start[8:12] not in _PICTURES


def is_clip(path: Path) -> bool:
    """Whether a file is a video or an animated picture."""
    with path.open('rb') as stream:
        if is_video(stream.read(12)):
            return True
    try:
        with Image.open(str(path), formats=('GIF', 'WEBP')) as pillow:
            return getattr(pillow, 'is_animated', False)
    except Exception:  # Pillow signals by any exception that this is no such picture
        return False


def look(path: Path) -> Clip:
    """Look through a clip. Raises UserError if it cannot be translated, of it ClipTooLarge if it passes a limit."""
    with _LOOKING, path.open('rb') as stream:
        opened = video_file.open_clip if is_video(stream.read(12)) else animation.open_clip
        return opened(path, LIMITS).reduced(RESULT_SHORT_SIDE)


def megapixels_to_compute(clip: Clip) -> float:
    """Of all frames, at the size at which they are translated."""
    height, width = fusion.reduced_size(clip.size[0], clip.size[1], SHORT_SIDE)
    return height * width * len(clip.times) / 1e6


def keeps_sound(clip: Clip, target: Path) -> bool:
    """Whether a clip has sound that a browser will play in the target."""
    try:
        formats.check_sound(clip, target)
    except UserError:
        return False
    return clip.has_sound and set(clip.sounds) <= set(_PLAYED)


def translate(clip: Clip, target: Path, sound: bool, stylizer: Stylizer, check: Callable[[], None],
              frame_done: Callable[[], None]) -> Outcome:
    """Write a clip's translation.

    target: file *.mp4 to write.
    sound: copy it.
    stylizer: with a `video.faces.steady_detector`.
    check: called before a frame is read; what it raises ends the work, and no program runs on.
    frame_done: called after each frame that is translated; may raise, too.
    """
    from dctnet.video.translate import translate_clip

    @contextmanager
    def progress(total: int, start: int) -> Iterator[Callable[[], None]]:
        yield frame_done

    watched = clip._replace(frames=lambda: _checked(clip.frames(), check))
    return translate_clip(Job(watched, target, None, sound, None, {}), stylizer, lambda: False, progress)


def _checked(frames: Frames, check: Callable[[], None]) -> Frames:
    try:
        for image in frames:
            check()
            yield image
    finally:
        frames.close()
