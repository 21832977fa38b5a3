"""Picture files through a Stylizer: read, translated, written; many at the same time, told in their order."""
from __future__ import annotations

import json
import logging
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from dctnet import images
from dctnet.files import atomic
from dctnet.parallel import ordered_map, succeeded
from dctnet.part_times import PartTimes
from dctnet.pictures import opening
from dctnet.pictures.formats import ALPHA_SUFFIXES

if TYPE_CHECKING:  # commands check their options before TensorFlow is loaded
    from dctnet.face.detector import Face
    from dctnet.inference.stylizer import Stylizer

log = logging.getLogger('infer')

PARTS = ('reading', 'faces', 'background', 'heads', 'fusing', 'writing')


class Job(NamedTuple):
    """One image to read and the name to write."""
    source: Path
    target: Path


class Done(NamedTuple):
    """faces: of one image that is translated. seconds: that its `PARTS` took (`Stylized.seconds`)."""
    faces: List[Face]
    seconds: Dict[str, float]


def translate_all(translate: Callable[[Job], Done], jobs: Sequence[Job],
                  workers: int) -> Tuple[List[Done], List[Path]]:
    """Translate the images of a folder, `workers` at the same time, and report them in input order. Failures are
    reported and skipped. Returns what is done, and the files that failed."""
    done, failed = [], []
    calls = ordered_map(translate, jobs, workers)
    with closing(calls), logging_redirect_tqdm(), tqdm(
            calls, total=len(jobs), unit='picture', disable=not sys.stderr.isatty()) as progress:
        for job, call in progress:
            if succeeded(call, job.source, log):
                report(job, call.result().faces)
                done.append(call.result())
            else:
                failed.append(job.source)
    return done, failed


def translate_file(stylizer: Stylizer, job: Job, side_by_side: bool = False, landmarks_json: bool = False) -> Done:
    """Read, translate and write one image.

    stylizer: translates it.
    job: its file and the file to write.
    side_by_side: write the photo and its translation in one image.
    landmarks_json: also write the faces beside the image (`faces_json`).
    Transparency is kept if the format of the target has it. Raises UserError if the image cannot be read or the disk
    refuses.
    """
    times = PartTimes()
    with times.part('reading'):
        check_room(job, side_by_side)
        photo, alpha = images.read_with_alpha(job.source)
    result = stylizer.stylize(photo)
    with times.part('writing'):
        drawn = np.concatenate([photo, result.image], axis=1) if side_by_side else result.image
        if alpha is not None and job.target.suffix.lower() in ALPHA_SUFFIXES:
            drawn = images.with_alpha(drawn, np.tile(alpha, (1, drawn.shape[1] // alpha.shape[1])))
        images.write_bgr(job.target, drawn)
    if landmarks_json:
        text = faces_json(job.source.name, photo.shape, result.faces)
        atomic.write_text(job.target.with_name(job.target.name + '.json'), text)
    return Done(result.faces, {**times.seconds, **result.seconds})


def check_room(job: Job, side_by_side: bool) -> None:
    """Raise UserError if the image cannot be read, or if the format of its target has no room for it; reads its header
    alone."""
    height, width = opening.size_of(job.source)
    images.check_writable_size(job.target, height, 2 * width if side_by_side else width)


def report(job: Job, faces: List[Face]) -> None:
    """Log one line for an image that is done."""
    sizes = ', '.join(f'{face.size:.0f}' for face in faces)
    text = f'{len(faces)} face(s), {sizes} px wide' if sizes else 'no face, background graph alone'
    log.info('%s -> %s: %s', job.source, job.target, text)


def faces_json(name: str, shape: Tuple[int, ...], faces: Sequence[Face]) -> str:
    """The faces of the image of this name and shape [H, W, 3], in its own pixels, as JSON."""
    entries = [{'box': [round(v, 2) for v in face.box], 'score': round(face.score, 4), 'size': round(face.size, 2),
                'landmarks': face.landmarks.round(2).tolist()} for face in faces]
    return json.dumps({'picture': name, 'width': shape[1], 'height': shape[0], 'faces': entries}) + '\n'


def rates(done: Sequence[Done], workers: int) -> Dict[str, float]:
    """Images a second by part: what `workers` would reach if they did nothing but that part, waiting included."""
    totals = {part: sum(each.seconds.get(part, 0.0) for each in done) for part in PARTS}
    return {part: workers * len(done) / total for part, total in totals.items() if total > 0}
