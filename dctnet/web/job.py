"""One photograph or clip in one style, from the upload to the result."""
import secrets
import time
from pathlib import Path
from typing import NamedTuple, Optional, Tuple

from dctnet.clips.clip import Clip

UPLOADING, WAITING, RUNNING, DONE, FAILED, CANCELLED = 'uploading', 'waiting', 'running', 'done', 'failed', 'cancelled'
_KNOWN_PACE = 5  # frames after which the rest can be estimated from them


class Outcome(NamedTuple):
    """What is told of a translation.

    faces: of a picture. working_size: height and width that the graph saw.
    failed, without_face: frames of a clip that could not be translated, or show none.
    notes: of a clip. 'damaged': the file is, and what can be read is shown; 'no_sound': its sound is left out, since
        browsers do not play that kind in an .mp4.
    """
    faces: Optional[int]
    working_size: Tuple[int, int]
    failed: int = 0
    without_face: int = 0
    notes: Tuple[str, ...] = ()


class Cancelled(Exception):
    """The job that is worked on is wanted no more."""


class Job:
    """Changed by `Queue`, and while it runs by who translates it.

    style: its name. name: of the photograph or clip, as its owner calls it. parent: folder for that of its files.

    size: height and width, once known. work: megapixels to compute, for the estimate.
    clip: what has been found in the upload, if it is one.
    """

    def __init__(self, style: str, name: str, parent: Path) -> None:
        self.identity = secrets.token_urlsafe(12)  # whoever does not know it cannot see the picture
        self.style, self.name = style, name
        self.folder = parent / self.identity
        self.upload = self.folder / 'upload'
        self.state, self.error = UPLOADING, ''
        self.size: Tuple[int, int] = (0, 0)
        self.work = 0.0
        self.clip: Optional[Clip] = None
        self.frames = 0  # that are done
        self.outcome: Optional[Outcome] = None
        self.started = self.seconds = self._first_frame = 0.0

    @property
    def kind(self) -> str:
        """'picture' or 'clip'."""
        return 'picture' if self.clip is None else 'clip'

    @property
    def result(self) -> Path:
        """The file of the translation."""
        return self.folder / ('result.png' if self.clip is None else 'result.mp4')

    def check(self) -> None:
        """Raise Cancelled if it is."""
        if self.state == CANCELLED:
            raise Cancelled()

    def frame_done(self) -> None:
        """Count a frame. Raises Cancelled if the job is."""
        self.check()
        self.frames += 1
        if self.frames == 1:
            self._first_frame = time.monotonic()

    def seconds_left(self, rate: Optional[float]) -> Optional[float]:
        """How long the job will run from now on, or None if that is not known. rate: seconds a megapixel, if known."""
        now = time.monotonic()
        if self.clip is not None and self.frames >= _KNOWN_PACE:
            pace = (now - self._first_frame) / (self.frames - 1)
            return pace * (len(self.clip.times) - self.frames)
        if rate is None:
            return None
        return max(0.0, self.work * rate - (now - self.started if self.state == RUNNING else 0.0))

    def file(self, name: str) -> Path:
        """Where a file of that name is kept, if there is one: of a picture result.png; of a clip result.mp4, and the
        first frames result.jpg and photo.jpg."""
        return self.folder / name
