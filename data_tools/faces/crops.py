"""Aligned faces of one image and what is known of them: the lines of the manifest of data_tools.align_faces."""
import math
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import cv2
import numpy as np

from dctnet.face import alignment, measures
from dctnet.face.detector import Face
from dctnet.face.measures import openness

BY_HAND = 'hand'
NO_FACE, TOO_SMALL, TOO_BLURRED, TOO_MUCH_OUTSIDE = 'no face', 'too small', 'too blurred', 'too much outside'


class Settings(NamedTuple):
    """What decides the results.

    size: side of the crops in pixels.
    border: one of alignment.BORDERS.
    faces: 'all' or 'largest' of an image.
    min_size: width of a face's box in pixels; narrower ones are rejected. 0: none is.
    max_blur: measures.blur of a face; more blurred ones are rejected. 0: none is.
    max_outside: share of a crop outside of its image, 0 - 1; faces with more are rejected. 0: none is.
    detect_pixels: area of the copy in which faces are searched.
    detector: 'hog', 'cnn' or 'cascade'.
    cascade: which one (box_detectors.cascade_identity), for the detector 'cascade' alone.
    """
    size: int
    border: str
    faces: str
    min_size: float
    max_blur: float
    max_outside: float
    detect_pixels: int
    detector: str
    cascade: Optional[str]


class MarkedFace(NamedTuple):
    """A face in pixels of its image.

    found_by: 'hand' or the detector, which says what its score means.
    box: left, top, right, bottom.
    score: None for a face that was marked by hand.
    points: float64 [5, 2].
    landmarks: float64 [68, 2], or None if only five points are known.
    """
    found_by: str
    box: Tuple[float, ...]
    score: Optional[float]
    points: np.ndarray
    landmarks: Optional[np.ndarray]


class AlignedFace(NamedTuple):
    """crop: uint8 [size, size, 3] BGR. record: its fields of the manifest; 'rejected' is None or the reason."""
    crop: np.ndarray
    record: Dict[str, Any]


def of_detector(image: np.ndarray, face: Face, detector: str) -> MarkedFace:
    """A face of the detector of this name, its pupils searched in the image."""
    return MarkedFace(detector, face.box, face.score, alignment.five_points(image, face.landmarks), face.landmarks)


def of_hand(image: np.ndarray, marks: np.ndarray) -> MarkedFace:
    """A face marked by hand with 5 or 68 points. Its box is the middle half of the crop, about as a detector's is."""
    landmarks = marks if len(marks) == 68 else None
    points = marks if landmarks is None else alignment.five_points(image, marks)
    inverse = alignment.crop_to_image(points, 2)
    x, y = inverse.dot((0.5, 0.5, 1))
    half = math.hypot(inverse[0, 0], inverse[1, 0]) / 2
    return MarkedFace(BY_HAND, (x - half, y - half, x + half, y + half), None, points, landmarks)


def align(image: np.ndarray, faces: List[MarkedFace], settings: Settings) -> List[AlignedFace]:
    """Crops and records of the faces of an image, uint8 [H, W, 3] BGR, in the given order; of the largest one alone if
    the settings say so."""
    if settings.faces == 'largest':
        faces = sorted(faces, key=lambda face: face.box[0] - face.box[2])[:1]
    return [_align_one(image, face, settings) for face in faces]


def _align_one(image: np.ndarray, face: MarkedFace, settings: Settings) -> AlignedFace:
    inverse = alignment.crop_to_image(face.points, settings.size)
    to_crop = cv2.invertAffineTransform(inverse)
    record: Dict[str, Any] = {
        'rejected': None,
        'found_by': face.found_by,
        'box': _rounded(face.box),
        'score': face.score if face.score is None else round(face.score, 4),
        'face_size': round(face.box[2] - face.box[0], 2),
        'points': _rounded(face.points),
        'landmarks': None if face.landmarks is None else _rounded(
            face.landmarks.dot(to_crop[:, :2].T) + to_crop[:, 2]),
        'landmarks_source': None if face.landmarks is None else _rounded(face.landmarks),
        'pose': {name: round(angle, 1) for name, angle in measures.pose(face.points)._asdict().items()},
        'blur': round(measures.blur(image, face.points), 3),
        'openness': _openness(face.landmarks),
        'outside': round(measures.outside_share(image.shape, inverse, settings.size), 4),
    }
    limits = ((TOO_SMALL, settings.min_size, settings.min_size - record['face_size']),
              (TOO_MUCH_OUTSIDE, settings.max_outside, record['outside'] - settings.max_outside),
              (TOO_BLURRED, settings.max_blur, record['blur'] - settings.max_blur))
    record['rejected'] = next((reason for reason, limit, excess in limits if limit and excess > 0), None)
    return AlignedFace(alignment.smooth_crop(image, inverse, settings.size, settings.border), record)


def _openness(landmarks: Optional[np.ndarray]) -> Optional[List[float]]:
    values = np.full(3, np.nan) if landmarks is None else openness(landmarks)
    return np.round(values.astype(np.float64), 4).tolist() if np.isfinite(values).all() else None


def _rounded(values: Any) -> List[Any]:
    return np.round(np.asarray(values, np.float64), 2).tolist()
