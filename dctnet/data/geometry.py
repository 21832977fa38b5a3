"""Geometry expansion (paper section 3.2; docs/recipe.md, "GEM"): one implementation for pipeline and files."""
from typing import List, NamedTuple, Tuple

import cv2
import numpy as np

PRESETS = ('off', 'official', 'paper')
_WHITE = (255, 255, 255)


class Transform(NamedTuple):
    """What is done to an image, in this order.

    mirror: exchange left and right.
    scale: factor about the centre; below 1 the rest is white, above 1 the image is cropped.
    angle: degrees, anticlockwise.
    reflect: fill the corners that a rotation opens by reflection; else white.
    """
    mirror: bool = False
    scale: float = 1.0
    angle: float = 0.0
    reflect: bool = True


def drawn(preset: str, rng: np.random.RandomState, mirror: bool) -> Transform:
    """A random transform (docs/recipe.md, "GEM").

    preset: 'official': scale 0.8 to 1 for nine in ten, else 1 to 1.1; whole degrees from -10 to 10. 'paper': scale 0.8
        to 1.2, rotation up to 90° either way (a reading that a peer shares). 'off': neither.
    mirror: whether half of them are mirrored.
    """
    mirrored = bool(mirror and rng.randint(2))
    if preset == 'official':
        return Transform(mirrored, official_scale(rng), float(rng.randint(-10, 11)))
    if preset == 'paper':
        return Transform(mirrored, rng.uniform(0.8, 1.2), rng.uniform(-90.0, 90.0), reflect=False)
    return Transform(mirrored)


def official_scale(rng: np.random.RandomState) -> float:
    """A random factor of the official preset: nine in ten below 1."""
    return rng.uniform(0.8, 1.0) if rng.uniform() < 0.9 else rng.uniform(1.0, 1.1)


def expanded(rng: np.random.RandomState) -> List[Tuple[str, Transform]]:
    """The eight files that the published script makes of one, as (suffix of the name, transform): plain, scaled, turned
    left and turned right, each also mirrored. Every scale and angle is drawn on its own."""
    variants = []
    for mirror in (False, True):
        flip = '_flip' if mirror else ''
        variants += [(flip, Transform(mirror)), (flip + '_scale', Transform(mirror, official_scale(rng))),
                     (flip + '_left', Transform(mirror, 1.0, float(rng.randint(0, 11)))),
                     (flip + '_right', Transform(mirror, 1.0, float(rng.randint(-10, 1))))]
    return variants


def transformed(image: np.ndarray, transform: Transform) -> np.ndarray:
    """Apply a transform: uint8 [H, W, 3] -> the same shape."""
    if transform.mirror:
        image = image[:, ::-1]
    reflect = transform.reflect and transform.angle != 0
    if reflect and transform.scale != 1:  # the white around a smaller image is also turned
        image = _warped(image, transform.scale, 0.0, False)
        image = _warped(image, 1.0, transform.angle, True)
    elif transform.scale != 1 or transform.angle != 0:
        image = _warped(image, transform.scale, transform.angle, reflect)
    return np.ascontiguousarray(image)


def _warped(image: np.ndarray, scale: float, angle: float, reflect: bool) -> np.ndarray:
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2.0, (height - 1) / 2.0), angle, scale)
    return cv2.warpAffine(np.ascontiguousarray(image), matrix, (width, height), flags=cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_REFLECT_101 if reflect else cv2.BORDER_CONSTANT, borderValue=_WHITE)
