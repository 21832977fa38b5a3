"""The finished file: segments one after the other, with the sound of the source copied as it is."""
from pathlib import Path
from typing import List, Sequence

from dctnet.clips import ffmpeg
from dctnet.clips.clip import Clip
from dctnet.clips.formats import Format
from dctnet.clips.segments import Segment
from dctnet.errors import UserError
from dctnet.files import atomic, durable


def join(segments: Sequence[Segment], clip: Clip, target: Path, container: Format, sound: bool) -> None:
    """Write `target` from segments, whole or not at all.

    segments: in a row from frame 0; if they do not reach the clip's end, neither does the sound.
    clip: the source, which gives times, sound and what describes it.
    target: the file to write; its folder exists.
    container: the format of target.
    sound: copy it.
    Raises UserError if the disk refuses.
    """
    folder = segments[0].path.parent
    row = folder / 'segments.txt'
    atomic.write_text(row, '\n'.join(_row(segments, clip)) + '\n')
    partial = folder / f'whole{target.suffix.lower()}'
    # At work in its folder: of a path with # or ? the rest is left out when names are looked up beside it.
    arguments = ['-itsoffset', _seconds(clip.times[0]), '-f', 'concat', '-safe', '0', '-i', row.name]
    if clip.source.is_file() and container.sound:
        arguments += [*ffmpeg.source(clip.source), '-map', '0:v', '-map_metadata', '1', '-map_chapters', '1']
        arguments += ['-map', '1:a?'] if sound else []
    if segments[-1].last + 1 < len(clip.times):
        arguments += ['-t', _seconds(clip.end_of(segments[-1].last))]
    # Animations are encoded once more, at times in milliseconds.
    arguments += ['-video_track_timescale', str(clip.timescale)] if container.sound else ffmpeg.timed_at(1000)[:4]
    status, _, errors = ffmpeg.run([*arguments, *container.join, '-f', container.muxer, '-y', partial.name], folder)
    if status:
        raise UserError(f'cannot write {target} ({ffmpeg.reason(errors)}): free some space, or choose another place')
    with atomic.storage_errors(target):
        durable.rename(partial, target)


def _row(segments: Sequence[Segment], clip: Clip) -> List[str]:
    lines = ['ffconcat version 1.0']
    for segment in segments:
        lasts = clip.end_of(segment.last) - clip.times[segment.first]
        lines += [f'file {segment.path.name}', f'duration {_seconds(lasts)}']
    return lines


def _seconds(microseconds: int) -> str:
    return f'{microseconds / 1e6:.6f}'
