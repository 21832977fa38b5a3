"""What can be written: containers by suffix, how their frames are encoded, and whether they hold a clip's sound."""
from pathlib import Path
from typing import NamedTuple, Optional, Tuple

from dctnet.clips import ffmpeg
from dctnet.clips.clip import Clip
from dctnet.errors import UserError

# Players take colours of unmarked files for those of HD; the conversion below is to the same.
_COLOURS = ('-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709', '-color_range', 'tv')
_H264 = ('-c:v', 'libx264', '-preset', 'medium', *_COLOURS, '-pix_fmt')
_VP9 = ('-c:v', 'libvpx-vp9', '-b:v', '0', '-row-mt', '1', '-deadline', 'good', '-cpu-used', '2', *_COLOURS, '-pix_fmt')
_PALETTE = 'split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1'  # a palette a frame: flat memory


class Format(NamedTuple):
    """How one kind of file is written.

    muxer: ffmpeg's name for it.
    encode: options for the frames of a segment.
    even: whether both sides must be even (4:2:0).
    quality: -crf unless the user says otherwise.
    join: options that make the file from segments.
    sound: whether it can hold any.
    """
    muxer: str
    encode: Tuple[str, ...]
    even: bool
    quality: int
    join: Tuple[str, ...]
    sound: bool


def _video(muxer: str, *join: str) -> Format:
    return Format(muxer, (*_H264, 'yuv420p'), True, 18, ('-c', 'copy', *join), True)


def _animation(muxer: str, *join: str) -> Format:
    # Segments keep colours at full resolution, since they are encoded once more.
    return Format(muxer, (*_H264, 'yuv444p'), False, 8, join, False)


FORMATS = {
    '.mp4': _video('mp4', '-movflags', '+faststart'), '.m4v': _video('mp4', '-movflags', '+faststart'),
    '.mov': _video('mov', '-movflags', '+faststart'), '.mkv': _video('matroska'),
    '.webm': Format('webm', (*_VP9, 'yuv420p'), True, 30, ('-c', 'copy'), True),
    '.gif': _animation('gif', '-filter_complex', f'[0:v]{_PALETTE}', '-loop', '0'),
    '.webp': _animation('webp', '-map', '0:v', '-c:v', 'libwebp_anim', '-quality', '85', '-loop', '0'),
}


def format_of(target: Path) -> Format:
    """The format that a name stands for. Raises UserError if no clip can be written under it."""
    try:
        return FORMATS[target.suffix.lower()]
    except KeyError:
        raise UserError(f"cannot write a clip as {target}: use a name that ends in one of {', '.join(FORMATS)}"
                        ) from None


def check_sound(clip: Clip, target: Path) -> None:
    """Raise UserError if the file cannot take the clip's sound as it is."""
    container = format_of(target)
    if not clip.has_sound:
        return
    problem: Optional[str] = None if container.sound else f'{target.suffix} files hold none'
    if not problem:
        # A second is tried: containers refuse what they do not take at their start.
        status, _, errors = ffmpeg.run([*ffmpeg.source(clip.source), '-map', '0:a', '-c', 'copy', '-t', '1', '-f',
                                        container.muxer, *(('-movflags', 'frag_keyframe+empty_moov')
                                                           if container.muxer in ('mp4', 'mov') else ()), '-'])
        problem = ffmpeg.reason(errors) if status else None
    if problem:
        raise UserError(f'{target} cannot hold the sound of {clip.source} ({problem}): name another kind of file, such '
                        'as .mkv, or add --no-sound')
