"""Commands that may be interrupted at any moment, and what they leave when they are done."""
import hashlib
import sys
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple

import numpy as np
from skimage import data

from dctnet import images
from tests.training import tiny_training

Result = Dict[str, str]


class Situation(NamedTuple):
    """name: of the situation. words: (material, folder for the results) -> what follows `python`. result: of the
    folder, name -> hash, equal however often the command was interrupted."""
    name: str
    words: Callable[[Path, Path], List[str]]
    result: Callable[[Path], Result]


def write_material(folder: Path) -> None:
    """Pictures to train with, and portraits (public domain) to align and to translate."""
    from tests.inference.tiny_graphs import write_model
    tiny_training.write_pictures(folder)
    write_model(folder / 'model')
    portrait = np.ascontiguousarray(data.astronaut()[:, :, ::-1])
    for number in range(12):
        images.write_bgr(folder / 'portraits' / f'{number}.png', np.roll(portrait, -9 * number, axis=1)[:400])


def _training(material: Path, out: Path) -> List[str]:
    return ['train.py'] + tiny_training.arguments(
        material, out / 'run', 'train.steps=12', 'train.save_every=3', 'start.pixel=3', 'start.discriminator=2',
        'start.ramp=2', 'optim.ema_decay=0.9', 'loss.superpixel=off', 'data.geometry=official', 'train.sample_every=6')


def _trained(out: Path) -> Result:
    arrays = tiny_training.newest_weights(out / 'run')
    hashes = {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in arrays.items()}
    hashes['metrics'] = str(tiny_training.metrics(out / 'run'))
    return hashes


def _aligning(material: Path, out: Path) -> List[str]:
    return ['-m', 'data_tools.align_faces', str(material / 'portraits'), str(out / 'faces'), '--size', '64',
            '--detect-pixels', '160000']


def _translating(material: Path, out: Path) -> List[str]:
    return ['infer.py', '--model', str(material / 'model'), '--input', str(material / 'portraits'), '--output',
            str(out / 'pictures'), '--device', 'cpu']


def _files(out: Path) -> Result:
    """All files but those that tell times."""
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(out.glob('**/*')) if path.is_file() and path.name != '.lock'}


ALL = [Situation('training', _training, _trained), Situation('aligning', _aligning, _files),
       Situation('translating', _translating, _files)]
PROGRAM = sys.executable
