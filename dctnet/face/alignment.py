"""Aligned heads: five points of a face, the similarity to the reference, the crop and its fusion mask.

docs/recipe.md, "Fusion". Images are uint8 [H, W, 3] BGR, points float64 (x, y) in pixels, transforms 2x3 as
OpenCV takes them.
"""
import math
from typing import Tuple

import cv2
import numpy as np

from dctnet.face.landmarks import LEFT_EYE, MOUTH_LEFT, MOUTH_RIGHT, NOSE_TIP, RIGHT_EYE

CROP_SIZE = 288  # the published head graph was trained on this; every head graph is fed with it

# ArcFace's reference on its 96 x 112 image: pupils, nose, corners of the mouth.
_ARCFACE_POINTS = np.array([[30.29459953, 51.69630051], [65.53179932, 51.50139999], [48.02519989, 71.73660278],
                            [33.54930115, 92.3655014], [62.72990036, 92.20410156]])
_ARCFACE_SIDE = 112
_HEAD_RATIO = 0.75  # the face shrinks to this about the centre, which makes room for hair and chin

_BORDERS = {'white': cv2.BORDER_CONSTANT, 'reflect': cv2.BORDER_REFLECT_101}
BORDERS = tuple(_BORDERS)
_MAX_FINENESS = 8  # 64 samples a pixel: more are not seen, only paid for


def five_points(image: np.ndarray, landmarks: np.ndarray, whole_hull: bool = True) -> np.ndarray:
    """Two pupils, nose and corners of the mouth, float64 [5, 2], from an image and its landmarks [68, 2].

    whole_hull: False leaves the last of an eye's six points out, as the published code does by mistake. It moves one
        pupil in seven by a pixel or two; only the comparison with published numbers wants it.
    """
    eyes = [landmarks[eye] if whole_hull else landmarks[eye][:-1] for eye in (RIGHT_EYE, LEFT_EYE)]
    pupils = [_pupil(image, eye) for eye in eyes]
    return np.array(pupils + [landmarks[index] for index in (NOSE_TIP, MOUTH_RIGHT, MOUTH_LEFT)], np.float64)


