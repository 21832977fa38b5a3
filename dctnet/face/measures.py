"""Numbers of a face: how the head is turned, how blurred it is, how much of it is there, how far eyes and mouth stand
open.

Images are uint8 [H, W, 3] BGR. Points are float64 [5, 2] in the order of `face.alignment`: pupils, nose, mouth.
"""
import math
from typing import NamedTuple, Tuple

import cv2
import numpy as np

from dctnet.face import alignment
from dctnet.face.landmarks import INNER_LIPS, LEFT_LIDS, RIGHT_LIDS

# The five points of an average adult's head in millimetres, x to the right of the image, y down, z to the camera:
# pupils 63 apart, mouth 50 wide and 68 below them, tip of the nose 42 below them and 28 in front.
HEAD = np.array([[-31.5, 0, 0], [31.5, 0, 0], [0, 42, 28], [-25, 68, 0], [25, 68, 0]])
_BLUR_SIZE = 256


class Pose(NamedTuple):
    """Degrees. yaw: the nose to the right of the upright face's image; pitch: the nose up; roll: clockwise."""
    yaw: float
    pitch: float
    roll: float


def pose(points: np.ndarray) -> Pose:
    """How a head is turned, from its five points.

    The rotation of an average head that, seen from far away (scaled orthography), lies closest to the points. Good to
    some 10 degrees: faces differ. Meaningless for drawings that no head could be.
    """
    head = HEAD - HEAD.mean(axis=0)
    affine = np.linalg.lstsq(head, points - points.mean(axis=0), rcond=None)[0].T  # [2, 3]
    u, _, v = np.linalg.svd(affine, full_matrices=False)
    across, down = u.dot(v)  # the closest two rows of a rotation
    toward = np.cross(across, down)  # its third: roll after yaw after pitch
    return Pose(yaw=math.degrees(math.asin(np.clip(-toward[0], -1, 1))),
                pitch=math.degrees(math.atan2(toward[1], toward[2])),
                roll=math.degrees(math.atan2(down[0], across[0])))


def blur(image: np.ndarray, points: np.ndarray) -> float:
    """How wide the finest details of a face are: the larger, the more blurred.

    The fourth root of var(grey) / var(Laplacian) on the face's middle, aligned at 256 px: a length in pixels of such a
    crop, so neither the image's size nor its contrast matters, and an enlarged small face counts as blurred.
    """
    inverse = alignment.crop_to_image(points, _BLUR_SIZE)
    crop = alignment.smooth_crop(image, inverse, _BLUR_SIZE, 'reflect')  # a white border would count as a sharp edge
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)[88:216, 64:192].astype(np.float64)  # eyes to chin
    return float((grey.var() / max(cv2.Laplacian(grey, cv2.CV_64F).var(), 1e-6)) ** 0.25)


def outside_share(shape: Tuple[int, ...], inverse: np.ndarray, size: int) -> float:
    """Share of an aligned crop's pixels, 0 - 1, that lie outside of an image of shape [H, W, ...].

    inverse: crop to image [2, 3], as `alignment.crop_to_image` gives it for `size`.
    """
    rows, columns = np.mgrid[:size, :size]
    x, y = np.tensordot(inverse[:, :2], np.stack([columns, rows]), 1) + inverse[:, 2, None, None]
    inside = (x >= -0.5) & (x <= shape[1] - 0.5) & (y >= -0.5) & (y <= shape[0] - 0.5)
    return float(1 - inside.mean())


def openness(landmarks: np.ndarray) -> np.ndarray:
    """Height / width of left eye, right eye and mouth (inner lips), float32 [3], from landmarks [68, 2]: the α of the
    facial perception loss (docs/recipe.md, "TTN").

    In portraits eyes have about 0.2 to 0.4, shut lips 0 and laughing ones 0.3. The width goes from corner to corner,
    the height is the mean distance between the lids across that line: a turned or resized face keeps its numbers. NaN
    if two corners coincide.
    """
    return np.array([_height_by_width(landmarks, *part) for part in (LEFT_LIDS, RIGHT_LIDS, INNER_LIPS)],
                    np.float32)


def mirrored(values: np.ndarray) -> np.ndarray:
    """The openness [3] of the mirrored image, in which the left eye looks like a right one."""
    return values[[1, 0, 2]]


def _height_by_width(landmarks: np.ndarray, start: int, upper: tuple, end: int, lower: tuple) -> float:
    along = landmarks[end] - landmarks[start]
    width = np.hypot(*along)
    if width == 0:
        return np.nan
    gap = (landmarks[list(lower)] - landmarks[list(upper)]).mean(axis=0)
    return abs(along[0] * gap[1] - along[1] * gap[0]) / width ** 2
