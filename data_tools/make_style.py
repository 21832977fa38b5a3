"""From a folder of photographs and a folder of exemplars to a model folder: every stage of the recipe in one command.

python -m data_tools.make_style --recipe configs/recipe/official.yaml --photos PHOTOS --exemplars EXEMPLARS \\
    --out WORK [--source FFHQ.npz] [--set samples.count=5000] [--until STAGE] [--dry-run]

Stages and what they leave in WORK: align (photo/, style/), source (a generator of faces, only without --source), ccn
(the same, calibrated to the exemplars), sample (samples/), filter (samples/keep.txt), ttn (the translator), export
(model/: for infer.py). Each prints the command that it is, which may as well be typed by hand. The same command again
goes on where it was stopped: look at WORK/samples/sheets, correct keep.txt and repeat, for example. Exit codes: 0 done,
2 a mistake to put right, 75 stopped early and resumable.
"""
import argparse
import logging
import shlex
import time
from pathlib import Path
from typing import List, NoReturn, Optional, Sequence

from dctnet import config_file, places
from dctnet.command_line import Parser
from dctnet.errors import DONE, SOME_FAILED, STOPPED_EARLY, UserError, exit_with

from .recipe import stages
from .recipe.project_command import run_command
from .recipe.stages import Recipe, Step

log = logging.getLogger('make_style')

STAGES = ('align', 'source', 'ccn', 'sample', 'filter', 'ttn', 'export')


def steps(recipe: Recipe, photos: Path, exemplars: Path, out: Path, source: Optional[Path] = None,
          landmarks: Optional[Path] = None) -> List[Step]:
    """The commands of all stages, in order.

    recipe: what decides their options.
    photos, exemplars: folders of the user's pictures.
    out: folder of everything that is made.
    source: run, checkpoint or .npz of the source generator; None: one is trained on the photographs.
    landmarks: JSON of hand-made landmarks of the exemplars, or None.
    """
    result: List[Step] = []
    if recipe.align.photos:
        result.append(stages.align(recipe, photos, out / 'photo'))
        photos = out / 'photo'
    if recipe.align.exemplars:
        result.append(stages.align(recipe, exemplars, out / 'style', landmarks))
        exemplars = out / 'style'
    if source is None:
        source = out / 'source'
        result.append(stages.source(recipe, photos, source))
    return result + [
        stages.ccn(recipe, source, exemplars, out / 'ccn'),
        stages.sample(recipe, out / 'ccn', out / 'samples'),
        stages.filter_samples(recipe, out / 'samples', exemplars),
        stages.ttn(recipe, photos, exemplars, out / 'samples', out / 'ttn'),
        stages.export(out / 'ttn', out / 'model')]


def run(commands: Sequence[Step], dry_run: bool = False) -> int:
    """Run the commands one after the other; returns the exit code.

    A stage that could not use some images does not end the recipe. Raises UserError if a command fails.
    """
    for number, step in enumerate(commands, 1):
        title, start = f'[{number}/{len(commands)} {step.stage}] ', time.time()
        if dry_run:
            print(f"{title}$ python {' '.join(shlex.quote(word) for word in step.words)}")
            continue
        code = run_command(step.words, title)
        log.info('%s: %.0f s', step.stage, time.time() - start)
        if code == STOPPED_EARLY:
            return STOPPED_EARLY
        if code == SOME_FAILED and step.stage in ('align', 'filter'):
            log.warning('%s: some pictures could not be used (named above); going on with the others', step.stage)
        elif code:
            raise UserError(f'stage {step.stage} failed with exit code {code}: its message above says why. The same '
                            'command goes on from there')
    return DONE


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
    parser = Parser(prog='python -m data_tools.make_style', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--recipe', type=places.config_path, required=True,
                        help='YAML file, e.g. configs/recipe/official.yaml')
    parser.add_argument('--photos', type=Path, required=True, help='folder of photographs with faces')
    parser.add_argument('--exemplars', type=Path, required=True, help='folder of pictures of one style, with faces')
    parser.add_argument('--out', type=Path, required=True, metavar='WORK', help='folder of everything that is made')
    parser.add_argument('--source', type=Path, metavar='NPZ|RUN',
                        help='source generator (data_tools.import_weights stylegan2); default: train one on the photos')
    parser.add_argument('--landmarks', type=Path, metavar='JSON',
                        help='hand-made landmarks of exemplars in which no face is found (see data_tools.align_faces)')
    parser.add_argument('--set', action='append', default=[], metavar='KEY=VALUE', dest='overrides',
                        help='change one key of the recipe, for example samples.count=5000 (repeatable)')
    parser.add_argument('--until', choices=STAGES, default=STAGES[-1], metavar='STAGE',
                        help=f"stop after this stage: {', '.join(STAGES)}")
    parser.add_argument('--dry-run', action='store_true', help='only print the commands')
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(argv)
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    recipe = config_file.load(Recipe, options.recipe, options.overrides)
    for name in ('photos', 'exemplars'):
        if not getattr(options, name).is_dir():
            raise UserError(f'--{name} {getattr(options, name)} is no folder: check the path')
    paths = [path.resolve() if path else None for path in (
        options.photos, options.exemplars, options.out, options.source, options.landmarks)]
    allowed = STAGES[:STAGES.index(options.until) + 1]
    code = run([step for step in steps(recipe, *paths) if step.stage in allowed], options.dry_run)
    if code == DONE and options.until == STAGES[-1] and not options.dry_run:
        command_name = places.as_typed('python infer.py')
        print(f"\nmodel folder: {options.out / 'model'} ({command_name} --model {options.out / 'model'} --input "
              'PICTURES --output CARTOONS)')
    return code


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
