"""python -m data_tools.recipe_smoke --out FOLDER: every stage of the recipe in minutes (`make recipe-smoke`).

Photographs and exemplars are views of one public-domain portrait; the networks are tiny and hardly trained. It proves
that the stages fit together and that repeating the command is quick, and says nothing about quality.
"""
import logging
import time
from pathlib import Path
from typing import NoReturn, Optional, Sequence

import numpy as np

from dctnet import config_file, images, places
from dctnet.command_line import Parser
from dctnet.errors import DONE, SOME_FAILED, UserError, exit_with

from . import make_style
from .recipe.demo_material import paint, portrait, write_portraits
from .recipe.stages import Recipe, Step

IMAGES, SIDE = 24, 240


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    parser = Parser(prog='python -m data_tools.recipe_smoke', description=__doc__)
    parser.add_argument('--out', type=Path, default=Path('runs/recipe-smoke'), help='folder (default: %(default)s)')
    options = parser.parse_args(argv)
    out, start = options.out.resolve(), time.time()
    if out.is_file():
        raise UserError(f'{out} is a file: name a folder with --out')
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    write_material(out)
    cartoon = out / 'cartoon.png'
    recipe = config_file.load(Recipe, places.shipped('configs/recipe/smoke.yaml'))
    code = make_style.run(make_style.steps(recipe, out / 'photos', out / 'exemplars', out / 'work') + [
        Step('infer', ['-m', 'dctnet.infer', '--model', str(out / 'work' / 'model'), '--input',
                       str(out / 'portrait.png'), '--output', str(cartoon)])])
    if code != DONE:
        return code
    change = np.abs(images.read_bgr(cartoon).astype(int) - images.read_bgr(out / 'portrait.png')).mean()
    print(f'{time.time() - start:.0f} s; the translation differs from the photograph by {change:.1f} grey levels: '
          f'{cartoon}')
    return DONE if change > 2 else SOME_FAILED


def write_material(out: Path) -> None:
    """OUT/photos, OUT/exemplars and OUT/portrait.png; images that are there already stay."""
    astronaut = portrait()
    images.write_bgr(out / 'portrait.png', astronaut)
    for name, image, seed in (('photos', astronaut, 1), ('exemplars', paint(astronaut), 2)):
        write_portraits(out / name, image, IMAGES, SIDE, seed)


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
