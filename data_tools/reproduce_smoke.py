"""python -m data_tools.reproduce_smoke --out FOLDER: every row of the paper's experiments in minutes (`make
reproduce-smoke`).

Photographs, test faces and exemplars are views of one public-domain portrait, another method's results are drawn by a
filter; the networks are tiny and hardly trained. A second process makes half of the rows, as another machine would; its
output is second-half.log in FOLDER. It proves that everything fits together, that repeating the command is quick, and
what the page looks like; it says nothing about quality.
"""
import json
import logging
import subprocess
import sys
import time
from pathlib import Path
from typing import List, NoReturn, Optional, Sequence

from dctnet import images
from dctnet.command_line import Parser
from dctnet.errors import DONE, SOME_FAILED, UserError, exit_with

from . import reproduce
from .recipe.demo_material import paint, portrait, write_portraits
from .recipe.project_command import TOOLS

PHOTOS, TEST, SIDE, OTHER_SIDE = 12, 8, 240, 96
# The presets stay what they are but for their size and length.
SMALL = ['size=64', 'samples.count=12', 'samples.mean_samples=256', 'ccn.checkpoint=0', 'projection_steps=40']
SMALL += [f'{training}.{key}' for training in ('source', 'ccn') for key in (
    'data.batch_size=4', 'model.channel_multiplier=0.125', 'model.max_channels=32', 'model.style_dim=32',
    'model.mapping_layers=2', 'loss.path=0', 'optim.ema_decay=0.95', 'train.log_every=20', 'train.sample_every=0')]
SMALL += ['source.train.steps=40', 'source.train.save_every=40', 'ccn.train.steps=12', 'ccn.train.save_every=12']
SMALL += [f'ttn.{key}' for key in (
    'data.batch_size=4', 'data.exemplar_share=0.5', 'model.channels=8', 'loss.content_network=dlib', 'start.pixel=10',
    'start.discriminator=0', 'start.ramp=5', 'optim.lr=0.002', 'train.steps=30', 'train.log_every=15',
    'train.sample_every=0', 'train.save_every=30')]

# Rows need nothing of each other, but for `without_facial`, whose training is that of `paper`.
HALVES = (('paper', 'without_facial', 'official', 'without_calibration', 'without_geometry'),
          ('strong', 'without_texture', 'without_surface', 'sequential', 'toonify'))


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    parser = Parser(prog='python -m data_tools.reproduce_smoke', description=__doc__)
    parser.add_argument('--out', type=Path, default=Path('runs/reproduce-smoke'), help='folder (default: %(default)s)')
    options = parser.parse_args(argv)
    out, start = options.out.resolve(), time.time()
    if out.is_file():
        raise UserError(f'{out} is a file: name a folder with --out')
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    write_material(out)
    words = [str(word) for word in (
        '--photos', out / 'photos', '--exemplars', out / 'exemplars', '--test', out / 'test', '--out', out / 'work',
        '--set', *SMALL)]
    code = reproduce.main(words + ['--only', reproduce.SHARED])
    if code != DONE:
        return code
    for path in images.list_images(out / 'work' / 'test'):
        face = images.read_bgr(path)
        images.write_bgr(out / 'filtered' / f'{path.stem}.jpg', images.scale(paint(face), OTHER_SIDE, OTHER_SIDE))
    others = ['--others', f"filter={out / 'filtered'}"]
    code = _two_halves(words, others, out / 'second-half.log') or reproduce.main(
        words + others + ['--only', reproduce.TABLE])
    if code != DONE:
        return code
    rows = json.loads((out / 'work' / 'table.json').read_text(encoding='utf-8'))['rows']
    print(f'{time.time() - start:.0f} s; {len(rows)} rows')
    return DONE if all(row['figures'] for row in rows) else SOME_FAILED


def _two_halves(words: List[str], others: List[str], log: Path) -> int:
    """Make all rows; the exit code of the half that failed, or DONE."""
    with log.open('w') as said:
        second = subprocess.Popen([sys.executable, '-m', f'{TOOLS}.reproduce', *words, '--only', *HALVES[1]],
                                  stdout=said, stderr=subprocess.STDOUT)
        try:
            code = reproduce.main(words + others + ['--only', *HALVES[0]])
            second_code = second.wait()
        finally:
            second.terminate()
            second.wait()
    if second_code != DONE:
        print(f'the rows {", ".join(HALVES[1])} failed: {log} tells why', file=sys.stderr)
    return code or second_code


def write_material(out: Path) -> None:
    """OUT/photos, OUT/test and OUT/exemplars; images that are there already stay."""
    astronaut = portrait()
    for name, image, count, seed in (('photos', astronaut, PHOTOS, 1), ('test', astronaut, TEST, 3),
                                     ('exemplars', paint(astronaut), PHOTOS, 2)):
        write_portraits(out / name, image, count, SIDE, seed)


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
