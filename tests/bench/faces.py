"""Aligning faces: pictures a second of data_tools.align_faces with two workers, and what takes the time."""
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable, Dict
from unittest import mock

import numpy as np

from data_tools import align_faces
from data_tools.faces import crops
from dctnet import images
from dctnet.errors import UserError
from dctnet.face import detector
from dctnet.face.box_detectors import HogDetector
from dctnet.files import atomic
from tests.bench import batch

# What the workers do; the rest is the scaling of copies, colours and records. Writing is the main thread's.
PARTS = {'detection': (HogDetector, '__call__'), 'landmarks': (detector, 'predict_landmarks'),
         'reading': (images, 'read_bgr'), 'cropping': (crops, 'align'), 'encoding': (images, 'encoded'),
         'writing': (atomic, 'write_together')}


def time_alignment(count: int, side: int = 500, workers: int = 2) -> Dict[str, Any]:
    """`count` portraits of `side` px, one face each, found by HOG: pictures a second by the clock, the models loaded
    before; CPU milliseconds a picture of every part, in all threads; the share of the clock that writing, which waits
    for the disk, takes; and the cores in use."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        source, target = Path(name) / 'in', Path(name) / 'out'
        write_portraits(source, count, side)
        ready = detector.FaceDetector()
        ready.detect(batch.portrait(side))
        stack.enter_context(mock.patch.object(align_faces, 'FaceDetector', lambda *settings, **options: ready))
        clock = Clock()
        for part, (owner, function) in PARTS.items():
            stack.enter_context(mock.patch.object(owner, function, clock.timed(getattr(owner, function), part)))
        start, cpu_start = time.perf_counter(), time.process_time()
        align_faces.main([str(source), str(target), '--workers', str(workers)])
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
        if len(list(target.glob('*.png'))) != count:
            raise UserError('not every portrait gave its face: is dlib installed as pinned?')
    parts = {part: 1000 * clock.cpu[part] / count for part in PARTS}
    total = 1000 * cpu_seconds / count
    return {'pictures': count, 'side': side, 'workers': workers, 'pictures_per_second': count / seconds,
            'cpu_milliseconds': dict(parts, rest=total - sum(parts.values())), 'cpu_milliseconds_in_all': total,
            'writing_share_of_the_clock': clock.wall['writing'] / seconds, 'cores_in_use': cpu_seconds / seconds}


class Clock:
    """Seconds spent in named functions, summed over all threads: wall by the clock, cpu by the thread's own time."""

    def __init__(self) -> None:
        self.wall, self.cpu = dict.fromkeys(PARTS, 0.0), dict.fromkeys(PARTS, 0.0)
        self._lock = threading.Lock()

    def timed(self, function: Callable, part: str) -> Callable:
        """The function, its calls added to `part`."""
        def call(*arguments: Any, **options: Any) -> Any:
            wall, cpu = time.perf_counter(), time.thread_time()
            try:
                return function(*arguments, **options)
            finally:
                with self._lock:
                    self.wall[part] += time.perf_counter() - wall
                    self.cpu[part] += time.thread_time() - cpu
        return call


def write_portraits(folder: Path, count: int, side: int) -> None:
    """Different portraits, JPEG, side x side px: the astronaut shifted by a few pixels."""
    picture = batch.portrait(side)
    for index in range(count):
        shifted = np.roll(picture, (index % 7, index % 11), axis=(0, 1))
        shifted[:2, :2] = index % 256, index // 256, 0  # no two files are the same
        images.write_bgr(folder / f'{index:05d}.jpg', shifted)
