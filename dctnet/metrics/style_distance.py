"""How far images are from style exemplars, in colour and in texture, and how an image looks by itself: clipped
pixels, sharpness. Needs no weights and no pairs; numpy and OpenCV only."""
from typing import Callable, Sequence

import cv2
import numpy as np

_QUANTILES = np.linspace(0.5, 99.5, 100)


def colour_distance(images: Sequence[np.ndarray], exemplars: Sequence[np.ndarray]) -> float:
    """Wasserstein-1 distance of the pixel values in CIE Lab, mean of L, a and b, in Lab units (0 = equal).

    images, exemplars: uint8 [H, W, 3] BGR, each set pooled over all its pixels.
    """
    return quantile_distance(colour_quantiles(images), colour_quantiles(exemplars))


def colour_quantiles(images: Sequence[np.ndarray]) -> np.ndarray:
    """[3, 100] quantiles of L, a and b of all pixels: what `colour_distance` needs to know of a set."""
    return _pooled_quantiles(images, _lab_values)


def quantile_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Wasserstein-1 distance of two sets of distributions on a line: the mean distance of their quantiles."""
    return float(np.abs(a - b).mean())


def texture_distance(images: Sequence[np.ndarray], exemplars: Sequence[np.ndarray]) -> float:
    """Wasserstein-1 distance of the gradient magnitudes of lightness at full, half and quarter size, mean of the
    three, in units of L a pixel (0 = equal). Takes what `colour_distance` takes, of about the same scale."""
    return quantile_distance(*[_pooled_quantiles(side, _gradient_values) for side in (images, exemplars)])


def _pooled_quantiles(images: Sequence[np.ndarray], values: Callable[[np.ndarray], Sequence[np.ndarray]],
                      ) -> np.ndarray:
    pooled = [np.concatenate(parts) for parts in zip(*[values(image) for image in images])]
    return np.stack([np.percentile(part, _QUANTILES) for part in pooled])


def _lab(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)


def _lab_values(image: np.ndarray) -> Sequence[np.ndarray]:
    return list(_lab(image).reshape(-1, 3).T)


def _gradient_values(image: np.ndarray) -> Sequence[np.ndarray]:
    lightness, values = _lab(image)[:, :, 0], []
    for _ in range(3):
        dx = np.diff(lightness, axis=1)[:-1]
        dy = np.diff(lightness, axis=0)[:, :-1]
        values.append(np.hypot(dx, dy).ravel())
        lightness = cv2.pyrDown(lightness)
    return values


def saturation(image: np.ndarray) -> float:
    """Share of the pixels, 0 - 1, that are black or white in all channels, of uint8 [..., 3]."""
    return float(((image <= 2) | (image >= 253)).all(axis=-1).mean())


def sharpness(image: np.ndarray) -> float:
    """Variance of the Laplacian over the variance of the grey values of uint8 [H, W, 3] BGR: contrast does not count,
    noise does. Compare images of one size only."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float64)
    return float(cv2.Laplacian(grey, cv2.CV_64F).var() / max(grey.var(), 1.0))
