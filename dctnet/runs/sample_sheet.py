"""The sheet of samples/step-NNNNNN.png: one column for each kind of image, one row for each subject, captions below the
last row."""
from typing import Dict, List, Sequence

import numpy as np

from dctnet import images

_GAP = 4


def sheet(columns: Dict[str, Sequence[np.ndarray]]) -> np.ndarray:
    """Kind -> its images, uint8 [size, size, 3] BGR, the same number of each; returns one uint8 image."""
    rows = [list(row) for row in zip(*columns.values())]
    last = [images.labelled(picture, name) for picture, name in zip(rows[-1], columns)]
    body = [images.grid(rows[:-1], _GAP)] if len(rows) > 1 else []
    return np.concatenate(body + [images.grid([last], _GAP)], axis=0)


def columns_of(picture: np.ndarray, size: int) -> List[List[np.ndarray]]:
    """The columns of a `sheet` of images of `size` px, without captions; [] if it is no such sheet."""
    caption = images.labelled(np.zeros((size, size, 3), np.uint8), '').shape[0] - size
    columns, rest = divmod(picture.shape[1] + _GAP, size + _GAP)
    # No gap above the last row, which is a separate grid.
    rows, more = divmod(picture.shape[0] - size - caption + _GAP, size + _GAP) if picture.shape[0] > size + caption \
        else (0, 0)
    if rest or more or picture.shape[0] < size + caption:
        return []
    tops = [row * (size + _GAP) for row in range(rows)] + [picture.shape[0] - caption - size]
    return [[picture[top:top + size, left:left + size] for top in tops]
            for left in range(0, columns * (size + _GAP), size + _GAP)]
