"""Faces of one image: boxes and scores of a detector of box_detectors, 68 landmarks by dlib's shape predictor.

Nothing is kept from one image to the next (docs/recipe.md, "Defects of the published code": a tracker that leaks).
"""
import math
from typing import Iterable, List, NamedTuple, Optional, Sequence, Tuple

import cv2
import dlib
import numpy as np

from dctnet.face.box_detectors import BoxDetector, HogDetector
from dctnet.face.installed_models import LANDMARKS, installed_model
from dctnet.face.landmarks import LEFT_EYE, RIGHT_EYE

# The detectors' windows are about 80 px wide, so the image's scale decides which faces they can see. A copy of constant
# area takes constant time (HOG: 0.05 - 0.1 s on a CPU core) and shows faces from about 1/15 of the image's side on.
DETECTION_PIXELS = 1000000
# Boxes around a box, in its widths and as a factor of its size: the predictor answers a little differently for each,
# and the mean moves half as much from one frame of a clip to the next (docs/video.md, "Steady").
_BOXES_AROUND = ((0, 0, 1), (.03, 0, 1), (-.03, 0, 1), (0, .03, 1), (0, -.03, 1), (0, 0, 1.05), (0, 0, .95))
# Enlarging more adds no detail to find a face by.
_MAX_ENLARGEMENT = 6.0


# Counterclockwise; scans lie on their side more often than they stand on their head.
_TURNS = (1, 3, 2)
_SURE_TURNED = 0.6  # HOG's score. What is no face reached -0.08 in turned pictures of scikit-image; portraits 1 to 3


class Face(NamedTuple):
    """One face, in pixels of the image that was given; (0, 0) is the centre of the top left pixel.

    box: left, top, right, bottom; may reach over the image's border.
    score: of the box detector; HOG's go from 0.25 (unsure) to about 3 unless it was told otherwise.
    landmarks: float64 [68, 2], x and y, in the usual order of the 300-W marks; may lie outside the image.
    """
    box: Tuple[float, float, float, float]
    score: float
    landmarks: np.ndarray

    @property
    def size(self) -> float:
        """Width of the box in pixels."""
        return self.box[2] - self.box[0]


