"""The pictures of the benchmark: one training batch and one portrait, from scikit-image's astronaut."""
from typing import NamedTuple

import cv2
import numpy as np
from skimage import data

from dctnet import images


class Batch(NamedTuple):
    """A training batch, float32 [N, size, size, 3] BGR in [-1, 1]."""
    photo: np.ndarray
    style: np.ndarray


def training_batch(size: int, count: int) -> Batch:
    """Crops of the astronaut at different places, and the same crops smoothed as stand-ins for exemplars."""
    picture = portrait(512)
    offsets = [(37 * i % 256, 71 * i % 256) for i in range(count)]
    crops = [images.scale(picture[top:top + 256, left:left + 256], size, size) for top, left in offsets]
    smooth = [cv2.medianBlur(crop, 9) for crop in crops]
    return Batch(*[np.stack([images.to_unit(image) for image in domain]) for domain in (crops, smooth)])


def portrait(side: int) -> np.ndarray:
    """The astronaut, one face, uint8 [side, side, 3] BGR."""
    return images.scale(np.ascontiguousarray(data.astronaut()[:, :, ::-1]), side, side)
