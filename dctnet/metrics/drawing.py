"""What tells a drawing from a photograph, an image at a time: texture, ink and colours as a few numbers each. Needs no
weights and no pairs. Images that are compared have one size: the numbers are of pixels."""
from typing import Dict

import cv2
import numpy as np

_LEVELS = 4  # of the band-pass pyramid: details of about 2, 4, 8 and 16 px
_FAINT = 0.2  # of L: contrast that nobody sees and that rounding to uint8 makes
_PERCENTILES = (5, 25, 50, 75, 95)
_LINE = 1 / 32  # of the side: a dark line is thinner (8 px at 256 px)
_DARKER, _DARK = 12, 55  # in L: by how much a line is darker than what it lies on, and its lightness at most
_EDGES = (3, 8)  # in L a pixel: the slopes of a weak and of a strong edge

Statistics = Dict[str, np.ndarray]  # part -> a vector


def drawing_statistics(image: np.ndarray) -> Statistics:
    """Of a uint8 [H, W, 3] BGR image, 32 px or more each way:

    texture [11]: log of the contrast of L in four octaves and of the hues (a, b) in the coarser three (JPEG takes the
        finest away), and how evenly that of L is spread over the image: 0.8 for grain everywhere, towards 0 if most is
        flat and some edges hold all of it.
    ink [3]: roots of the shares of pixels in dark thin lines, on weak and on strong edges.
    colour [15]: percentiles of L, a and b.
    chroma [6]: mean and percentiles of the chroma of Lab: how saturated.
    """
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
    return {'texture': _texture(lab), 'ink': _ink(lab[:, :, 0]), 'chroma': _chroma(lab),
            'colour': np.percentile(lab, _PERCENTILES, axis=(0, 1)).ravel().astype(np.float64)}


def _texture(lab: np.ndarray) -> np.ndarray:
    lights, hues, evenness = [], [], []
    for _ in range(_LEVELS):
        smaller = cv2.pyrDown(lab)
        band = lab - cv2.pyrUp(smaller, dstsize=lab.shape[1::-1])
        lights.append(np.sqrt(np.mean(np.square(band[:, :, 0]))) + _FAINT)
        hues.append(np.sqrt(np.mean(np.square(band[:, :, 1:]))) + _FAINT)
        evenness.append(np.mean(np.abs(band[:, :, 0])) / lights[-1])
        lab = smaller
    return np.concatenate([np.log(lights), np.log(hues[1:]), evenness])


def _ink(lightness: np.ndarray) -> np.ndarray:
    side = max(3, int(round(min(lightness.shape) * _LINE)) | 1)
    filled = cv2.morphologyEx(lightness, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    lines = (filled - lightness > _DARKER) & (lightness < _DARK)
    smooth = cv2.GaussianBlur(lightness, (0, 0), 0.7)
    slope = np.hypot(*[cv2.Sobel(smooth, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1))])
    return np.sqrt([lines.mean()] + [(slope > least).mean() for least in _EDGES])


def _chroma(lab: np.ndarray) -> np.ndarray:
    chroma = np.hypot(lab[:, :, 1], lab[:, :, 2])
    return np.array([chroma.mean()] + list(np.percentile(chroma, _PERCENTILES)), np.float64)
