"""A comic drawing of a photograph by classical filters, the style of `make demo`: bold ink lines around flat areas."""
import cv2
import numpy as np

_INK = np.array([48, 18, 28], np.float32)  # BGR
_TONES = 3  # of lightness, night to sand
_SOFTNESS = 1.0  # of all edges, deviation in pixels
_CHROMA = 1.8  # times the photograph's


def comic_drawing(image: np.ndarray) -> np.ndarray:
    """Draw a uint8 [H, W, 3] BGR image; the same shape. Lines are 2 to 5 pixels wide whatever its size."""
    lab = cv2.cvtColor(cv2.pyrMeanShiftFiltering(image, 12, 35), cv2.COLOR_BGR2LAB).astype(np.float32)  # 0-255 each
    tone = np.clip(np.floor(lab[:, :, :1] / 255 * _TONES) / (_TONES - 1), 0, 1)
    flat = np.concatenate([50 + 200 * tone, 128 + _CHROMA * (lab[:, :, 1:] - 128)], axis=2)
    colours = cv2.cvtColor(np.clip(flat, 0, 255).astype(np.uint8), cv2.COLOR_LAB2BGR)
    ink = _ink(image)[:, :, None]
    drawing = colours * (1 - ink) + _INK * ink
    # No edge is sharper than those of a photograph: a translation is as smooth as the guided filter leaves it.
    return np.rint(cv2.GaussianBlur(drawing, (0, 0), _SOFTNESS)).astype(np.uint8)


def _ink(image: np.ndarray) -> np.ndarray:
    """How much ink lies on each pixel, 0 - 1 [H, W]: along steep edges, and where it is darker than around."""
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
    for _ in range(2):
        lab = cv2.bilateralFilter(lab, 7, 12, 2.5)
    smooth = cv2.GaussianBlur(lab, (0, 0), 1.2)
    slopes = [cv2.Sobel(smooth, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1))]
    steep = np.sqrt(np.square(slopes).sum(axis=(0, 3)))  # in Lab a pixel
    lightness = cv2.GaussianBlur(lab[:, :, 0], (0, 0), 0.8)
    darker = cv2.GaussianBlur(lightness, (0, 0), 3) - lightness
    return np.clip(np.maximum((steep - 5) / 2.5, (darker - 5) / 3), 0, 1)
