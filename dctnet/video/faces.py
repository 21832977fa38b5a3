"""What one frame of a clip shows of faces, before anything is known of its neighbours."""
from typing import List, NamedTuple, Tuple

import numpy as np

from dctnet.face.box_detectors import HogDetector
from dctnet.face.detector import Face, FaceDetector
from dctnet.face.landmarks import LEFT_EYE, MOUTH_LEFT, MOUTH_RIGHT, NOSE_TIP, RIGHT_EYE

# A face that has been followed up to here may look uncertain for a while; one that is new may not.
_LOWEST_SCORE = 0.0
SURE_SCORE = 0.25


class Sighting(NamedTuple):
    """A face on one frame, in its pixels.

    box: left, top, right, bottom.
    score: of the HOG detector.
    points: float64 [5, 2], in the order of `face.alignment`.
    """
    box: Tuple[float, float, float, float]
    score: float
    points: np.ndarray


def steady_detector() -> FaceDetector:
    """The detector for clips: steady landmarks, and also faces that only a known one can be."""
    return FaceDetector(detect_boxes=HogDetector(_LOWEST_SCORE), steady=True)


def sightings(detector: FaceDetector, frame: np.ndarray) -> List[Sighting]:
    """The faces of a frame, uint8 [H, W, 3] BGR, largest first."""
    return [Sighting(face.box, face.score, five_points(face)) for face in detector.detect(frame)]


def five_points(face: Face) -> np.ndarray:
    """The middles of the eyes instead of the pupils: they do not follow the gaze, and move less by chance."""
    marks = face.landmarks
    return np.array([marks[RIGHT_EYE].mean(axis=0), marks[LEFT_EYE].mean(axis=0), marks[NOSE_TIP], marks[MOUTH_RIGHT],
                     marks[MOUTH_LEFT]])
