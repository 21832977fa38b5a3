"""What one generated face looks like in numbers: a face or not, how sure its landmarks are, sharpness, and a hash."""
import contextlib
import queue
from typing import Any, Dict, Iterator

import cv2
import numpy as np

from dctnet import images
from dctnet.face.box_finders import HogFinder
from dctnet.face.detector import Face, FaceDetector
from dctnet.metrics.appearance import sharpness

# Faces are searched in copies of one size, so that scores of all pictures mean the same. Aligned faces fill half of the
# picture: at 512 px they are far larger than the detector's window, and a whole pixel of a landmark is small.
_SIDE = 512
# Candidates far below the detector's usual limit count: a stylised face that it is unsure of still gets a score.
_MIN_SCORE = -0.5
_SHIFTS = tuple((dx, dy, 1.0) for dx in (-0.05, 0.0, 0.05) for dy in (-0.05, 0.0, 0.05)) + (
    (0.0, 0.0, 0.92), (0.0, 0.0, 1.08))  # of the box: x and y in its widths, scale
_HASH_SIDE, _HASH_COPY = 16, 64
HASH_BITS = _HASH_SIDE ** 2

_idle: queue.LifoQueue = queue.LifoQueue()  # detectors: one serves one picture at a time, and is slow to make


def look(picture: np.ndarray) -> Dict[str, Any]:
    """face_score, landmark_spread (both None without a candidate), sharpness and hash of a picture.

    picture: uint8 [H, W, 3] BGR, an aligned face.
    """
    copy = images.square(picture, _SIDE)
    score, spread = None, None
    with face_detector() as detector:
        faces = detector.detect(copy)
        if faces:
            face = max(faces, key=lambda candidate: candidate.score)
            score, spread = round(face.score, 4), round(landmark_spread(detector, copy, face), 5)
    return {'face_score': score, 'landmark_spread': spread, 'sharpness': round(sharpness(picture), 6),
            'hash': perceptual_hash(picture)}


@contextlib.contextmanager
def face_detector() -> Iterator[FaceDetector]:
    """A detector for pictures of 512 px that nobody else uses meanwhile."""
    try:
        detector = _idle.get_nowait()
    except queue.Empty:
        detector = FaceDetector(_SIDE * _SIDE, HogFinder(_MIN_SCORE))
    try:
        yield detector
    finally:
        _idle.put(detector)


def landmark_spread(detector: FaceDetector, picture: np.ndarray, face: Face) -> float:
    """How much the landmarks depend on where exactly the face's box is: their mean distance from their mean place when
    the box is shifted and scaled a little, in widths of the box. Photographs have about 0.003, anime faces 0.015,
    warped or upside-down faces 0.02 to 0.05.

    dlib's predictor tells no confidence of its own; landmarks that the picture does not hold in place follow the box.
    """
    left, top, right, bottom = face.box
    x, y, side = (left + right) / 2, (top + bottom) / 2, face.size
    marks = []
    for dx, dy, scale in _SHIFTS:
        middle, half = (x + dx * side, y + dy * side), scale * side / 2
        marks.append(detector.landmarks(picture, (middle[0] - half, middle[1] - half, middle[0] + half,
                                                  middle[1] + half)))
    apart = np.stack(marks) - np.mean(marks, axis=0)
    return float(np.hypot(apart[..., 0], apart[..., 1]).mean() / side)


def perceptual_hash(picture: np.ndarray) -> str:
    """256 bits in hexadecimal: which of the lowest cosine coefficients are above their median. Nearly equal pictures
    differ in few of them."""
    grey = cv2.cvtColor(images.square(picture, _HASH_COPY), cv2.COLOR_BGR2GRAY).astype(np.float32)
    low = cv2.dct(grey)[:_HASH_SIDE, :_HASH_SIDE].ravel()
    low[0] = 0.0  # the brightness
    return np.packbits(low > np.median(low)).tobytes().hex()


def hash_bits(text: str) -> np.ndarray:
    """A hash as int8 [256] of -1 and 1: two of them differ in (256 - their product) / 2 bits."""
    return np.unpackbits(np.frombuffer(bytes.fromhex(text), np.uint8)).astype(np.int8) * 2 - 1
