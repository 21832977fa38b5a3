"""Where each of the 68 landmarks of the 300-W marks lies. Left and right are the person's own: the left eye is on the
right of an unmirrored image."""
from typing import NamedTuple, Tuple

RIGHT_EYE, LEFT_EYE = slice(36, 42), slice(42, 48)
NOSE_TIP, MOUTH_RIGHT, MOUTH_LEFT = 30, 48, 54
JAW_ENDS = (0, 16)


class Opening(NamedTuple):
    """Marks around an eye or the lips.

    corner: where both edges begin.
    upper: the upper edge from it on.
    other_corner: where both edges end.
    lower: the lower edge from the first corner on.
    """
    corner: int
    upper: Tuple[int, ...]
    other_corner: int
    lower: Tuple[int, ...]


RIGHT_LIDS = Opening(36, (37, 38), 39, (41, 40))
LEFT_LIDS = Opening(42, (43, 44), 45, (47, 46))
INNER_LIPS = Opening(60, (61, 62, 63), 64, (67, 66, 65))
