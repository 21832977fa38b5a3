"""A clip being written as a row of short files, so that one that is stopped, at any moment, goes on.

A segment is named by its first and its last frame and is complete once it bears that name. Each begins with a whole
picture, and plays from time 0.
"""
import re
from pathlib import Path
from typing import List, NamedTuple, Optional

import numpy as np

from dctnet import images
from dctnet.clips import ffmpeg, raw_stream
from dctnet.clips.clip import Clip
from dctnet.clips.formats import Format
from dctnet.errors import UserError
from dctnet.files import atomic, durable

LENGTH = 60  # frames: what a power cut can cost; key frames lie 2 to 10 seconds apart in most clips
_NAME = re.compile(r'(\d{7})-(\d{7})\.mp4$')


class Segment(NamedTuple):
    """A finished file with frames first .. last."""
    path: Path
    first: int
    last: int


def finished(folder: Path) -> List[Segment]:
    """The segments of a folder, in order, from frame 0 up to the first gap."""
    found = [(_NAME.match(path.name), path) for path in folder.glob('*.mp4')] if folder.is_dir() else []
    row: List[Segment] = []
    for first, last, path in sorted((int(name.group(1)), int(name.group(2)), path) for name, path in found if name):
        if first == (row[-1].last + 1 if row else 0):
            row.append(Segment(path, first, last))
    return row


class SegmentWriter:
    """Encodes frames in their order, beginning with the first that `folder` has not. A context: leaving it by an error
    drops the segment in work.

    folder: exists.
    clip: whose times the frames get.
    container: encodes them.
    quality: -crf.
    """

    def __init__(self, folder: Path, clip: Clip, container: Format, quality: int) -> None:
        self._folder, self._clip, self._container, self._quality = folder, clip, container, quality
        row = finished(folder)
        self.next = row[-1].last + 1 if row else 0
        self._first = self.next
        self._process: Optional[ffmpeg.Process] = None
        self._partial = folder / 'partial.mp4'

    def __enter__(self) -> 'SegmentWriter':
        return self

    def __exit__(self, failure: Optional[type], *_: object) -> None:
        if failure is None:
            self.finish()
        elif self._process is not None:
            self._process.__exit__()
            if self._partial.exists():
                self._partial.unlink()

    def add(self, image: np.ndarray) -> None:
        """The next frame, uint8 [H, W, 3] BGR. Raises UserError if it cannot be written."""
        if self._container.even:
            image = images.pad_to_multiple(image, 2)
        if self._process is None:
            self._first = self.next
            self._process = self._start(image)
        time = self._clip.times[self.next]
        self._write(raw_stream.frame(time - self._clip.times[self._first], self._clip.end_of(self.next) - time, image))
        self.next += 1
        if self.next - self._first == LENGTH:
            self.finish()

    def finish(self) -> None:
        """Complete the segment in work, if there is one."""
        if self._process is None:
            return
        status, errors = self._process.finish()
        if status:
            raise self._failure(errors)
        self._process.__exit__()
        self._process = None
        with atomic.storage_errors(self._partial):
            durable.rename(self._partial, self._folder / f'{self._first:07d}-{self.next - 1:07d}.mp4')

    def _start(self, image: np.ndarray) -> ffmpeg.Process:
        aspect = self._clip.pixel_aspect.replace(':', '/')
        colours = f'scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_inp,setsar={aspect}'
        process = ffmpeg.Process(
            ['-f', 'matroska', '-i', '-', '-vf', colours, *self._container.encode, '-crf', str(self._quality),
             *ffmpeg.timed_at(self._clip.timescale), '-use_editlist', '0', '-y', str(self._partial)], writes=True)
        self._process = process
        self._write(raw_stream.header(image.shape[0], image.shape[1]))
        return process

    def _write(self, data: bytes) -> None:
        assert self._process is not None
        try:
            self._process.input.write(data)
        except BrokenPipeError:
            raise self._failure(self._process.finish()[1]) from None

    def _failure(self, errors: str) -> UserError:
        return UserError(f'cannot write {self._partial} ({ffmpeg.reason(errors)}): free some space, or choose another '
                         'place')
