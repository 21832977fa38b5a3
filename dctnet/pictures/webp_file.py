"""WebP files decoded by OpenCV, for a Pillow whose WebP library has a known hole (CVE-2023-4863), as the last one for
Python 3.7 has. OpenCV decodes single frames without their metadata: the container is taken apart here."""
import struct
from typing import Any, Dict, Iterator, NamedTuple, Tuple

import cv2
import numpy as np
from PIL import Image, features

from dctnet.errors import UserError

_SAFE_LIBRARY, _SAFE_OPENCV = (1, 3, 2), (4, 8, 1)
_HEADER = struct.Struct('<4sI')
_DISPOSE, _OVERWRITE, _ALPHA_FLAG = 1, 2, 0x10


class _Frame(NamedTuple):
    box: Tuple[int, int, int, int]  # left, top, right, bottom
    milliseconds: int
    flags: int
    chunks: bytes


def pillow_is_safe() -> bool:
    """Whether Pillow's own WebP decoder has no known hole."""
    return _numbers(str(features.version('webp') or '0')) >= _SAFE_LIBRARY


def check_opencv() -> None:
    """Raise UserError if OpenCV's WebP decoder has the hole, too."""
    if _numbers(cv2.__version__) < _SAFE_OPENCV:
        raise UserError('WebP pictures are not read with these versions of Pillow and OpenCV, whose decoders have a '
                        'known hole (CVE-2023-4863): install opencv-python 4.8.1.78 or later, or convert the pictures')


def size_of(data: bytes) -> Tuple[int, int]:
    """Width and height that the header states. Raises ValueError if there is none."""
    kind, chunk = next(_chunks(data[12:]), (b'', b''))
    if kind == b'VP8X' and len(chunk) >= 10:
        return (1 + int.from_bytes(chunk[4:7], 'little'), 1 + int.from_bytes(chunk[7:10], 'little'))
    if kind == b'VP8L' and len(chunk) >= 5:
        bits = int.from_bytes(chunk[1:5], 'little')
        return (1 + (bits & 0x3fff), 1 + (bits >> 14 & 0x3fff))
    if kind == b'VP8 ' and len(chunk) >= 10:
        return (int.from_bytes(chunk[6:8], 'little') & 0x3fff, int.from_bytes(chunk[8:10], 'little') & 0x3fff)
    raise ValueError('no WebP header')


def is_animated(data: bytes) -> bool:
    """Whether a file holds several frames."""
    return sum(kind == b'ANMF' for kind, _ in _chunks(data[12:])) > 1


def frames(data: bytes) -> Iterator[Image.Image]:
    """The frames of a file, one if it is no animation, mode RGB or RGBA; `info` holds the duration in milliseconds, and
    icc_profile and exif if the file has them. Raises ValueError for damaged data."""
    metadata = _metadata(data)
    if not any(kind == b'ANMF' for kind, _ in _chunks(data[12:])):
        pillow = _decoded(data)
        pillow.info.update(metadata)
        yield pillow
        return
    canvas = Image.new('RGBA', size_of(data))
    for frame in _frames(data):
        pillow = _decoded(_as_file(frame)).convert('RGBA')
        if pillow.size != (frame.box[2] - frame.box[0], frame.box[3] - frame.box[1]):
            raise ValueError('a frame has another size than it states')
        canvas.paste(pillow if frame.flags & _OVERWRITE else
                     Image.alpha_composite(canvas.crop(frame.box), pillow), frame.box)
        shown = canvas.copy()
        shown.info.update(metadata, duration=frame.milliseconds)
        yield shown
        if frame.flags & _DISPOSE:
            canvas.paste((0, 0, 0, 0), frame.box)


def _frames(data: bytes) -> Iterator[_Frame]:
    width, height = size_of(data)
    for kind, chunk in _chunks(data[12:]):
        if kind == b'ANMF' and len(chunk) > 16:
            left, top, wide, high, milliseconds = [int.from_bytes(chunk[at:at + 3], 'little') for at in range(0, 15, 3)]
            box = (2 * left, 2 * top, 2 * left + wide + 1, 2 * top + high + 1)
            if box[2] > width or box[3] > height:
                raise ValueError('a frame lies outside of the picture')
            yield _Frame(box, milliseconds, chunk[15], chunk[16:])


def _as_file(frame: _Frame) -> bytes:
    wide, high = frame.box[2] - frame.box[0] - 1, frame.box[3] - frame.box[1] - 1
    extended = bytes([_ALPHA_FLAG, 0, 0, 0]) + wide.to_bytes(3, 'little') + high.to_bytes(3, 'little')
    has_alpha = frame.chunks[:4] == b'ALPH'
    body = b'WEBP' + (_HEADER.pack(b'VP8X', 10) + extended if has_alpha else b'') + frame.chunks
    return _HEADER.pack(b'RIFF', len(body)) + body


def _decoded(data: bytes) -> Image.Image:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None or image.ndim != 3:
        raise ValueError('the WebP data is damaged or cut off')
    return Image.fromarray(cv2.cvtColor(image, cv2.COLOR_BGRA2RGBA if image.shape[2] == 4 else cv2.COLOR_BGR2RGB))


def _metadata(data: bytes) -> Dict[Any, Any]:
    names = {b'ICCP': 'icc_profile', b'EXIF': 'exif'}
    return {names[kind]: chunk for kind, chunk in _chunks(data[12:]) if kind in names}


def _chunks(data: bytes) -> Iterator[Tuple[bytes, bytes]]:
    place = 0
    while place + _HEADER.size <= len(data):
        kind, length = _HEADER.unpack_from(data, place)
        place += _HEADER.size
        yield kind, data[place:place + length]
        place += length + length % 2


def _numbers(version: str) -> Tuple[int, ...]:
    return tuple(int(part) for part in version.split('.')[:3] if part.isdigit())
