"""How far eyes and mouth stand open, from 68 landmarks: the α of the facial perception loss (RECIPE.md, TTN)."""
import numpy as np

# Corner, upper lid or lip from that corner on, other corner, lower one back: the 300-W order of each. Left and right
# are the person's own: the left eye is on the right of an unmirrored picture.
_LEFT_EYE = (42, (43, 44), 45, (47, 46))
_RIGHT_EYE = (36, (37, 38), 39, (41, 40))
_INNER_LIPS = (60, (61, 62, 63), 64, (67, 66, 65))


def openness(landmarks: np.ndarray) -> np.ndarray:
    """Height / width of left eye, right eye and mouth (inner lips), float32 [3], from landmarks [68, 2].

    In portraits eyes have about 0.2 to 0.4, shut lips 0 and laughing ones 0.3. The width goes from corner to corner,
    the height is the mean distance between the lids across that line: a turned or resized face keeps its numbers. NaN
    where two corners coincide.
    """
    return np.array([_height_by_width(landmarks, *part) for part in (_LEFT_EYE, _RIGHT_EYE, _INNER_LIPS)], np.float32)


def mirrored(values: np.ndarray) -> np.ndarray:
    """The openness [3] of the mirrored picture, in which the left eye looks like a right one."""
    return values[[1, 0, 2]]


def _height_by_width(landmarks: np.ndarray, start: int, upper: tuple, end: int, lower: tuple) -> float:
    along = landmarks[end] - landmarks[start]
    width = np.hypot(*along)
    if width == 0:
        return np.nan
    gap = (landmarks[list(lower)] - landmarks[list(upper)]).mean(axis=0)
    return abs(along[0] * gap[1] - along[1] * gap[0]) / width ** 2
