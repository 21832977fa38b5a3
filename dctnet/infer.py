"""Translate pictures with the frozen graphs of a style.

One picture:  infer.py --model MODEL_DIR --input photo.jpg --output cartoon.png
Several:      infer.py --model MODEL_DIR --input photos more/*.jpg --output cartoons   (each keeps its name)
A clip:       infer.py --model MODEL_DIR --input clip.mp4 --output cartoon.mp4   (docs/video.md)

Exit codes: 0 done, 1 some pictures or frames failed, 2 a mistake in the command or the only picture failed, 75 a clip
was stopped; the same command goes on.
"""
from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Dict, List, NoReturn, Optional, Sequence, Union

from dctnet import images, process
from dctnet.clips.opening import is_clip
from dctnet.command_line import Parser
from dctnet.errors import DONE, SOME_FAILED, STOPPED_EARLY, UserError, exit_with
from dctnet.files import atomic
from dctnet.inference.model_folder import ModelFiles, find_files
from dctnet.inference.picture_files import Done, Job, check_room, rates, report, translate_all, translate_file
from dctnet.video import job as clip_job

if TYPE_CHECKING:  # the real import waits until the command has been checked: it loads TensorFlow
    from dctnet.face.detector import FaceDetector
    from dctnet.inference.stylizer import Stylizer

log = logging.getLogger('infer')


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
    parser = Parser(prog='infer.py', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--model', type=Path, metavar='FOLDER',
                        help='folder with cartoon_h.pb, cartoon_bg.pb and perhaps alpha.jpg')
    parser.add_argument('--input', type=Path, required=True, nargs='+', metavar='PATH',
                        help='pictures and folders of pictures, or one clip')
    parser.add_argument('--output', required=True, metavar='PATH',
                        help='the picture or clip to write; a folder if it ends with /, or for several pictures')
    parser.add_argument('--mode', choices=('fusion', 'single', 'whole'), default='fusion',
                        help='fusion: head graph on every face, background graph on the whole; single: background '
                             'graph alone, on the picture scaled so that the largest face has the training size; '
                             'whole: background graph alone, on the picture as it is (aligned faces)')
    parser.add_argument('--faces', type=_faces, default='all', metavar='all|largest|N', help='default: all')
    parser.add_argument('--head', type=Path, metavar='PB',
                        help='head graph, instead of the folder\'s (modes single and whole need none)')
    parser.add_argument('--background', type=Path, metavar='PB', help='background graph, instead of the folder\'s')
    parser.add_argument('--mask', type=Path, metavar='PICTURE',
                        help='fusion mask, instead of the folder\'s or an ellipse')
    parser.add_argument('--side-by-side', action='store_true',
                        help='write the photo and its translation in one picture')
    parser.add_argument('--landmarks-json', action='store_true',
                        help='write the faces and their landmarks beside each picture, as NAME.json')
    parser.add_argument('--short-side', type=int, default=720, metavar='PIXELS',
                        help='mode fusion works at this short side if a picture is larger (default: 720)')
    parser.add_argument('--training-size', type=int, default=256, metavar='PIXELS',
                        help='size of the pictures that the graphs were trained on, for mode single (default: 256)')
    parser.add_argument('--crf', type=int, metavar='N', help='clips: quality of the file, lower is better and larger '
                        '(default: 18, webm 30)')
    parser.add_argument('--every', type=int, default=1, metavar='N',
                        help='clips: translate every N-th frame and leave the others out (default: 1)')
    parser.add_argument('--pattern', metavar='NAME',
                        help="clips: the input is a folder of frames with names such as 'frame-%%06d.png'")
    parser.add_argument('--fps', type=float, default=25.0, metavar='N',
                        help='clips: frames a second of such a folder (default: 25)')
    parser.add_argument('--no-sound', action='store_true', help='clips: leave the sound out')
    parser.add_argument('--device', choices=('auto', 'cpu', 'gpu'), default='auto', help='default: auto')
    parser.add_argument('--threads', type=int, default=0, metavar='N',
                        help='threads inside one operation (default: TensorFlow\'s choice)')
    parser.add_argument('--workers', type=int, metavar='N',
                        help='pictures of a folder at the same time (default: one a core; at most 4, on a GPU 16)')
    parser.add_argument('--timing', action='store_true', help='pictures: tell what each part of the work took')
    return parser.parse_args(argv)


def _faces(text: str) -> Union[str, int]:
    if text in ('all', 'largest'):
        return text
    if text.isdigit() and int(text) >= 1:
        return int(text)
    raise argparse.ArgumentTypeError(f'{text!r} is none of: all, largest, a number from 1')


