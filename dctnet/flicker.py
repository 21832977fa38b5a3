"""python -m dctnet.flicker PHOTOGRAPHED RESULT [RESULT2 ...]: how much translated clips flicker.

Mean difference of each frame of a clip to the one before, carried by the motion of the photographed clip, in grey
levels (0 - 255), light divided out: on the heads while they stand still, on the heads while they move, and on the whole
picture. The photographed clip stands in the first line. All clips have the same frames. Exit codes: 0 done, 2 a mistake
to put right.
"""
from __future__ import annotations

import argparse
import json
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, NoReturn, Optional, Sequence, Tuple

import cv2
import numpy as np

from dctnet import process
from dctnet.clips.clip import Clip
from dctnet.clips.opening import open_clip
from dctnet.command_line import Parser
from dctnet.errors import DONE, UserError, exit_with
from dctnet.face import alignment
from dctnet.files import atomic
from dctnet.metrics import flicker

_STILL = 0.3  # pixels a frame


class Head(NamedTuple):
    """weight: float32 [H, W], how much of each pixel the head graph covers. place: its middle, float64 [2]."""
    weight: np.ndarray
    place: np.ndarray


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
    parser = Parser(prog='python -m dctnet.flicker', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('photographed', type=Path, help='the clip that was translated')
    parser.add_argument('results', type=Path, nargs='+', help='translations of it')
    parser.add_argument('--out', type=Path, metavar='FILE.json', help='also write the figures there')
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(argv)
    clips = [open_clip(path, None, 25) for path in [options.photographed] + options.results]
    for path, clip in zip(options.results, clips[1:]):
        if len(clip.times) != len(clips[0].times) or clip.size != clips[0].size:
            raise UserError(f'{path} has {len(clip.times)} frames of {_size(clip)} but {options.photographed} '
                            f'{len(clips[0].times)} of {_size(clips[0])}: name translations of all of it')
    process.prepare()
    figures = measure(clips)
    print('| clip | heads, still | heads, moving | whole picture |\n|---|---|---|---|')
    for clip, row in zip(clips, figures):
        cells = [f'{row[name]:.2f}' if row[name] is not None else '–' for name in ('still', 'moving', 'whole')]
        print(f"| {clip.source.name} | {' | '.join(cells)} |")
    if options.out:
        named = [{'clip': clip.source.name, **row} for clip, row in zip(clips, figures)]
        atomic.write_text(options.out, json.dumps(named, indent=2) + '\n')
    return DONE


def measure(clips: Sequence[Clip]) -> List[Dict[str, Optional[float]]]:
    """still, moving, whole: the flicker of each clip; None if there is nothing of the kind. The first clip is the
    photographed one. Frames that cannot be read, and cuts, are left out."""
    found: List[Dict[str, List[float]]] = [{'still': [], 'moving': [], 'whole': []} for _ in clips]
    former: Optional[Tuple[List[np.ndarray], List[Head]]] = None
    for images, heads, new_shot in _together(clips):
        if former is not None and not new_shot:
            origins, trusted = flicker.motion(former[0][0], images[0])
            for kind, weight in _weights(former[1], heads, trusted):
                for row, before, now in zip(found, former[0], images):
                    value = flicker.change(before, now, origins, weight)
                    row[kind] += [value] if value is not None else []
        former = images, heads
    return [{kind: float(np.mean(values)) if values else None for kind, values in row.items()} for row in found]


def _together(clips: Sequence[Clip]) -> Iterator[Tuple[List[np.ndarray], List[Head], bool]]:
    """Each frame of all clips, with its heads, and whether a shot begins with it."""
    from dctnet.video.analysis import with_heads
    from dctnet.video.faces import sightings, steady_detector
    detector = steady_detector()
    with ExitStack() as stack:
        photographed, *others = [stack.enter_context(closing(clip.frames())) for clip in clips]
        steps = stack.enter_context(closing(
            with_heads(photographed, lambda index, image: sightings(detector, image), None)))
        for (frame, heads), *images in zip(steps, *others):
            if frame.image is None or any(image is None for image in images):
                continue
            yield [frame.image, *images], [_head(head.points, frame.image.shape) for head in heads], frame.new_shot


def _head(points: np.ndarray, shape: Tuple[int, ...]) -> Head:
    weight = cv2.warpAffine(alignment.ellipse_mask(), alignment.crop_to_image(points), shape[1::-1])
    return Head(weight, points.mean(axis=0))


def _weights(former: List[Head], now: List[Head], trusted: np.ndarray) -> Iterator[Tuple[str, np.ndarray]]:
    yield 'whole', trusted
    for head in now:
        if former:
            moved = min(float(np.linalg.norm(head.place - other.place)) for other in former)
            yield 'still' if moved < _STILL else 'moving', head.weight * trusted


def _size(clip: Clip) -> str:
    return f'{clip.size[1]}x{clip.size[0]}'


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
