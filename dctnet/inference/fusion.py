"""The image around the two graphs: sizes, padding, and the fusion of heads with the background. No TensorFlow.

docs/recipe.md, "Fusion". A translator is any callable: uint8 [H, W, 3] BGR -> uint8 of the same shape.
"""
import math
from typing import Callable, Iterable, List, NamedTuple, Tuple

import cv2
import numpy as np

from dctnet import images
from dctnet.face import alignment
from dctnet.face.landmarks import LEFT_EYE, MOUTH_LEFT, MOUTH_RIGHT, RIGHT_EYE

Translator = Callable[[np.ndarray], np.ndarray]
HeadTranslator = Callable[[List[np.ndarray]], Iterable[np.ndarray]]  # crops, uint8 [288, 288, 3] each -> the same

PAD_MULTIPLE = 16  # the published pipeline's; the generator itself needs 4
# FFHQ's square around a face, in units that landmarks give: the larger of these two (the rule of its authors).
_SIDE_PER_EYE_DISTANCE = 4.0
_SIDE_PER_EYE_TO_MOUTH = 3.6


class Head(NamedTuple):
    """Where a head is blended in.

    points: the five of its face, float64 [5, 2].
    opacity: 0 - 1, how much of the head graph's image shows.
    number: tells whose it is among the frames of a clip.
    """
    points: np.ndarray
    opacity: float = 1.0
    number: int = 0


def reduced_size(height: int, width: int, short_side: int) -> Tuple[int, int]:
    """Height and width with the short side brought down to `short_side`; unchanged if it is smaller.

    The long side is cut to whole pixels, as published.
    """
    if min(height, width) <= short_side:
        return height, width
    if height > width:
        return int(short_side * height / width), short_side
    return short_side, int(short_side * width / height)


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """To another size by OpenCV's area method, down and back up, as published. The same array if nothing changes."""
    if image.shape[:2] == (height, width):
        return image
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)


def training_scale(landmarks: np.ndarray, training_size: int) -> float:
    """How much to scale an image so that a face [68, 2] gets the size that it had in the generator's training.

    Training images are FFHQ crops of `training_size` pixels, whose side follows from the eyes and the mouth.
    """
    right_eye, left_eye = landmarks[RIGHT_EYE].mean(axis=0), landmarks[LEFT_EYE].mean(axis=0)
    mouth = (landmarks[MOUTH_RIGHT] + landmarks[MOUTH_LEFT]) / 2
    side = max(_SIDE_PER_EYE_DISTANCE * math.hypot(*(left_eye - right_eye)),
               _SIDE_PER_EYE_TO_MOUTH * math.hypot(*(mouth - (left_eye + right_eye) / 2)))
    return training_size / max(side, 1.0)


def move_points(points: np.ndarray, from_shape: Tuple[int, ...], to_shape: Tuple[int, ...]) -> np.ndarray:
    """Points (x, y) of an image of one [H, W, ...] shape in the same image resized to another."""
    scale = np.array([to_shape[1] / from_shape[1], to_shape[0] / from_shape[0]])
    return (points + 0.5) * scale - 0.5  # (0, 0) is the centre of a pixel, not its corner


def translate_whole(image: np.ndarray, translator: Translator) -> np.ndarray:
    """The translator on an image of any size: uint8 [H, W, 3] -> the same shape, a fresh array.

    The padding continues the border, whereas the published code's white bleeds into it.
    """
    height, width = image.shape[:2]
    return translator(images.pad_to_multiple(image, PAD_MULTIPLE))[:height, :width].copy()


def add_heads(translation: np.ndarray, image: np.ndarray, faces: Iterable[np.ndarray],
              translate_heads: HeadTranslator, mask: np.ndarray) -> None:
    """Translate every face by the head graph and blend it into the background graph's translation, in place.

    translation: `translate_whole` of image, uint8 [H, W, 3] BGR.
    image: the image that both graphs see, uint8 [H, W, 3] BGR.
    translate_heads: the head graph, on crops of one size.
    faces: the five points of each, float64 [5, 2]; where heads overlap, a later one lies over an earlier one.
    mask: float32 [288, 288], 1 where the head graph's image shows.
    """
    inverses = [alignment.crop_to_image(points) for points in faces]
    heads = translate_heads([alignment.head_crop(image, inverse) for inverse in inverses])
    for inverse, head in zip(inverses, heads):
        alignment.blend_head(translation, head, inverse, mask)
