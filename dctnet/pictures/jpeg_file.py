"""JPEG files whose pixels are sound: those that lack only their end marker, told from half ones, and those with broken
EXIF data."""
import io
from typing import Dict, Iterator, Optional, Set, Tuple

import numpy as np
from PIL import JpegImagePlugin

_END = b'\xff\xd9'
_TAILS = (b'\x55' * 64, b'\xaa' * 64, b'\x33' * 64)
_NO_LENGTH = {0x01, 0xD8} | set(range(0xD0, 0xD8))
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9


def completed(data: bytes) -> Optional[bytes]:
    """The bytes of a JPEG file with the end marker that they lack; None if pixels are missing, too.

    Whether any are missing is tried: if the decoder still wanted data, then what follows instead would show.
    """
    data = data[:-1] if data.endswith(b'\xff') else data
    if not _has_all_scans(data):
        return None
    whole = _pixels(data + _END)
    if any(not np.array_equal(whole, _pixels(data + tail + _END)) for tail in _TAILS):
        return None
    return data + _END


def without_exif(data: bytes) -> Tuple[bytes, bytes]:
    """The bytes of a JPEG file without its EXIF data, and that data."""
    place, kept, exif = 2, [data[:2]], b''
    for marker, segment in _segments(data):
        end = place + 4 + len(segment)
        if marker == _START_OF_SCAN or data[place:place + 2] != bytes([0xff, marker]):
            break
        if marker == 0xE1:
            exif = exif or segment
        else:
            kept.append(data[place:end])
        place = end
    return b''.join(kept) + data[place:], exif


def _pixels(data: bytes) -> np.ndarray:
    pillow = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
    pillow.load()
    return np.asarray(pillow)


def _has_all_scans(data: bytes) -> bool:
    """Whether each component has all 64 coefficients to the last bit: a progressive file sends them one after the
    other."""
    components, sent = 0, {}  # type: Tuple[int, Dict[int, Set[int]]]
    for marker, segment in _segments(data):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and len(segment) > 5:
            components = segment[5]
        elif marker == _START_OF_SCAN and len(segment) > 2 * segment[0] + 3:
            first, last, bits = segment[2 * segment[0] + 1:2 * segment[0] + 4]
            if bits & 15 == 0:
                for component in segment[1:2 * segment[0] + 1:2]:
                    sent.setdefault(component, set()).update(range(first, last + 1))
    return components > 0 and len(sent) == components and all(len(found) >= 64 for found in sent.values())


def _segments(data: bytes) -> Iterator[Tuple[int, bytes]]:
    """Markers with their segments, until the data ends or is damaged."""
    place = 2
    while True:
        place = data.find(b'\xff', place)
        if place < 0 or place + 4 > len(data):
            return
        marker = data[place + 1]
        if marker in (0x00, 0xFF) or marker in _NO_LENGTH:  # inside a scan
            place += 1 if marker == 0xFF else 2
            continue
        if marker == _END_OF_IMAGE:
            return
        length = int.from_bytes(data[place + 2:place + 4], 'big')
        yield marker, data[place + 4:place + 2 + length]
        place += 2 + length
