"""Geometry expansion (paper section 3.2; docs/recipe.md, "GEM"): one description of each preset, from which training
draws and of which `data_tools.augment_geometry` makes files."""
from typing import Callable, Dict, List, NamedTuple, Tuple

import cv2
import numpy as np

_WHITE = (255, 255, 255)


class Transform(NamedTuple):
    """What is done to an image, in this order.

    mirror: exchange left and right.
    scale: factor about the centre; below 1 the rest is white, above 1 the image is cropped.
    angle: degrees, anticlockwise.
    reflect: fill what a rotation opens by reflection; else white.
    """
    mirror: bool = False
    scale: float = 1.0
    angle: float = 0.0
    reflect: bool = False


def _plain(rng: np.random.RandomState) -> Transform:
    return Transform()


def _scaled(rng: np.random.RandomState) -> Transform:
    """Smaller in nine of ten cases, else larger."""
    return Transform(scale=rng.uniform(0.8, 1.0) if rng.uniform() < 0.9 else rng.uniform(1.0, 1.1))


def _turned_left(rng: np.random.RandomState) -> Transform:
    return Transform(angle=float(rng.randint(0, 11)), reflect=True)


def _turned_right(rng: np.random.RandomState) -> Transform:
    return Transform(angle=float(rng.randint(-10, 1)), reflect=True)


def _scaled_and_turned(rng: np.random.RandomState) -> Transform:
    return Transform(scale=rng.uniform(0.8, 1.2), angle=rng.uniform(-90.0, 90.0))


# What becomes of an image, each with the same chance: the end of a file's name -> how it is drawn. All of it is also
# mirrored. official: the files of the published script. paper: a reading of the paper that a peer shares.
_VARIANTS: Dict[str, Dict[str, Callable[[np.random.RandomState], Transform]]] = {
    'off': {'': _plain},
    'official': {'': _plain, '_scale': _scaled, '_left': _turned_left, '_right': _turned_right},
    'paper': {'': _scaled_and_turned},
}
PRESETS = tuple(_VARIANTS)


def drawn(preset: str, rng: np.random.RandomState, mirror: bool) -> Transform:
    """A random transform.

    preset: one of PRESETS.
    mirror: whether half of them are mirrored.
    """
    mirrored = bool(mirror and rng.randint(2))
    variants = list(_VARIANTS[preset].values())
    return variants[rng.randint(len(variants))](rng)._replace(mirror=mirrored)


def expanded(rng: np.random.RandomState) -> List[Tuple[str, Transform]]:
    """The eight files that the published script makes of one, as (suffix of the name, transform): plain, scaled, turned
    left and turned right, each also mirrored. Every scale and angle is drawn on its own."""
    return [(flip + suffix, variant(rng)._replace(mirror=bool(flip)))
            for flip in ('', '_flip') for suffix, variant in _VARIANTS['official'].items()]


def transformed(image: np.ndarray, transform: Transform) -> np.ndarray:
    """Apply a transform: uint8 [H, W, 3] -> the same shape."""
    if transform.mirror:
        image = cv2.flip(image, 1)
    if transform.angle:
        image = _warped(image, transform)
    elif transform.scale != 1:
        image = _resized(image, transform.scale)
    return np.ascontiguousarray(image)


def _resized(image: np.ndarray, scale: float) -> np.ndarray:
    """Resized to whole pixels by averaging areas; centred on white, or the centre cut out."""
    height, width = image.shape[:2]
    rows, columns = [max(1, int(round(side * scale))) for side in (height, width)]
    resized = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)
    top, left = abs(height - rows) // 2, abs(width - columns) // 2
    if scale > 1:
        return resized[top:top + height, left:left + width]
    result = np.full_like(image, 255)
    result[top:top + rows, left:left + columns] = resized
    return result


def _warped(image: np.ndarray, transform: Transform) -> np.ndarray:
    """Turned and scaled at once, about the centre."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2.0, (height - 1) / 2.0), transform.angle, transform.scale)
    return cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_REFLECT if transform.reflect else cv2.BORDER_CONSTANT,
                          borderValue=_WHITE)
