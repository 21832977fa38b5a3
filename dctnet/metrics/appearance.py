"""Properties of a picture that need no weights and no other picture: what is clipped, and how sharp it is."""
import cv2
import numpy as np


def saturation(picture: np.ndarray) -> float:
    """Share of the pixels, 0 - 1, that are black or white in all channels, of uint8 [..., 3]."""
    return float(((picture <= 2) | (picture >= 253)).all(axis=-1).mean())


def sharpness(picture: np.ndarray) -> float:
    """Variance of the Laplacian over the variance of the grey values of uint8 [H, W, 3] BGR: contrast does not count,
    noise does. Compare pictures of one size only."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float64)
    return float(cv2.Laplacian(grey, cv2.CV_64F).var() / max(grey.var(), 1.0))
