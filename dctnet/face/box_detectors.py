"""Boxes of the faces in an image: dlib's HOG detector, dlib's CNN detector, and OpenCV's cascades.

Each detector is called with an image, uint8 [H, W, 3] RGB, and gives its boxes with scores, which mean something else
for each. Safe to call from several threads: HOG and cascades run side by side, since they leave Python's lock, while
dlib's CNN keeps it, so that its calls wait for each other.
"""
import contextlib
from pathlib import Path
from typing import Any, Callable, Iterator, List, NamedTuple, Tuple

import cv2
import cv2.data
import dlib
import numpy as np

from dctnet.errors import UserError
from dctnet.face.installed_models import CNN_DETECTOR, installed_model
from dctnet.files.hashing import sha256_of_file

# dlib's own limit of 0 lets patches of clothes and backgrounds through (up to 0.19 on scikit-image's photos); portraits
# reach 0.3 to 3, faces with a third cut off by the border 0.7, with half of them cut off 0.3.
_MIN_HOG_SCORE = 0.25
# The network fails on images smaller than its filters, and sees no face that fills such a small one.
_MIN_CNN_SIDE = 64
DEFAULT_CASCADE = 'haarcascade_frontalface_alt2.xml'
# A cascade's window of about 20 px finds patterns in any texture; faces are looked for from the size on at which the
# other two see them.
_MIN_CASCADE_WIDTH, _MIN_NEIGHBOURS, _CASCADE_STEP = 60, 4, 1.1


class DetectedBox(NamedTuple):
    """box: left, top, right, bottom in whole pixels, all inside the face. score: higher is surer."""
    box: Tuple[int, int, int, int]
    score: float


BoxDetector = Callable[[np.ndarray], List[DetectedBox]]


class HogDetector:
    """dlib's detector of frontal faces, at least about 75 px wide. Its scores begin at min_score and reach about 3."""

    def __init__(self, min_score: float = _MIN_HOG_SCORE) -> None:
        self._min_score = min_score
        self._detectors = DetectorPool(dlib.get_frontal_face_detector)

    def __call__(self, rgb: np.ndarray) -> List[DetectedBox]:
        """The faces of an image."""
        with self._detectors.borrow() as detector:
            boxes, scores, _ = detector.run(rgb, 0, self._min_score)
        return [DetectedBox(_corners(box), score) for box, score in zip(boxes, scores)]


class CnnDetector:
    """dlib's detector of faces by a convolutional network, at least about 75 px wide, covered on one side or turned too
    (but landmarks of faces that are turned by more than 30 degrees are wrong). Scores begin at 0 and reach about 1.1.
    On a CPU it takes dozens of times as long as HOG, and 1 GB a megapixel.

    Raises UserError if the network is not installed.
    """

    def __init__(self) -> None:
        path = str(installed_model(CNN_DETECTOR))
        self._detectors = DetectorPool(lambda: dlib.cnn_face_detection_model_v1(path))

    def __call__(self, rgb: np.ndarray) -> List[DetectedBox]:
        """The faces of an image."""
        if min(rgb.shape[:2]) < _MIN_CNN_SIDE:
            return []
        with self._detectors.borrow() as detector:
            detections = detector(rgb, 0)
        return [DetectedBox(_corners(each.rect), each.confidence) for each in detections]


class CascadeDetector:
    """A cascade of OpenCV, Haar or LBP, for whatever it was trained on. Score: how many windows agree on a face.

    Raises UserError if the file is no cascade, or this OpenCV has none (5 and later).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cascades = DetectorPool(self._load)

    def __call__(self, rgb: np.ndarray) -> List[DetectedBox]:
        """The faces of an image."""
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        with self._cascades.borrow() as cascade:
            boxes, counts = cascade.detectMultiScale2(grey, _CASCADE_STEP, _MIN_NEIGHBOURS,
                                                      minSize=(_MIN_CASCADE_WIDTH, _MIN_CASCADE_WIDTH))
        return [DetectedBox((int(x), int(y), int(x + width - 1), int(y + height - 1)), float(count))
                for (x, y, width, height), count in zip(boxes, np.ravel(counts))]

    def _load(self) -> Any:
        if not hasattr(cv2, 'CascadeClassifier'):
            raise UserError(f'OpenCV {cv2.__version__} has no cascades any more: install opencv-python<5, or choose '
                            'another detector')
        cascade = cv2.CascadeClassifier()
        try:
            loaded = cascade.load(str(self._path))
        except cv2.error:
            loaded = False
        if not loaded or cascade.empty():
            raise UserError(f'{self._path} is no cascade that OpenCV can read: name an XML file of a trained cascade')
        return cascade


def cascade_file(name: str) -> Path:
    """A cascade's file: a path, or the name of one that comes with OpenCV. Raises UserError if there is neither."""
    shipped = Path(cv2.data.haarcascades)
    for path in (Path(name), shipped / name):
        if path.is_file():
            return path
    raise UserError('there is no cascade {}: name an XML file, or one that comes with OpenCV ({})'.format(
        name, ', '.join(sorted(path.name for path in shipped.glob('*face*.xml') if 'cat' not in path.name))))


def cascade_identity(path: Path) -> str:
    """What tells a cascade from others, wherever it lies."""
    return f'{path.name} ({sha256_of_file(path)[:16]})'


class DetectorPool:
    """Detectors that write into buffers of their own, so that one serves one call at a time: each call borrows an idle
    one. Another is built only while all are busy, since that takes longer than a call."""

    def __init__(self, build: Callable[[], Any]) -> None:
        self._build, self._idle = build, [build()]

    @contextlib.contextmanager
    def borrow(self) -> Iterator[Any]:
        """An idle detector, for the length of a with block."""
        try:
            detector = self._idle.pop()
        except IndexError:
            detector = self._build()
        try:
            yield detector
        finally:
            self._idle.append(detector)


def _corners(box: dlib.rectangle) -> Tuple[int, int, int, int]:
    return box.left(), box.top(), box.right(), box.bottom()
