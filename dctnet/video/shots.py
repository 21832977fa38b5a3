"""Where one shot ends and the next begins."""
import cv2
import numpy as np

_SIDE = 64  # pixels
# Grey levels. A photograph that fills the frame and moves fast reaches 8 from one frame to the next; 1 % of the pairs
# of different photographs stay below 19.
_DIFFERENT = 13.0


def lights(frame: np.ndarray) -> np.ndarray:
    """What is compared of a frame: the values of each quarter in their order, whatever moves about in it. int16 [4, n,
    3]."""
    small = cv2.resize(frame, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.int16)
    half = _SIDE // 2
    quarters = small.reshape(2, half, 2, half, 3).swapaxes(1, 2).reshape(4, half * half, 3)
    return np.sort(quarters, axis=1)


def is_cut(former: np.ndarray, now: np.ndarray) -> bool:
    """Whether two successive frames belong to different shots, from their `lights`. A flash counts as a cut, which
    costs no more than a little steadiness."""
    return float(np.abs(now - former).mean()) > _DIFFERENT