def plan(sources: Sequence[Path], output: str) -> List[Job]:
    """What to read and where to write it, checked before anything is loaded or written.

    sources: pictures and folders of pictures. output: the picture to write; a folder if it is one, if it ends with a
    slash, or if there are several pictures, which keep their whole names, so that a.jpg and a.png do not share one
        (a.heic, which cannot be written, becomes a.jpg).
    Raises UserError if an input is missing, or if an output cannot be written, is an input itself or is that of another
    input.
    """
    target = Path(output)
    for source in sources:
        if not source.exists():
            raise UserError(f'input {source} does not exist: check the path')
    with atomic.storage_errors(target):
        paths = [path for source in sources for path in (images.list_images(source) if source.is_dir() else [source])]
        into = len(sources) > 1 or sources[0].is_dir() or target.is_dir() or output.endswith(('/', os.sep))
        if into and target.exists() and not target.is_dir():
            raise UserError(f'there are several pictures, but the output {target} is a file: name a folder')
        jobs = [Job(path, target / images.writable_name(path.name) if into else target) for path in paths]
        owners: Dict[Path, Path] = {}
        for job in jobs:
            images.check_writable_name(job.target)
            if owners.setdefault(job.target, job.source) != job.source:
                raise UserError(f'{owners[job.target]} and {job.source} would both become {job.target}: translate them '
                                'into folders of their own')
            if job.target.is_dir():
                raise UserError(f'a folder stands at {job.target}, where the picture would go: choose another name')
            if job.target.exists() and os.path.samefile(str(job.source), str(job.target)):
                raise UserError(f'the output {job.target} is the input itself: choose another name or folder')
        atomic.check_place(jobs[0].target.parent)
    return jobs


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(argv)
    logging.basicConfig(level=logging.INFO, format='%(message)s', stream=sys.stderr)
    files = find_files(options.model, options.head, options.background, options.mask,
                       needs_head=options.mode == 'fusion')
    if options.threads < 0:
        raise UserError(f'--threads {options.threads} makes no sense: use 0 or more')
    if options.workers is not None and options.workers < 1:
        raise UserError(f'--workers {options.workers} makes no sense: use 1 or more')
    if any(is_clip(source, Path(options.output), options.pattern) for source in options.input):
        return translate_clip(options, files)
    jobs = plan(options.input, options.output)
    alone = len(options.input) == 1 and not options.input[0].is_dir()
    if alone:
        check_room(jobs[0], options.side_by_side)  # before TensorFlow is loaded

    process.prepare()
    process.keep_freed_memory()
    stylizer = make_stylizer(options)

    def translate(job: Job) -> Done:
        return translate_file(stylizer, job, options.side_by_side, options.landmarks_json)

    workers = stylizer.at_once if options.workers is None else options.workers
    start = time.perf_counter()
    if not alone:
        done, failed = translate_all(translate, jobs, workers)
        without_face = f', {sum(not each.faces for each in done)} without a face' if options.mode != 'whole' else ''
        print(f'{len(done)} done, {len(failed)} failed{without_face}; written to {options.output}')
    else:
        done, failed, workers = [translate(jobs[0])], [], 1
        report(jobs[0], done[0].faces)
    if options.timing:
        print(timing(done, workers, time.perf_counter() - start))
    for path in failed:
        print(f'failed: {path}')
    return SOME_FAILED if failed else DONE


def timing(done: Sequence[Done], workers: int, seconds: float) -> str:
    """What --timing tells of images that took so many seconds by the clock: all together, and each part."""
    lines = [f'{len(done)} picture(s) in {seconds:.1f} s, {len(done) / seconds:.2f} a second, {workers} at a time']
    lines += [f'  {part:<10} {1000 * workers / rate:7.1f} ms a picture, {rate:.1f} a second by itself'
              for part, rate in rates(done, workers).items()]
    return '\n'.join(lines)


def make_stylizer(options: argparse.Namespace, detector: Optional[FaceDetector] = None) -> Stylizer:
    """The stylizer that the options describe. Loads TensorFlow."""
    from dctnet.inference.stylizer import Stylizer
    return Stylizer(model=options.model, head=options.head, background=options.background, mask=options.mask,
                    device=options.device, threads=options.threads, mode=options.mode, faces=options.faces,
                    short_side=options.short_side, training_size=options.training_size, detector=detector)


def translate_clip(options: argparse.Namespace, files: ModelFiles) -> int:
    """Translate a clip with the graphs of `files`, and say what came out; returns the exit code."""
    if options.side_by_side or options.landmarks_json or options.timing or options.mode == 'whole':
        raise UserError('--side-by-side, --landmarks-json, --timing and --mode whole are for pictures: leave them out '
                        'for a clip')
    if len(options.input) > 1:
        raise UserError(f'{options.input[0]} and {len(options.input) - 1} more: a clip is translated alone; name one')
    source, target = options.input[0], Path(options.output)
    if target.is_dir() or options.output.endswith(('/', os.sep)):
        target = target / source.name
    job = clip_job.plan(source, target, options.pattern, options.fps, options.every, options.crf,
                        not options.no_sound, options.faces, options.mode)
    job.settings.update(clip_job.looks(files, options.short_side))
    if job.clip.damage:
        log.warning('%s is damaged (%s): what can be read is translated', source, job.clip.damage)
    process.prepare()
    process.keep_freed_memory()
    from dctnet.video import translate
    from dctnet.video.faces import steady_detector
    stylizer = make_stylizer(options, steady_detector())
    signals: List[str] = []
    with process.stop_signals(signals.append):
        outcome = translate.translate_clip(job, stylizer, lambda: bool(signals))
    total = len(job.clip.times)
    print(f'{outcome.written} of {total} frames in {job.target}, {outcome.failed} failed, {outcome.without_head} '
          'without a face')
    if outcome.written < total:
        return STOPPED_EARLY
    return SOME_FAILED if outcome.failed or job.clip.damage else DONE


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
