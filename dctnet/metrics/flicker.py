"""Flicker of a clip: how much each frame differs from the one before, carried by the motion.

What moves with the picture is no flicker, nor is a change of the light on all of it.
"""
from typing import Any, Optional, Tuple

import cv2
import numpy as np

_CONSISTENT = 1.0  # pixels that going and coming back may differ by


def change(former: np.ndarray, now: np.ndarray, origins: np.ndarray, weight: np.ndarray) -> Optional[float]:
    """Mean absolute difference in grey levels (0 - 255), or None if no pixel counts.

    former, now: successive frames, uint8 [H, W, 3] BGR.
    origins: where each pixel of now was in former, (x, y), float32 [H, W, 2].
    weight: how much each pixel counts, float32 [H, W], at least 0; those that come from outside count nothing.
    """
    weight = weight * inside(origins)
    total = float(weight.sum())
    if total <= 0:
        return None
    moved = cv2.remap(former, origins[:, :, 0], origins[:, :, 1], cv2.INTER_LINEAR).astype(np.float32)
    now = now.astype(np.float32)
    brightness = [float((image.mean(axis=2) * weight).sum()) for image in (moved, now)]
    difference = np.abs(now - moved * (brightness[1] / max(brightness[0], 1e-6))).mean(axis=2)
    return float((difference * weight).sum()) / total


def inside(origins: np.ndarray) -> np.ndarray:
    """1 for pixels that come from inside the former frame, else 0: float32 [H, W]."""
    height, width = origins.shape[:2]
    x, y = origins[:, :, 0], origins[:, :, 1]
    return ((x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)).astype(np.float32)


def motion(former: np.ndarray, now: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """The motion between two frames of a photographed clip, uint8 [H, W, 3] BGR, by optical flow (DIS): origins as for
    `change`, and where they can be trusted, float32 [H, W], 0 or 1."""
    greys = [cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) for image in (now, former)]
    method: Any = getattr(cv2, 'DISOpticalFlow_create')(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    back, forth = method.calc(greys[0], greys[1], None), method.calc(greys[1], greys[0], None)
    height, width = greys[0].shape
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    origins = np.dstack([columns, rows]) + back
    returned = cv2.remap(forth, origins[:, :, 0], origins[:, :, 1], cv2.INTER_LINEAR) + back
    return origins, (np.hypot(returned[:, :, 0], returned[:, :, 1]) < _CONSISTENT).astype(np.float32)
