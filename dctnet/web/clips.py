"""Short clips that come from a browser: which are taken, looked through before they wait. No TensorFlow."""
import threading
from pathlib import Path

from dctnet.clips import animation, ffmpeg, video_file
from dctnet.clips.clip import Clip
from dctnet.clips.limits import Limits
from dctnet.errors import UserError
from dctnet.inference import fusion
from dctnet.pictures import formats, opening

MAX_BYTES = 200 << 20
LIMITS = Limits(pixels=9000000, frames=1800, seconds=30)  # 4K, 60 a second
SHORT_SIDE = 480          # at which they are translated
RESULT_SHORT_SIDE = 1080  # of what comes out, if more went in
FORMATS = ('MP4', 'MOV', 'WebM', 'MKV', 'GIF', 'WebP')
_PICTURES = (b'heic', b'heix', b'heim', b'heis', b'hevc', b'hevx', b'mif1', b'msf1', b'avif', b'avis')
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
        start = stream.read(12)
    if is_video(start):
        return True
    return (start[:3] == b'GIF' or formats.is_webp(start)) and opening.is_animation(path)


def look(path: Path) -> Clip:
    """Look through a clip. Raises UserError if it cannot be translated, of it ClipTooLarge if it passes a limit."""
    with _LOOKING, path.open('rb') as stream:
        opened = video_file.open_clip if is_video(stream.read(12)) else animation.open_clip
        return opened(path, LIMITS).reduced(RESULT_SHORT_SIDE)


def megapixels_to_compute(clip: Clip) -> float:
    """Of all frames, at the size at which they are translated."""
    height, width = fusion.reduced_size(clip.size[0], clip.size[1], SHORT_SIDE)
    return height * width * len(clip.times) / 1e6