def _pupil(image: np.ndarray, eye: np.ndarray) -> Tuple[float, float]:
    """Median of the dark pixels inside the eye's hull; the middle of the eye if the image shows none."""
    height, width = image.shape[:2]
    left, top = np.maximum(np.floor(eye.min(axis=0)).astype(int), 0)
    right, bottom = np.minimum(np.floor(eye.max(axis=0)).astype(int), (width, height))
    if right > left and bottom > top:
        grey = cv2.equalizeHist(cv2.cvtColor(image[top:bottom, left:right], cv2.COLOR_BGR2GRAY))
        threshold, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
        hull = cv2.convexHull(np.floor(eye - (left, top)).astype(np.int32))
        inside = cv2.fillConvexPoly(np.zeros_like(grey), hull, (1,))
        rows, columns = np.nonzero((grey <= threshold) & (inside > 0))
        if len(rows):
            # The upper median: always a pixel that is there, also for an even count.
            return left + float(np.sort(columns)[len(columns) // 2]), top + float(np.sort(rows)[len(rows) // 2])
    x, y = (eye.min(axis=0) + eye.max(axis=0)) / 2
    return float(x), float(y)


def reference_points(size: int = CROP_SIZE) -> np.ndarray:
    """Where the five points belong in a head crop of `size` pixels, float64 [5, 2]."""
    square = _ARCFACE_POINTS + 1 + (8, 0)  # + 8: from 96 to 112 pixels of width
    middle = _ARCFACE_SIDE / 2
    return ((square - middle) * _HEAD_RATIO + middle) * (size / _ARCFACE_SIDE)


def crop_to_image(points: np.ndarray, size: int = CROP_SIZE) -> np.ndarray:
    """The similarity, float64 [2, 3], that takes pixels of the head crop to the image: "inverse" in the recipe.

    Least squares of the distances in the image, not in the crop. Raises ValueError if the points coincide.
    """
    reference = reference_points(size)
    zeros, ones = np.zeros(len(points)), np.ones(len(points))
    x, y = reference.T
    # Unknowns a, b, tx, ty of  x' = a x - b y + tx,  y' = b x + a y + ty.
    equations = np.concatenate([np.stack([x, -y, ones, zeros], axis=1), np.stack([y, x, zeros, ones], axis=1)])
    a, b, tx, ty = np.linalg.lstsq(equations, np.concatenate([points[:, 0], points[:, 1]]), rcond=None)[0]
    if a * a + b * b < 1e-12:
        raise ValueError(f'the five points of a face coincide: {points.tolist()}')
    return np.array([[a, -b, tx], [b, a, ty]])


def head_crop(image: np.ndarray, inverse: np.ndarray, size: int = CROP_SIZE, border: str = 'white') -> np.ndarray:
    """The head as the head graph wants it: uint8 [size, size, 3], upright.

    image: uint8 [H, W, 3].
    inverse: crop to image [2, 3].
    size: side of the crop in pixels.
    border: what follows where the image ends, 'white' (as published) or 'reflect' (the image mirrored).
    """
    return cv2.warpAffine(image, inverse, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                          borderMode=_BORDERS[border], borderValue=(255, 255, 255))


def smooth_crop(image: np.ndarray, inverse: np.ndarray, size: int, border: str = 'white') -> np.ndarray:
    """`head_crop` of an image of any resolution, of the same parameters: if the crop's pixels are larger than the
    image's, each is the mean of several samples and not one of them."""
    fineness = min(int(math.ceil(math.hypot(inverse[0, 0], inverse[1, 0]) - 1e-6)), _MAX_FINENESS)
    if fineness <= 1:
        return head_crop(image, inverse, size, border)
    linear = inverse[:, :2] / fineness
    # (0, 0) is the centre of a pixel; the finer grid's first centre lies further up and left.
    shift = inverse[:, :2].sum(axis=1) * (0.5 / fineness - 0.5)
    fine = head_crop(image, np.column_stack([linear, inverse[:, 2] + shift]), size * fineness, border)
    return cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA)


def ellipse_mask(size: int = CROP_SIZE) -> np.ndarray:
    """The fusion mask if there is no file: float32 [size, size], 1 inside, falling to 0 at an ellipse's edge."""
    inside = np.zeros((size, size), np.uint8)
    cv2.ellipse(inside, (size // 2, size // 2), (int(0.4 * size), int(0.49 * size)), 0, 0, 360, (1,), thickness=-1)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.minimum(distance / (0.15 * size), 1).astype(np.float32)


def mask_from_image(grey: np.ndarray, size: int = CROP_SIZE) -> np.ndarray:
    """A mask file as fusion mask: uint8 [h, w] of any size, 255 = head graph -> float32 [size, size], 0 - 1."""
    return cv2.resize(grey, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def blend_head(image: np.ndarray, head: np.ndarray, inverse: np.ndarray, mask: np.ndarray) -> None:
    """Put a translated head back: image = mask · head + (1 - mask) · image, in place, only where the crop lies.

    image: uint8 [H, W, 3].
    head: uint8 [size, size, 3].
    inverse: crop to image [2, 3].
    mask: float32 [size, size], 0 - 1.
    """
    height, width = image.shape[:2]
    size = head.shape[0]
    corners = np.array([[-1, -1, 1], [size, -1, 1], [-1, size, 1], [size, size, 1]]).dot(inverse.T)
    left, top = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, (width, height))
    right, bottom = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 1, 0, (width, height))
    if right <= left or bottom <= top:
        return
    local = inverse.copy()
    local[:, 2] -= (left, top)
    extent = (int(right - left), int(bottom - top))
    # The head's edge is continued: black beyond it would darken a mask that reaches the edge.
    head = cv2.warpAffine(head, local, extent, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    weight = cv2.warpAffine(mask, local, extent)[:, :, None]
    region = image[top:bottom, left:right]
    region[...] = np.rint(region + weight * (head - region))
