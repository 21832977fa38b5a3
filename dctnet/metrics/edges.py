"""How much of a photograph's drawing a translation keeps: the agreement of their edges. Needs no weights."""
import cv2
import numpy as np

from dctnet import images

SIDE, TOLERANCE = 256, 2
# One line of a report; edge_agreement says how it is computed.
MEASURE = 'F-score in [0, 1] of the edges of two uint8 BGR pictures at 256 x 256 px; 1 = the same edges.'
_SIGMA = 1.5
_STRONG, _WEAK = 92, 80  # percentiles of the gradient: the same share of both images, whatever the style's contrast


def edge_agreement(photo: np.ndarray, result: np.ndarray) -> float:
    """F-score in [0, 1] of the edges of two uint8 BGR images at 256 x 256 px; 1 = the same edges.

    Precision is the share of the result's edge pixels within 2 px of an edge of the photo, recall the share of the
    photo's within 2 px of one of the result; the score is their harmonic mean. Edges are Canny's on lightness.
    """
    sides = [_edges(image) for image in (result, photo)]
    if not all(edges.any() for edges in sides):
        return float(sides[0].any() == sides[1].any())
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * TOLERANCE + 1,) * 2)
    precision, recall = [cv2.dilate(other.astype(np.uint8), near)[edges].mean()
                         for edges, other in (sides, sides[::-1])]
    return float(2 * precision * recall / max(precision + recall, 1e-9))


def _edges(image: np.ndarray) -> np.ndarray:
    """bool [256, 256]"""
    lightness = cv2.cvtColor(images.square(image, SIDE).astype(np.float32) / 255, cv2.COLOR_BGR2LAB)[:, :, 0]
    smooth = cv2.GaussianBlur(lightness, (0, 0), _SIGMA)
    # Canny takes whole numbers: 100 L spread over a good part of 16 bits.
    dx, dy = [np.rint(64 * cv2.Sobel(smooth, cv2.CV_32F, *order)).astype(np.int16) for order in ((1, 0), (0, 1))]
    magnitude = np.hypot(dx.astype(np.float32), dy)
    weak, strong = np.percentile(magnitude, [_WEAK, _STRONG])
    return cv2.Canny(dx, dy, max(weak, 1.0), max(strong, 1.0), L2gradient=True) > 0
