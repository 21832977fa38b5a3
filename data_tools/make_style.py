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
from dataclasses import dataclass
from pathlib import Path
from typing import List, NamedTuple, NoReturn, Optional, Sequence

from dctnet import config_file, places
from dctnet.command_line import Parser
from dctnet.errors import DONE, SOME_FAILED, STOPPED_EARLY, UserError, exit_with

from .recipe.project_command import TOOLS, run_command

log = logging.getLogger('make_style')

STAGES = ('align', 'source', 'ccn', 'sample', 'filter', 'ttn', 'export')


@dataclass(frozen=True)
class AlignOptions:
    """data_tools.align_faces.

    photos, exemplars: False if these are aligned faces already.
    border, detector: options of that command.
    cascade: of OpenCV, for the detector of this name; empty for the default.
    """
    photos: bool = True
    exemplars: bool = True
    border: str = 'white'
    detector: str = 'hog'
    cascade: str = ''


@dataclass(frozen=True)
class CcnOptions:
    """train.py ccn; configs are paths or shipped ones. checkpoint: the step to sample from, 0 for the last."""
    source_config: str = 'configs/ccn/source.yaml'
    config: str = 'configs/ccn/official.yaml'
    checkpoint: int = 1000


@dataclass(frozen=True)
class SampleOptions:
    """Options of data_tools.generate_style_faces, and `keep` of data_tools.filter_faces: a share."""
    count: int = 10000
    blend: int = 4
    truncation: float = 0.7
    mean_samples: int = 4096
    seed: int = 0
    keep: float = 0.5


@dataclass(frozen=True)
class TtnOptions:
    """train.py ttn."""
    config: str = 'configs/ttn/official.yaml'


@dataclass(frozen=True)
class Recipe:
    """A whole recipe, by stages. size: side of all images in pixels."""
    size: int = 256
    align: AlignOptions = AlignOptions()
    ccn: CcnOptions = CcnOptions()
    samples: SampleOptions = SampleOptions()
    ttn: TtnOptions = TtnOptions()


class Step(NamedTuple):
    """One command of a stage: the words after `python`."""
    stage: str
    words: List[str]


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

    def add(stage: str, *words: object) -> None:
        result.append(Step(stage, [str(word) for word in words]))

    size = ['--set', f'data.size={recipe.size}']
    align = ['-m', f'{TOOLS}.align_faces', '--size', recipe.size, '--border', recipe.align.border,
             '--detector', recipe.align.detector]
    align += ['--cascade', recipe.align.cascade] if recipe.align.cascade else []
    if recipe.align.photos:
        add('align', *align + [photos, out / 'photo'])
        photos = out / 'photo'
    if recipe.align.exemplars:
        add('align', *align + [exemplars, out / 'style'] + (['--landmarks', landmarks] if landmarks else []))
        exemplars = out / 'style'
    if source is None:
        source = out / 'source'
        add('source', '-m', 'dctnet.train', 'ccn', '--config', recipe.ccn.source_config, *size + [
            '--set', f'data.photo={photos}', '--run', source])
    add('ccn', '-m', 'dctnet.train', 'ccn', '--config', recipe.ccn.config, *size + [
        '--set', f'source={source}', '--set', f'data.style={exemplars}', '--run', out / 'ccn'])
    samples = recipe.samples
    checkpoint = ['--checkpoint', recipe.ccn.checkpoint] if recipe.ccn.checkpoint else []
    add('sample', '-m', f'{TOOLS}.generate_style_faces', '--run', out / 'ccn', *checkpoint + [
        '--count', samples.count, '--blend', samples.blend, '--truncation', samples.truncation, '--mean-samples',
        samples.mean_samples, '--seed', samples.seed, '--out', out / 'samples'])
    add('filter', '-m', f'{TOOLS}.filter_faces', out / 'samples', '--exemplars', exemplars, '--keep',
        float(samples.keep))
    add('ttn', '-m', 'dctnet.train', 'ttn', '--config', recipe.ttn.config, *size + [
        '--set', f'data.photo={photos}', '--set', f'data.style={exemplars}',
        '--set', f"data.generated={out / 'samples' / 'keep.txt'}", '--run', out / 'ttn'])
    add('export', '-m', 'dctnet.export', '--run', out / 'ttn', '--out', out / 'model')
    return result


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
