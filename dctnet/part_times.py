"""How long each part of a piece of work takes."""
import time
from contextlib import contextmanager
from typing import Dict, Iterator, Optional


class PartTimes:
    """Measures parts of one piece of work, also such as run beside each other in several threads.

    seconds: by the clock, of each part so far. Waiting counts, for a core or for a device that others use, too.
    """

    def __init__(self) -> None:
        self.seconds: Dict[str, float] = {}

    @contextmanager
    def part(self, name: str, within: Optional[str] = None) -> Iterator[None]:
        """A with block that is a part. within: the part that it belongs to, in which it does not count."""
        start = time.perf_counter()
        try:
            yield
        finally:
            taken = time.perf_counter() - start
            self.seconds[name] = self.seconds.get(name, 0.0) + taken
            if within is not None:
                self.seconds[within] = self.seconds.get(within, 0.0) - taken
