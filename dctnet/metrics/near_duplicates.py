"""Images that are nearly the same: a perceptual hash of 256 bits, and the search for hashes that differ in few."""
from typing import List, Optional

import cv2
import numpy as np

from dctnet import images

_HASH_SIDE, _HASH_COPY = 16, 64
HASH_BITS = _HASH_SIDE ** 2


def perceptual_hash(image: np.ndarray) -> str:
    """256 bits in hexadecimal: which of the lowest cosine coefficients are above their median. Nearly equal images
    differ in few of them."""
    grey = cv2.cvtColor(images.square(image, _HASH_COPY), cv2.COLOR_BGR2GRAY).astype(np.float32)
    low = cv2.dct(grey)[:_HASH_SIDE, :_HASH_SIDE].ravel()
    low[0] = 0.0  # the brightness
    return np.packbits(low > np.median(low)).tobytes().hex()


class NearDuplicates:
    """The images seen so far, by name and hash. bits: images whose hashes differ in at most so many are nearly the
    same."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self.names: List[str] = []
        self._matrix = np.zeros((256, HASH_BITS), np.float32)

    def near(self, text: str) -> Optional[str]:
        """The first image added that is nearly the same as the one with this hash, or None."""
        # -1 and 1 as floats: the product is exact, and quicker than counting bits.
        differing = (HASH_BITS - self._matrix[:len(self.names)].dot(_signs(text).astype(np.float32))) / 2
        near = np.nonzero(differing <= self._bits)[0]
        return self.names[near[0]] if len(near) else None

    def add(self, name: str, text: str) -> None:
        """Remember an image."""
        if len(self.names) == len(self._matrix):
            self._matrix = np.concatenate([self._matrix, np.zeros_like(self._matrix)])
        self._matrix[len(self.names)] = _signs(text)
        self.names.append(name)


def _signs(text: str) -> np.ndarray:
    """A hash as int8 [256] of -1 and 1: two of them differ in (256 - their product) / 2 bits."""
    return np.unpackbits(np.frombuffer(bytes.fromhex(text), np.uint8)).astype(np.int8) * 2 - 1
