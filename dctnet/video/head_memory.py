"""Heads of a frame blended with those of the frame before, where the photographs of both show the same."""
from typing import Dict, NamedTuple

import cv2
import numpy as np

from dctnet.inference.fusion import Head

_SAME = 8.0  # grey levels by which the photographs of the same thing may differ
_GRAIN = 5  # pixels over which noise is averaged before they are compared
_MOST = 50  # faces that are remembered, half a megabyte each


class _Former(NamedTuple):
    crop: np.ndarray
    translated: np.ndarray


class HeadMemory:
    """Keeps the last head of each face of a clip. Crops follow the face, so that its parts lie at the same pixels."""

    def __init__(self) -> None:
        self._former: Dict[int, _Former] = {}

    def settle(self, head: Head, crop: np.ndarray, translated: np.ndarray) -> np.ndarray:
        """What is shown: half of this frame's head and half of the last one's where the face has not changed, this
        frame's where it has.

        crop, translated: the head's photograph and its translation, uint8 [288, 288, 3].
        """
        former = self._former.get(head.number)
        self._former[head.number] = _Former(crop, translated)
        while len(self._former) > _MOST:
            self._former.pop(min(self._former))  # numbers rise: the face that came first
        if former is None:
            return translated
        difference = cv2.blur(crop.astype(np.float32) - former.crop, (_GRAIN, _GRAIN))
        same = np.exp(-np.square(difference / _SAME).sum(axis=2, keepdims=True))
        shown = translated + 0.5 * same * (former.translated.astype(np.float32) - translated)
        return np.rint(shown).astype(np.uint8)
