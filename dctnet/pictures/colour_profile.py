"""Embedded colour profiles (ICC): pictures in the colours of sRGB, which all networks here were trained on."""
import functools
import io
import logging
from typing import Any, NamedTuple, Optional, Tuple

import numpy as np
from PIL import Image, ImageCms

log = logging.getLogger(__name__)

_MODES = {'RGB': 'RGB', 'GRAY': 'L', 'CMYK': 'CMYK'}  # colour space of a profile -> mode of Pillow
_MOST_BYTES = 8 << 20
_SAME = 2  # levels: a profile that changes no colour by more is sRGB itself
_RELATIVE_COLORIMETRIC, _BLACK_POINT_COMPENSATION = 1, 0x2000


class ToSrgb(NamedTuple):
    """A conversion to sRGB.

    mode: of the pictures that it takes: RGB, L or CMYK.
    transform: to mode RGB.
    """
    mode: str
    transform: ImageCms.ImageCmsTransform


def to_srgb(pillow: Image.Image) -> Optional[ToSrgb]:
    """The conversion that the profile of a picture asks for. None if it has no profile, sRGB's, or a damaged one, of
    which a warning tells once."""
    profile = pillow.info.get('icc_profile')
    if not isinstance(profile, bytes) or not profile:
        return None
    return _conversion(profile)


def converted(part: Image.Image, conversion: Optional[ToSrgb]) -> Image.Image:
    """A picture without alpha, of any mode, in mode RGB and in the colours of sRGB."""
    if conversion is not None and (part.mode == conversion.mode or conversion.mode == 'RGB' and part.mode == 'P'):
        source = part if part.mode == conversion.mode else part.convert('RGB')
        return conversion.transform.apply(source)
    return part if part.mode == 'RGB' else part.convert('RGB')


@functools.lru_cache(maxsize=64)
def _conversion(profile: bytes) -> Optional[ToSrgb]:
    try:
        if len(profile) > _MOST_BYTES:
            raise ValueError(f'{len(profile)} bytes')
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _MODES[source.profile.xcolor_space.strip()]
        options: Tuple[Any, Any] = (_RELATIVE_COLORIMETRIC, _BLACK_POINT_COMPENSATION)  # new versions have enumerations
        transform = ImageCms.buildTransform(source, ImageCms.createProfile('sRGB'), mode, 'RGB', *options)
        return None if mode == 'RGB' and _changes_nothing(transform) else ToSrgb(mode, transform)
    except Exception as error:  # Pillow and littlecms signal damage by many exceptions
        log.warning('a damaged colour profile is embedded (%s): its pictures are taken as sRGB', error)
        return None


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    colours = np.indices((8, 8, 8)).reshape(3, 8, 64).transpose(1, 2, 0) * 36
    before = Image.fromarray(np.ascontiguousarray(colours.astype(np.uint8)))
    after = np.asarray(transform.apply(before)).astype(int)
    return bool(np.abs(after - colours).max() <= _SAME)