class FaceDetector:
    """Finds faces. Loads 100 MB of landmarks model once; safe to call from several threads, which run side by side if
    those of the box detector do. Both attributes may be changed between calls.

    pixels: area of the copy that faces are searched in. Time grows with it, the smallest face that is found falls.
    detect_boxes: one of box_detectors; HOG if none is given.
    turning: if there is no face, the picture is searched turned by quarters, too: scans lie on their side. Only surer
        faces count then. Three more searches for a picture without faces.
    steady: landmarks are the mean of seven answers, with fractions of pixels, for clips. Alone they are whole pixels of
        the image or of its enlargement.
    Raises UserError if the landmarks model is not installed.
    """

    def __init__(self, pixels: int = DETECTION_PIXELS, detect_boxes: Optional[BoxDetector] = None,
                 steady: bool = False, turning: bool = False) -> None:
        self._turning = turning
        self._boxes = _BOXES_AROUND if steady else _BOXES_AROUND[:1]
        self.pixels = pixels
        self.detect_boxes = detect_boxes or HogDetector()
        # Constant once loaded, so shared freely.
        self._predictor = dlib.shape_predictor(str(installed_model(LANDMARKS)))

    def detect(self, image: np.ndarray) -> List[Face]:
        """All faces of an image, uint8 [H, W, 3] BGR of any size, largest first; an empty list if there is none."""
        faces = self._upright(image)
        for quarters in _TURNS if self._turning and not faces else ():
            found = self._upright(np.ascontiguousarray(np.rot90(image, quarters)))
            size = (image.shape[0], image.shape[1])
            faces = [_turned_back(face, quarters, size) for face in found if face.score > _SURE_TURNED]
            if faces:
                break
        return sorted(faces, key=lambda face: (-face.size, face.box))

    def _upright(self, image: np.ndarray) -> List[Face]:
        """The faces whose eyes are above their mouth.

        Boxes come from a copy of constant area; landmarks from that copy if it is an enlargement (dlib rounds them
        to whole pixels), else from the image itself at its full resolution.
        """
        height, width = image.shape[:2]
        factor = min(math.sqrt(self.pixels / float(width * height)), _MAX_ENLARGEMENT)
        copy = cv2.resize(image, (max(1, int(round(width * factor))), max(1, int(round(height * factor)))),
                          interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
        copy = cv2.cvtColor(copy, cv2.COLOR_BGR2RGB)
        detections = self.detect_boxes(copy)

        scale = np.array([width / copy.shape[1], height / copy.shape[0]])  # from the copy to the image
        fine = cv2.cvtColor(image, cv2.COLOR_BGR2RGB) if factor < 1 and detections else copy
        faces = []
        for box, score in detections:
            corners = _rescale(np.array(box, np.float64).reshape(2, 2), scale)
            if factor < 1:
                marks = self._marks(fine, corners.ravel())
            else:
                marks = _rescale(self._marks(fine, np.array(box, np.float64)), scale)
            left, top, right, bottom = corners.ravel().tolist()
            faces.append(Face((left, top, right, bottom), float(score), marks))
        return faces

    def _marks(self, rgb: np.ndarray, box: np.ndarray) -> np.ndarray:
        middle, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
        answers = []
        for right, down, size in self._boxes:
            moved = middle + 2 * half * (right, down)
            answers.append(predict_landmarks(self._predictor, rgb, _rectangle(
                np.concatenate([moved - half * size, moved + half * size]))))
        return np.mean(answers, axis=0)

    def landmarks(self, image: np.ndarray, box: Sequence[float]) -> np.ndarray:
        """The 68 landmarks, float64 [68, 2], that an image, uint8 [H, W, 3] BGR, shows for any box (left, top, right,
        bottom). Always an answer, whether there is a face or not; whole pixels."""
        return predict_landmarks(self._predictor, cv2.cvtColor(image, cv2.COLOR_BGR2RGB), _rectangle(box))


def quarters_turned(face: Face) -> int:
    """By how many quarters, counterclockwise, its picture must be turned to show this face upright: 0 to 3."""
    right, left = face.landmarks[RIGHT_EYE].mean(axis=0), face.landmarks[LEFT_EYE].mean(axis=0)  # the person's
    angle = math.atan2(left[1] - right[1], left[0] - right[0])
    return int(round(angle / (math.pi / 2))) % 4


def _turned_back(face: Face, quarters: int, size: Tuple[int, int]) -> Face:
    """A face of np.rot90(image, quarters) in the image itself, whose size is (height, width)."""
    corners = _turn_back(np.array(face.box).reshape(2, 2), quarters, size)
    left, top = corners.min(axis=0).tolist()
    right, bottom = corners.max(axis=0).tolist()
    return Face((left, top, right, bottom), face.score, _turn_back(face.landmarks, quarters, size))


def _turn_back(points: np.ndarray, quarters: int, size: Tuple[int, int]) -> np.ndarray:
    x, y = points[:, 0], points[:, 1]
    right, bottom = size[1] - 1, size[0] - 1
    return np.stack([(x, y), (right - y, x), (right - x, bottom - y), (y, bottom - x)][quarters], axis=1)


def _rectangle(box: Iterable[float]) -> dlib.rectangle:
    return dlib.rectangle(*(int(round(v)) for v in box))


def predict_landmarks(predictor: dlib.shape_predictor, rgb: np.ndarray, box: dlib.rectangle) -> np.ndarray:
    """float64 [68, 2] of a face in this box of an image, uint8 [H, W, 3] RGB; whole pixels."""
    shape = predictor(rgb, box)
    return np.array([[point.x, point.y] for point in shape.parts()], np.float64)


def _rescale(points: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Points of one image in a resized one; half a pixel because (0, 0) is the centre of a pixel, not its corner."""
    return (points + 0.5) * scale - 0.5
