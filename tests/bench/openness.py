"""How well translations keep eyes and mouths as open as in the photographs: a training with loss.facial against one
without.

python -m tests.bench.openness --photos FOLDER --size 64 --models WITHOUT WITH

FOLDER holds aligned photographs that neither training has seen; WITHOUT and WITH are model folders of `dctnet.export`.
Landmarks of a translation are those that dlib finds in the face box of its photograph, at 256 px. For eyes and mouth:
the mean difference of height / width, and how often a difference between the models as large as theirs comes about if
photographs are given to them by lot (p, by random signs).
"""
import argparse
from pathlib import Path
from typing import Callable, Dict, List, NoReturn, Optional, Sequence

import cv2
import numpy as np

from dctnet import images, process
from dctnet.command_line import Parser
from dctnet.errors import DONE, exit_with
from dctnet.face.detector import FaceDetector
from dctnet.face.measures import openness

MEASURED_SIDE = 256
_PERMUTATIONS = 20000
Translate = Callable[[np.ndarray], np.ndarray]  # a photograph, uint8 [size, size, 3] -> its translation


def differences(photos: Sequence[Path], size: int, translators: Dict[str, Translate]) -> Dict[str, np.ndarray]:
    """Name -> [N, 2]: for eyes (the mean of both) and mouth, abs(openness of the translation - of the photograph).
    Photographs without a face are left out.

    photos: files.
    size: side of the images that are translated.
    translators: by name.
    """
    detector = FaceDetector()
    found: Dict[str, List[np.ndarray]] = {name: [] for name in translators}
    for path in photos:
        photo = images.square(images.read_bgr(path), MEASURED_SIDE)
        faces = detector.detect(photo)
        if not faces:
            continue
        small = images.square(photo, size)
        for name, translate in translators.items():
            shown = cv2.resize(translate(small), (MEASURED_SIDE,) * 2, interpolation=cv2.INTER_CUBIC)
            apart = np.abs(openness(detector.landmarks(shown, faces[0].box)) - openness(faces[0].landmarks))
            found[name].append(np.array([apart[:2].mean(), apart[2]]))
    return {name: np.array(rows) for name, rows in found.items()}


def chance(apart: np.ndarray, seed: int = 0) -> float:
    """Two-sided p of the mean of paired differences [N] under random signs."""
    signs = np.random.RandomState(seed).randint(0, 2, (_PERMUTATIONS, len(apart))) * 2 - 1
    return float(np.mean(np.abs(signs.dot(apart)) >= abs(apart.sum()) - 1e-12))


def table(found: Dict[str, np.ndarray], without: str, with_loss: str) -> str:
    """The means as Markdown, and p of each column."""
    lines = ['| | eyes | mouths |', '|---|---|---|']
    lines += [f'| {name} | {rows[:, 0].mean():.4f} | {rows[:, 1].mean():.4f} |' for name, rows in found.items()]
    p = [chance(found[with_loss][:, i] - found[without][:, i]) for i in (0, 1)]
    return '\n'.join(lines + [f'| p, {len(found[without])} photographs | {p[0]:.3f} | {p[1]:.3f} |'])


def translator(model: Path) -> Translate:
    """The background graph of a model folder."""
    from dctnet.frozen import FrozenGraph  # loads TensorFlow, which process.prepare comes before
    graph = FrozenGraph(model / 'cartoon_bg.pb', device='cpu')
    return lambda photo: graph(photo.astype(np.float32))


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    parser = Parser(prog='python -m tests.bench.openness', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--photos', type=Path, required=True, metavar='FOLDER')
    parser.add_argument('--size', type=int, required=True, help='of the training, in pixels')
    parser.add_argument('--models', type=Path, required=True, nargs=2, metavar=('WITHOUT', 'WITH'))
    options = parser.parse_args(argv)
    process.prepare()
    without, with_loss = map(str, options.models)
    translators: Dict[str, Translate] = {'the photograph at this size': lambda photo: photo}
    translators.update({str(model): translator(model) for model in options.models})
    print(table(differences(images.list_images(options.photos), options.size, translators), without, with_loss))
    return DONE


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
