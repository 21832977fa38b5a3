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
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Dict, List, NoReturn, Optional, Sequence

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from dctnet import images
from dctnet.command_line import Parser
from dctnet.errors import DONE, SOME_FAILED, STOPPED_EARLY, UserError, exit_with
from dctnet.face import alignment, box_detectors
from dctnet.face.box_detectors import BoxDetector
from dctnet.face.detector import DETECTION_PIXELS, FaceDetector
from dctnet.files import atomic
from dctnet.parallel import ordered_map, succeeded

from .faces import hand_landmarks, jobs
from .faces.crops import Settings
from .faces.jobs import Job
from .folders import face_folder, manifest_folder

log = logging.getLogger('align_faces')

_VERSION = 1  # of what a line of the manifest holds


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
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
    return parser.parse_args(argv)


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings that the command line asks for. Raises UserError if an option is out of range."""
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
        values['cascade'] = box_detectors.cascade_identity(_cascade_file(options.cascade))
    return Settings(**values)


def box_detector(name: str, cascade: Optional[str]) -> BoxDetector:
    """The detector 'hog', 'cnn' or 'cascade'. Raises UserError if the cascade is none, or the network is not
    installed."""
    if name == 'cascade':
        return box_detectors.CascadeDetector(_cascade_file(cascade))
    if name == 'cnn':
        return box_detectors.CnnDetector()
    return box_detectors.HogDetector()


def _cascade_file(name: Optional[str]) -> Path:
    return box_detectors.cascade_file(name or box_detectors.DEFAULT_CASCADE)


def align_all(todo: Sequence[Job], folder: Path, settings: Settings, detect_boxes: BoxDetector,
              workers: int) -> List[Path]:
    """Align the images of `todo`, each written before the next, in their order. Returns those that failed.

    todo: the images to do.
    folder: where the faces and the manifest go.
    settings: what decides the results.
    detect_boxes: finds the faces of images that are not marked by hand.
    workers: images at the same time.
    """
    by_detector = any(job.marks is None for job in todo)
    # dlib's network finds turned faces itself, and a cascade is not sure enough.
    turning = settings.detector == 'hog'
    detector = FaceDetector(settings.detect_pixels, detect_boxes, turning=turning) if by_detector else None
    failed = []
    calls = ordered_map(lambda job: jobs.align(job, detector, settings), todo, workers)
    with closing(calls), logging_redirect_tqdm(), tqdm(
            calls, total=len(todo), unit='picture', disable=not sys.stderr.isatty()) as progress:
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


def clear_unfinished(planned: Sequence[Job], folder: Path, source: Path) -> List[Job]:
    """Remove from `folder` and its manifest what is left of images that are not done, or have changed since. Returns
    their jobs. planned: all images of the folder `source`; faces of images that are gone from there stay."""
    lines = manifest_folder.read(folder, 'source')
    todo = [job for job in planned
            if not face_folder.is_done(folder, lines.get(job.path.name, []), job.stamp, job.name)]
    for job in todo:
        face_folder.remove_faces(folder, lines.pop(job.path.name, []))
    manifest_folder.write(folder, lines)
    gone = sorted(set(lines) - {job.path.name for job in planned})
    if gone:
        log.warning('%d pictures of the manifest are no longer in %s (%s%s): their faces are kept', len(gone), source,
                    ', '.join(gone[:5]), ' ...' if len(gone) > 5 else '')
    return todo


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(argv)
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    settings = settings_of(options)
    detect_boxes = box_detector(options.detector, options.cascade)
    paths = images.list_images(options.source)
    marks = hand_landmarks.read(options.landmarks, {path.name for path in paths}) if options.landmarks else {}
    folder = options.target
    # Images that are gone keep their faces, so the names of these are not free.
    gone = set(manifest_folder.read(folder, 'source')) - {path.name for path in paths}
    sources = paths + [options.source / name for name in gone]
    planned = jobs.plan(paths, face_folder.output_names(sorted(sources)), marks)
    manifest_folder.begin(folder, dict(settings._asdict(), version=_VERSION))
    todo = clear_unfinished(planned, folder, options.source)
    start = time.perf_counter()
    try:
        failed = align_all(todo, folder, settings, detect_boxes, options.workers)
    except KeyboardInterrupt:
        log.warning('stopped; the same command goes on from here')
        return STOPPED_EARLY
    seconds = time.perf_counter() - start
    lines = manifest_folder.read(folder, 'source')
    manifest_folder.write(folder, lines)
    report(lines, len(paths), len(todo), seconds, failed)
    return SOME_FAILED if failed else DONE


def report(lines: Dict[str, List[str]], image_count: int, new: int, seconds: float, failed: Sequence[Path]) -> None:
    """Log the summary.

    lines: the manifest, by image.
    image_count: how many images the source folder holds.
    new: how many of them were done now, in `seconds`.
    failed: images that could not be done.
    """
    reasons = Counter(json.loads(line)['rejected'] for source in lines.values() for line in source)
    usable = reasons.pop(None, 0)
    log.info('%d pictures, %d done now (%.1f a second), %d before: %d faces; rejected: %s', image_count, new,
             new / max(seconds, 1e-9), image_count - new, usable,
             ', '.join(f'{count} {reason}' for reason, count in sorted(reasons.items())) or 'none')
    for path in failed:
        log.info('failed: %s', path)


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
