"""Geometry expansion (paper section 3.2; docs/recipe.md, "GEM"): one implementation for pipeline and files."""
from typing import List, NamedTuple, Tuple

import cv2
import numpy as np

PRESETS = ('off', 'official', 'paper')
_WHITE = (255, 255, 255)


class Transform(NamedTuple):
    """mirror: left-right. scale: about the centre, below 1 onto white, above 1 cropped. angle: degrees, anticlockwise;
    corners that open are filled by reflection (`reflect`) or white."""
    mirror: bool = False
    scale: float = 1.0
    angle: float = 0.0
    reflect: bool = True


def drawn(preset: str, rng: np.random.RandomState, mirror: bool) -> Transform:
    """A random transform. mirror: whether half of them are mirrored.

    official: scale 0.8 to 1 for nine in ten, else 1 to 1.1; whole degrees from -10 to 10. paper: scale 0.8 to 1.2,
    rotation up to 90° either way (a reading that a peer shares).
    """
    mirrored = bool(mirror and rng.randint(2))
    if preset == 'official':
        return Transform(mirrored, official_scale(rng), float(rng.randint(-10, 11)))
    if preset == 'paper':
        return Transform(mirrored, rng.uniform(0.8, 1.2), rng.uniform(-90.0, 90.0), reflect=False)
    return Transform(mirrored)


def official_scale(rng: np.random.RandomState) -> float:
    """Nine in ten get smaller, onto white."""
    return rng.uniform(0.8, 1.0) if rng.uniform() < 0.9 else rng.uniform(1.0, 1.1)


def expanded(rng: np.random.RandomState) -> List[Tuple[str, Transform]]:
    """The eight files that the published script makes of one: plain, scaled, turned left and turned right, each also
    mirrored. (suffix of the name, transform), of fresh draws."""
    variants = []
    for mirror in (False, True):
        flip = '_flip' if mirror else ''
        variants += [(flip, Transform(mirror)), (flip + '_scale', Transform(mirror, official_scale(rng))),
                     (flip + '_left', Transform(mirror, 1.0, float(rng.randint(0, 11)))),
                     (flip + '_right', Transform(mirror, 1.0, float(rng.randint(-10, 1))))]
    return variants


def transformed(picture: np.ndarray, transform: Transform) -> np.ndarray:
    """uint8 [H, W, 3] -> the same shape."""
    if transform.mirror:
        picture = picture[:, ::-1]
    reflect = transform.reflect and transform.angle != 0
    if reflect and transform.scale != 1:  # the white around a smaller picture is part of what is turned
        picture = _warped(picture, transform.scale, 0.0, False)
        picture = _warped(picture, 1.0, transform.angle, True)
    elif transform.scale != 1 or transform.angle != 0:
        picture = _warped(picture, transform.scale, transform.angle, reflect)
    return np.ascontiguousarray(picture)


def _warped(picture: np.ndarray, scale: float, angle: float, reflect: bool) -> np.ndarray:
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2.0, (height - 1) / 2.0), angle, scale)
    return cv2.warpAffine(np.ascontiguousarray(picture), matrix, (width, height), flags=cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_REFLECT_101 if reflect else cv2.BORDER_CONSTANT, borderValue=_WHITE)
