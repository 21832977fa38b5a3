"""The side that is up: the orientation of a picture's EXIF data, applied to pixels. EXIF data is never written."""
import struct
from typing import Any, Callable, Dict, Optional

import cv2
import numpy as np
from PIL import Image

_TAG, _SHORT = 0x0112, 3
_TURNS: Dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: lambda image: cv2.flip(image, 1),
    3: lambda image: cv2.rotate(image, cv2.ROTATE_180),
    4: lambda image: cv2.flip(image, 0),
    5: cv2.transpose,
    6: lambda image: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE),
    7: lambda image: cv2.flip(cv2.transpose(image), -1),
    8: lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


def orientation_of(pillow: Image.Image) -> int:
    """1 - 8 as EXIF counts, 1 is upright. 1 as well if there is no such entry or none that can be read: no damage of
    EXIF data refuses a picture."""
    found = _entry(pillow.info.get('exif'))
    if found is None:
        try:
            found = pillow.getexif().get(_TAG)  # which knows the places of other formats
        except Exception:  # Pillow signals damaged EXIF data by any exception
            found = None
    return found if found in _TURNS else 1


def _entry(exif: Any) -> Optional[int]:
    """The orientation in EXIF data, whatever its other entries are."""
    data = exif[6:] if isinstance(exif, bytes) and exif[:6] == b'Exif\0\0' else exif
    if not isinstance(data, bytes) or data[:4] not in (b'II*\0', b'MM\0*'):
        return None
    order = '<' if data[:2] == b'II' else '>'
    try:
        start = struct.unpack_from(order + 'I', data, 4)[0]
        for index in range(struct.unpack_from(order + 'H', data, start)[0]):
            tag, kind, count, value = struct.unpack_from(order + 'HHIH', data, start + 2 + 12 * index)
            if tag == _TAG and kind == _SHORT and count == 1:
                return value
    except struct.error:  # it ends early
        pass
    return None


def upright(image: np.ndarray, orientation: int) -> np.ndarray:
    """uint8 [H, W] or [H, W, C] as it is stored -> as it is to be seen."""
    return _TURNS[orientation](image) if orientation in _TURNS else image


def swaps_sides(orientation: int) -> bool:
    """Whether height and width change places."""
    return orientation >= 5
