"""Photographs into a generator of faces and, through its calibrated twin, into a style (Toonify).

python -m data_tools.project --run CCN_RUN --photos PHOTOS --out FOLDER [--steps 1000] [--checkpoint 1000]

Seeks for each aligned photograph the w whose picture by the source generator is nearest, and lets the blended generator
(the source's coarse layers, the run's fine ones) draw of it. Writes FOLDER/NAME.png, FOLDER/projection/NAME.png (what
the source draws), FOLDER/w/NAME.npy, and FOLDER/sheets/pairs.png: photographs, projections, translations. Look at it
first: a face that the source cannot draw, it does not translate.

The same command again goes on where it was stopped; with other settings it is refused in the same folder. Exit codes:
0 done, 2 a mistake to put right.
"""
from __future__ import annotations

import argparse
import io
import json
import logging
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, NoReturn, Optional, Sequence

import numpy as np

from dctnet import images, process
from dctnet.command_line import Parser
from dctnet.errors import DONE, exit_with
from dctnet.files import atomic, folder_settings

if TYPE_CHECKING:  # the real import waits until the command has been checked: it loads TensorFlow
    from dctnet.models.projection import Projected, Projector

log = logging.getLogger('project')

_SETTINGS_FILE, PICTURES, VECTORS, SHEETS = 'projection.json', 'projection', 'w', 'sheets'
_SHEET_COLUMNS = 8


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
    parser = Parser(prog='python -m data_tools.project', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--run', type=Path, required=True, help='run of train.py ccn: its averaged target and its '
                        'source')
    parser.add_argument('--checkpoint', type=int, metavar='STEP', help='step of --run (default: the newest)')
    parser.add_argument('--photos', type=Path, required=True, metavar='FOLDER', help='aligned photographs')
    parser.add_argument('--out', type=Path, required=True, metavar='FOLDER')
    parser.add_argument('--steps', type=int, default=1000, help='of the search (default 1000)')
    parser.add_argument('--blend', type=int, default=4, metavar='RESOLUTION',
                        help='layers up to this resolution are the source\'s (default 4); 0: the target as it is')
    parser.add_argument('--space', choices=('w', 'w+'), default='w',
                        help='one w for all layers (default), or one for each: nearer to the photograph, further from '
                             'the style')
    parser.add_argument('--distance', default='auto', metavar='auto|lpips|vgg19|dlib|FILE.pb',
                        help='what tells how alike two pictures look, beside their pixels: checkpoints/lpips.pb, or '
                             'features of a content network; auto (default): the first of these that is there')
    parser.add_argument('--batch', type=int, default=8, help='photographs at the same time (default 8)')
    parser.add_argument('--device', choices=('auto', 'cpu', 'gpu'), default='auto')
    options = parser.parse_args(argv)
    if min(options.steps, options.batch) < 1 or options.blend < 0:
        parser.error('--steps and --batch must be at least 1, --blend at least 0')
    return options


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(argv)
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    photos = images.by_stem(images.list_images(options.photos))
    process.prepare()
    process.give_back_freed_memory()
    from dctnet.compat import graph_mode
    from dctnet.models.blending import blend
    from dctnet.models.projection import Projection, Projector
    from dctnet.models.sampling import Sampling

    from .samples import generator_pair, image_distance
    graph_mode()
    pair = generator_pair.of_run(options.run, options.checkpoint)
    generator_pair.check_sampling(pair, Sampling(blend=options.blend))
    assert pair.source is not None
    distance = image_distance.of_name(options.distance, pair.architecture.size)
    projection = Projection(steps=options.steps, space=options.space)
    _begin(options.out, dict(projection._asdict(), blend=options.blend, distance=distance.description,
                             target=generator_pair.sha256(pair.target)[:16],
                             source=generator_pair.sha256(pair.source)[:16]))
    missing = [name for name in photos if not _is_done(options.out, name)]
    if missing:
        translator = blend(pair.source, pair.target, options.blend) if options.blend else pair.target
        projector = Projector(pair.architecture, pair.source, translator, distance.function, projection,
                              min(options.batch, len(missing)), options.device)
        project_all(projector, {name: photos[name] for name in missing}, options.out, pair.architecture.size,
                    min(options.batch, len(missing)))
        projector.close()
    log.info('%s: %d photographs, %d of them new; look at %s', options.out, len(photos), len(missing),
             write_sheet(options.out, photos, pair.architecture.size))
    return DONE


def project_all(projector: Projector, photos: Dict[str, Path], out: Path, size: int, batch: int) -> None:
    """Project photographs and write what comes of each.

    projector: for `batch` photographs of `size` pixels at a time.
    photos: name -> file. out: the folder. Raises UserError if a photograph cannot be read.
    """
    names, start = list(photos), time.time()
    for first in range(0, len(names), batch):
        group = names[first:first + batch]
        squares = np.stack([images.to_unit(images.square(images.read_bgr(photos[name]), size)) for name in group])
        found = projector(squares)
        _write(out, group, found)
        done = first + len(group)
        left = (time.time() - start) / done * (len(names) - done)
        log.info('%d of %d  loss %.3f -> %.3f  %s left', done, len(names), found.start.mean(), found.end.mean(),
                 timedelta(seconds=int(left)))


def write_sheet(out: Path, photos: Dict[str, Path], size: int) -> Path:
    """Photographs, their projections and translations, some of them evenly chosen, as one picture. Returns its file."""
    names = sorted(photos)[::max(1, len(photos) // _SHEET_COLUMNS)][:_SHEET_COLUMNS]
    rows = [[images.square(images.read_bgr(photos[name]), size) for name in names]]
    rows += [[images.read_bgr(folder / f'{name}.png') for name in names] for folder in (out / PICTURES, out)]
    images.write_bgr(out / SHEETS / 'pairs.png', images.grid(rows))
    return out / SHEETS / 'pairs.png'


def _begin(out: Path, settings: Dict[str, Any]) -> None:
    """Record what the folder is made with. Raises UserError if it holds something else."""
    path = out / _SETTINGS_FILE
    if out.is_dir() and any(entry.suffix == '.png' for entry in out.iterdir()):
        folder_settings.check(path, settings)
    atomic.write_text(path, json.dumps(settings, indent=2) + '\n')


def _write(out: Path, names: List[str], found: Projected) -> None:
    for index, name in enumerate(names):
        buffer = io.BytesIO()
        np.save(buffer, found.w[index])
        atomic.write_together({
            out / VECTORS / f'{name}.npy': buffer.getvalue(),
            out / PICTURES / f'{name}.png': images.encoded(Path(f'{name}.png'), found.pictures[index]),
            out / f'{name}.png': images.encoded(Path(f'{name}.png'), found.translations[index])})


def _is_done(out: Path, name: str) -> bool:
    return all(path.exists() for path in (out / f'{name}.png', out / PICTURES / f'{name}.png'))


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
