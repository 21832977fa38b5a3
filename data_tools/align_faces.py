"""Photographs of any kind -> aligned square faces for training, and a manifest of what is known of each.

python -m data_tools.align_faces SRC DST [--size 256] [--workers 2]

SRC: a folder of pictures (.png .jpg .jpeg .webp .bmp .tif .tiff, any case). DST gets NAME.png, NAME_1.png ... (the
largest face first), and manifest.jsonl: a line for every face and for every picture without one, with the reason if
it was rejected. The same command again goes on: finished pictures are left alone, new and changed ones are done.

Exit codes: 0 done, 1 some pictures could not be read, 2 a mistake to put right, 75 stopped early and resumable.
"""
from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, NoReturn, Optional, Sequence

import numpy as np
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from dctnet import atomic, images
from dctnet.command_line import Parser
from dctnet.errors import DONE, SOME_FAILED, STOPPED_EARLY, UserError, exit_with
from dctnet.face import alignment, box_detectors
from dctnet.face.box_detectors import BoxFinder
from dctnet.face.detector import DETECTION_PIXELS, FaceDetector
from dctnet.hashing import sha256_of_bytes
from dctnet.parallel import ordered_map, succeeded

from .faces import crops, hand_landmarks
from .faces.crops import Settings
from .folders import face_folder, manifest_folder

log = logging.getLogger('align_faces')

_VERSION = 1  # of what a line of the manifest holds


class Job(NamedTuple):
    """A picture to do. name: of its faces' files. stamp: what tells a changed picture. marks: faces marked by hand."""
    path: Path
    name: str
    stamp: Dict[str, Any]
    marks: Optional[List[np.ndarray]]


class Result(NamedTuple):
    """files: name -> content of each usable face. records: the picture's lines of the manifest. problem: why the
    picture cannot be read, else empty."""
    files: Dict[str, bytes]
    records: List[Dict[str, Any]]
    problem: str


