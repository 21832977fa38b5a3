"""Video files of any kind that ffmpeg reads, as a Clip.

A first pass decodes the file once and notes the time of each frame: their number, and times that vary, stand nowhere
else reliably. Rotation is applied by ffmpeg, and depths above 8 bits are reduced.
"""
import os
import re
from array import array
from fractions import Fraction
from pathlib import Path
from typing import List, NamedTuple

import numpy as np

from dctnet.clips import colours, ffmpeg
from dctnet.clips.clip import Clip, Frames
from dctnet.clips.limits import UNLIMITED, Limits
from dctnet.errors import UserError

_FIRST_VIDEO = ('-map', '0:V:0')  # no cover pictures
_LARGEST_INDEX = 1 << 28  # bytes; some for each frame
_MOST_PIXELS, _PADDING = 2 ** 31 - 1, 1 << 14  # that ffmpeg can count; around small frames


class _Streams(NamedTuple):
    """What ffmpeg says of a file."""
    video: str
    sound: List[str]
    unreadable: str


def open_clip(path: Path, limits: Limits = UNLIMITED) -> Clip:
    """Look through a video file. Raises UserError if it is unreadable, encrypted, or has no frames, ClipTooLarge as
    soon as it passes a limit."""
    if path.exists() and not path.is_file():
        raise UserError(f'cannot read {path} as a clip (it is no regular file): name another file')
    streams = _look_into(path, limits)
    if not streams.video:
        if streams.sound:
            raise UserError(f'{path} holds sound but no pictures: name a video')
        raise UserError(f'cannot read {path} as a clip ({streams.unreadable}): name another file, or repair it')
    if _is_encrypted(path):
        raise UserError(f'{path} is encrypted: only clips without copy protection can be translated')
    told = re.search(r', (\d+)x(\d+)', streams.video)
    if told:
        limits.check_size((int(told.group(2)), int(told.group(1))))
    return _index(path, streams, limits)


def first_frame(path: Path) -> bytes:
    """The first frame of a video file as JPEG, upright. Raises UserError if there is none."""
    status, picture, errors = ffmpeg.run([*ffmpeg.source(path), *_FIRST_VIDEO, '-frames:v', '1', '-c:v', 'mjpeg',
                                          '-pix_fmt', 'yuvj420p', '-q:v', '2', '-f', 'image2pipe', '-'])
    if status or not picture:
        raise UserError(f'{path} holds no frame that can be read ({ffmpeg.reason(errors)}): name another file')
    return picture


def _is_encrypted(path: Path) -> bool:
    """Whether the index of an .mp4 or .mov names encrypted pictures; ffmpeg tells only that it cannot decode them."""
    with open(str(path), 'rb') as stream:
        while True:
            start = stream.read(16)
            if len(start) < 8:
                return False
            length, kind = int.from_bytes(start[:4], 'big'), start[4:8]
            if length == 1:
                length = int.from_bytes(start[8:], 'big')
            if kind == b'moov':
                return re.search(b'encv|drmi', stream.read(min(length, _LARGEST_INDEX))) is not None
            if length < 8 or not kind.isalnum():
                return False
            stream.seek(length - len(start), os.SEEK_CUR)


def _source(path: Path, limits: Limits) -> List[str]:
    # Decoders refuse frames that are larger than the file claims at its start. They count the padding of theirs, too.
    most = min(2 * limits.pixels + _PADDING, _MOST_PIXELS)
    return ['-max_pixels', str(most), *ffmpeg.source(path)]


def _look_into(path: Path, limits: Limits) -> _Streams:
    # Without an output ffmpeg describes its input as information, and then complains.
    _, _, text = ffmpeg.run(['-loglevel', 'info', *_source(path, limits)])
    video = [line for line in re.findall(r'^\s*Stream #0:\S+ Video: (.*)$', text, re.MULTILINE)
             if 'attached pic' not in line]
    sound = re.findall(r'^\s*Stream #0:\S+ Audio: (\w+)', text, re.MULTILINE)
    complaints = [line for line in text.splitlines() if line.startswith('[')] or text.splitlines()[-1:]
    return _Streams(video[0] if video else '', sound, ffmpeg.reason('\n'.join(complaints)))


def _index(path: Path, streams: _Streams, limits: Limits) -> Clip:
    times, facts, last = array('q'), {'tb': '1/1000', 'dimensions': '', 'sar': '1/1'}, 0
    with ffmpeg.Process([*_source(path, limits), *_FIRST_VIDEO, *ffmpeg.passthrough(), '-c:v', 'rawvideo', '-f',
                         'framecrc', '-']) as process:
        for line in process.output:
            text = line.decode().strip()
            if text.startswith('#'):
                name, _, value = text[1:].partition(' 0: ')
                facts[name] = value
                tick = Fraction(facts['tb']) * 1000000
            elif text:
                _, _, shown, duration = [int(word) for word in text.split(',')[:4]]
                times.append(int(round(shown * tick)))
                limits.check_length(len(times), times[-1] - times[0])
                last = int(round(duration * tick))
        status, errors = process.finish()
    if not times or not facts['dimensions']:
        why = f' ({ffmpeg.reason(errors)})' if errors else ''
        raise UserError(f'{path} holds no frame that can be read{why}: name another file, or repair it')
    for index in range(1, len(times)):  # damaged files count back
        times[index] = max(times[index], times[index - 1] + 1)
    # Rates vary: the last frame stays as long as the file says, or as the one before.
    before = times[-1] - times[-2] if len(times) > 1 else 40000
    width, height = [int(side) for side in facts['dimensions'].split('x')]
    aspect = Fraction(facts['sar']) if facts['sar'] not in ('0/1', '0/0') else Fraction(1)
    return Clip(path, (height, width), times, times[-1] + (last or before), _timescale(Fraction(facts['tb'])),
                f'{aspect.numerator}:{aspect.denominator}',
                lambda: _frames(_source(path, limits), (height, width), len(times), streams.video),
                tuple(streams.sound), ffmpeg.reason(errors) if status or errors else '')


def _timescale(time_base: Fraction) -> int:
    scale = time_base.denominator if time_base.numerator in (1, 1001) else 90000
    while scale < 10000:
        scale *= 2
    return scale if scale <= 500000 else 90000  # a tick below 2 microseconds would not survive rounding


def _frames(source: List[str], size: tuple, count: int, video: str) -> Frames:
    height, width = size
    # Files whose size changes on the way are brought to the size that they begin with.
    filters = colours.to_bgr(video, height, width)
    with ffmpeg.Process([*source, *_FIRST_VIDEO, *ffmpeg.passthrough(), '-vf', filters, '-pix_fmt',
                         'bgr24', '-f', 'rawvideo', '-']) as process:
        for _ in range(count):
            data = process.output.read(height * width * 3)
            whole = len(data) == height * width * 3
            yield np.frombuffer(data, np.uint8).reshape(height, width, 3) if whole else None
