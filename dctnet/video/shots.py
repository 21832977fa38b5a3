"""Where one shot ends and the next begins."""
import cv2
import numpy as np

_SIDE = 32  # pixels
_DIFFERENT = 25.0  # grey levels


def thumbnail(frame: np.ndarray) -> np.ndarray:
    """What is compared of a frame, uint8 [H, W, 3]."""
    return cv2.resize(frame, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)


def is_cut(former: np.ndarray, now: np.ndarray) -> bool:
    """Whether two successive frames belong to different shots, from their thumbnails. A flash counts as a cut, which
    costs no more than a little steadiness."""
    return float(cv2.absdiff(former, now).mean()) > _DIFFERENT
