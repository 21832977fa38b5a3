"""Landmarks placed by hand, for images in which no detector finds a face.

A JSON file: {"image.png": [FACE, ...], ...}. FACE is a list of 5 or 68 points [x, y] in the image's pixels
(upright, as EXIF says). Five: the pupils, the tip of the nose, the corners of the mouth, each pair from left to right
as seen in the upright face. 68: the usual order of the 300-W marks.
"""
import json
import math
from pathlib import Path
from typing import Any, Collection, Dict, List

import numpy as np

from dctnet.errors import UserError
from dctnet.face.landmarks import LEFT_EYE, MOUTH_LEFT, MOUTH_RIGHT, RIGHT_EYE
from dctnet.files import json_file

_FEWEST_PIXELS, _LARGEST = 4, 1e6  # pixels


def read(path: Path, names: Collection[str]) -> Dict[str, List[np.ndarray]]:
    """Name of an image -> its faces, float64 [5, 2] or [68, 2] each.

    names: the images that there are. Raises UserError, naming the image and the face, if the file is missing or
    malformed, an image does not exist, or points cannot be a face.
    """
    content = json_file.read(Path(path), 'landmarks file')
    if not isinstance(content, dict):
        raise UserError(f'{path} must be an object {{"picture.png": [[[x, y], ...]]}}, not a {type(content).__name__}')
    unknown = sorted(set(content) - set(names))
    if unknown:
        raise UserError(f"{path} names {len(unknown)} pictures that are not in the folder ({', '.join(unknown[:5])}): "
                        'correct or remove them')
    return {name: _faces(faces, f'{path}: {name}') for name, faces in content.items()}


def _faces(faces: Any, where: str) -> List[np.ndarray]:
    if not isinstance(faces, list) or not faces:
        raise UserError(f'{where} must have a list of faces, each a list of points')
    return [_points(face, f'{where}, face {number}') for number, face in enumerate(faces, 1)]


def _points(face: Any, where: str) -> np.ndarray:
    if not isinstance(face, list) or len(face) not in (5, 68):
        raise UserError(f'{where} must be 5 or 68 points [x, y], not '
                        f'{(len(face) if isinstance(face, list) else json.dumps(face))}')
    for number, point in enumerate(face, 1):
        if not (isinstance(point, list) and len(point) == 2 and all(_is_number(value) for value in point)):
            raise UserError(f'{where}: point {number} must be two numbers [x, y], not {json.dumps(point)}')
    points = np.array(face, np.float64)
    right_eye, left_eye, mouth = _triangle(points)
    across, down = left_eye - right_eye, mouth - (left_eye + right_eye) / 2
    if min(math.hypot(*across), math.hypot(*down)) < _FEWEST_PIXELS:
        raise UserError(f'{where}: eyes and mouth lie less than {_FEWEST_PIXELS} pixels apart: points must be in '
                        'pixels of the picture')
    if across[0] * down[1] - across[1] * down[0] <= 0:
        raise UserError(f'{where}: left and right are exchanged: the first eye is the left one as seen in the upright '
                        'face')
    return points


def _triangle(points: np.ndarray) -> List[np.ndarray]:
    """Middles of the eyes, first the one on the left of an upright face, and of the mouth."""
    if len(points) == 5:
        return [points[0], points[1], points[3:].mean(axis=0)]
    return [points[RIGHT_EYE].mean(axis=0), points[LEFT_EYE].mean(axis=0),
            points[[MOUTH_RIGHT, MOUTH_LEFT]].mean(axis=0)]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _LARGEST