def parse(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
    parser = Parser(prog='python -m data_tools.align_faces', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('source', type=Path, metavar='SRC', help='folder of pictures')
    parser.add_argument('target', type=Path, metavar='DST', help='folder for the faces')
    parser.add_argument('--size', type=int, default=256, help='side of the faces\' pictures (default 256)')
    parser.add_argument('--border', choices=alignment.BORDERS, default='white',
                        help='where a picture ends: white, as at inference (default), or the picture mirrored')
    parser.add_argument('--faces', choices=('all', 'largest'), default='all', help='of a picture (default all)')
    parser.add_argument('--workers', type=int, default=2, help='pictures at the same time (default 2)')
    parser.add_argument('--min-size', type=float, default=40, metavar='PIXELS',
                        help='reject faces whose box is less wide in their picture (default 40; 0 = off)')
    parser.add_argument('--max-outside', type=float, default=0.5, metavar='SHARE',
                        help='reject faces of whose crop more lies outside of the picture (default 0.5; 0 = off)')
    parser.add_argument('--max-blur', type=float, default=0, metavar='PIXELS',
                        help='reject faces that are more blurred (default 0 = off; sharp photographs have 1.3 - 2.5, '
                             'see "blur" in the manifest)')
    parser.add_argument('--detector', choices=('hog', 'cnn', 'cascade'), default='hog',
                        help='dlib\'s HOG (default), dlib\'s network (half covered faces too; also turned ones, but '
                             'beyond 30 degrees their landmarks are wrong; dozens of times slower on a CPU, whatever '
                             '--workers), or a cascade of OpenCV')
    parser.add_argument('--cascade', metavar='XML',
                        help='file of the cascade, or the name of one that comes with OpenCV (default '
                             f'{box_detectors.DEFAULT_CASCADE})')
    parser.add_argument('--detect-pixels', type=int, default=DETECTION_PIXELS, metavar='N',
                        help=f'area of the copy in which faces are searched (default {DETECTION_PIXELS}: finds faces '
                             "from 1/15 of the picture's side on); less is faster, more finds smaller ones")
    parser.add_argument('--landmarks', type=Path, metavar='JSON',
                        help='landmarks made by hand, for art: {"picture.png": [FACE, ...]}, FACE 5 points [x, y] '
                             '(pupils, nose, corners of the mouth, left before right) or 68; no detector runs there')
    return parser.parse_args(arguments)


def check(options: argparse.Namespace) -> Settings:
    """The settings. Raises UserError if an option is out of range."""
    if not 16 <= options.size <= 2048:
        raise UserError(f'--size {options.size} must be from 16 to 2048')
    if options.workers < 1:
        raise UserError('--workers must be at least 1')
    if not (options.min_size >= 0 and options.max_blur >= 0 and 0 <= options.max_outside <= 1):
        raise UserError('--min-size and --max-blur must be at least 0 (off), --max-outside from 0 (off) to 1')
    if options.detect_pixels < 10000:
        raise UserError(f'--detect-pixels {options.detect_pixels} is less than the detector can use: at least 10000')
    if options.target.exists() and options.target.resolve() == options.source.resolve():
        raise UserError(f'SRC and DST are the same folder ({options.source}): the faces would be aligned again')
    if options.cascade and options.detector != 'cascade':
        raise UserError('--cascade goes with --detector cascade')
    values = {name: getattr(options, name) for name in Settings._fields}
    if options.detector == 'cascade':
        values['cascade'] = box_detectors.cascade_identity(_cascade(options))
    return Settings(**values)


def finder(options: argparse.Namespace) -> BoxFinder:
    """What finds the faces. Raises UserError if the cascade is none, or the network is not installed."""
    if options.detector == 'cascade':
        return box_detectors.CascadeFinder(_cascade(options))
    return box_detectors.CnnFinder() if options.detector == 'cnn' else box_detectors.HogFinder()


def _cascade(options: argparse.Namespace) -> Path:
    return box_detectors.cascade_file(options.cascade or box_detectors.DEFAULT_CASCADE)


def plan(paths: Sequence[Path], names: Dict[str, str], marks: Dict[str, List[np.ndarray]]) -> List[Job]:
    """What there is to do, in the order of the names."""
    jobs = []
    for path in paths:
        status = path.stat()
        by_hand = marks.get(path.name)
        digest = by_hand and sha256_of_bytes(json.dumps([face.tolist() for face in by_hand]).encode())[:16]
        stamp = {'source_bytes': status.st_size, 'source_mtime_ns': status.st_mtime_ns, 'hand_landmarks': digest}
        jobs.append(Job(path, names[path.name], stamp, by_hand))
    return jobs


def align(job: Job, detector: Optional[FaceDetector], settings: Settings) -> Result:
    """The faces of one picture; nothing is written. The detector may be missing if faces are marked by hand."""
    origin = dict({'source': job.path.name, 'source_size': None}, **job.stamp)
    try:
        image = images.read_bgr(job.path)
    except UserError as error:
        return Result({}, [dict({'file': None, 'rejected': face_folder.UNREADABLE, 'faces': 0}, **origin)], str(error))
    origin['source_size'] = [image.shape[1], image.shape[0]]
    if job.marks is not None:
        found = [crops.marked(image, marks) for marks in job.marks]
    else:
        found = [crops.detected(image, face, settings.detector) for face in detector.detect(image)]
    faces = crops.aligned(image, found, settings)
    files: Dict[str, bytes] = {}
    records: List[Dict[str, Any]] = []
    for face in faces:
        file = None
        if face.record['rejected'] is None:
            file = face_folder.face_file(job.name, len(files))
            files[file] = images.encoded(Path(file), face.crop)
        records.append(dict({'file': file, 'faces': len(faces)}, **origin, **face.record))
    if not records:
        records.append(dict({'file': None, 'rejected': crops.NO_FACE, 'faces': 0}, **origin))
    return Result(files, records, '')


def align_all(jobs: Sequence[Job], folder: Path, settings: Settings, find_boxes: BoxFinder, workers: int) -> List[Path]:
    """Do the pictures of `jobs`, each written before the next, in their order. Returns those that failed."""
    by_detector = any(job.marks is None for job in jobs)
    detector = FaceDetector(settings.detect_pixels, find_boxes) if by_detector else None
    failed = []
    calls = ordered_map(lambda job: align(job, detector, settings), jobs, workers)
    with closing(calls), logging_redirect_tqdm(), tqdm(
            calls, total=len(jobs), unit='picture', disable=not sys.stderr.isatty()) as progress:
        for job, call in progress:
            if not succeeded(call, job.path, log):
                failed.append(job.path)
                continue
            result = call.result()
            if result.problem:
                log.error('failed: %s', result.problem)
                failed.append(job.path)
            atomic.write_together({folder / name: data for name, data in result.files.items()})
            manifest_folder.append(folder, [json.dumps(record) for record in result.records])
    return failed


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(arguments)
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    settings = check(options)
    find_boxes = finder(options)
    paths = images.list_images(options.source)
    marks = hand_landmarks.read(options.landmarks, {path.name for path in paths}) if options.landmarks else {}
    folder = options.target
    lines = manifest_folder.read(folder, 'source')
    gone = sorted(set(lines) - {path.name for path in paths})
    # Pictures that are gone keep their faces, so the names of these are not free.
    jobs = plan(paths, face_folder.output_names(paths + [options.source / name for name in gone]), marks)
    manifest_folder.begin(folder, dict(settings._asdict(), version=_VERSION))
    todo = [job for job in jobs if not face_folder.is_done(folder, lines.get(job.path.name, []), job.stamp, job.name)]
    for job in todo:
        face_folder.remove_faces(folder, lines.pop(job.path.name, []))
    manifest_folder.write(folder, lines)
    if gone:
        log.warning('%d pictures of the manifest are no longer in %s (%s%s): their faces are kept', len(gone),
                    options.source, ', '.join(gone[:5]), ' ...' if len(gone) > 5 else '')
    start = time.perf_counter()
    try:
        failed = align_all(todo, folder, settings, find_boxes, options.workers)
    except KeyboardInterrupt:
        log.warning('stopped; the same command goes on from here')
        return STOPPED_EARLY
    seconds = time.perf_counter() - start
    lines = manifest_folder.read(folder, 'source')
    manifest_folder.write(folder, lines)
    report(lines, len(paths), len(todo), seconds, failed)
    return SOME_FAILED if failed else DONE


def report(lines: Dict[str, List[str]], pictures: int, new: int, seconds: float, failed: Sequence[Path]) -> None:
    """The summary: what is in the folder, and what failed."""
    reasons = Counter(json.loads(line)['rejected'] for source in lines.values() for line in source)
    usable = reasons.pop(None, 0)
    log.info('%d pictures, %d done now (%.1f a second), %d before: %d faces; rejected: %s', pictures, new,
             new / max(seconds, 1e-9), pictures - new, usable,
             ', '.join(f'{count} {reason}' for reason, count in sorted(reasons.items())) or 'none')
    for path in failed:
        log.info('failed: %s', path)


def command() -> NoReturn:
    """The entry point of the command line."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a scheduler's stop ends as cleanly as Ctrl-C
    exit_with(main)


if __name__ == '__main__':
    command()
