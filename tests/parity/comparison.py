"""One line of a parity report."""
from typing import NamedTuple


class Row(NamedTuple):
    """A quantity, its largest difference from the published number, and how large that may be."""
    name: str
    max_difference: float
    tolerance: float

    @property
    def ok(self) -> bool:
        """True where the difference is a number within the tolerance."""
        return self.max_difference <= self.tolerance
