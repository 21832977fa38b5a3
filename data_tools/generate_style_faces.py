"""Faces of a style, drawn by the generator that `train.py ccn` has calibrated to its exemplars.

python -m data_tools.generate_style_faces --run CCN_RUN --out FOLDER [--count 10000] [--checkpoint 1000]

Writes FOLDER/000000.png ... and, beside them, what the source generator makes of the same latents
(FOLDER/source/000000.png ...): data_tools.filter_faces compares the two. Look at FOLDER/sheets/pairs.png first.

Sample i depends on --seed and i only, up to rounding: not on --batch, --count or interruptions. The same command again
goes on where it was stopped; with other settings it is refused in the same folder. Exit codes: 0 done, 2 a mistake to
put right.
"""
import argparse
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Callable, NoReturn, Optional, Sequence

from dctnet.command_line import Parser
from dctnet.errors import DONE, UserError, exit_with
from dctnet.models.sampling import FaceSampler, Sampling

from .folders import sample_folder
from .samples import generator_pair
from .samples.generator_pair import GeneratorPair

log = logging.getLogger('generate_style_faces')

_REPORT_SECONDS = 15
_WRITERS = 8  # files at the same time: each waits for the disk


def generate(sampler: Callable, folder: Path, count: int, batch: int, twins: bool) -> int:
    """Write those of the pictures 0 ... count - 1 that are missing. Returns how many.

    sampler: indices -> (pictures, twins) as models.sampling.FaceSampler. It is always asked for whole batches that
    begin at a multiple of `batch`, so that going on repeats an uninterrupted run to the last bit.
    """
    missing = {index for index in range(count) if not sample_folder.is_done(folder, index, twins)}
    sheet_due = min(count, sample_folder.SHEET_IMAGES)
    start, reported, done = time.time(), time.time(), 0
    with ThreadPoolExecutor(_WRITERS) as pool:
        for first in range(0, count, batch):
            block = range(first, first + batch)
            wanted = [index for index in block if index in missing]
            if wanted:
                pictures, their_twins = sampler(block)
                jobs = [pool.submit(sample_folder.write, folder, index, pictures[index - first],
                                    their_twins[index - first] if twins else None) for index in wanted]
                for job in jobs:
                    job.result()
                done += len(wanted)
            if first < sheet_due <= first + batch:
                log.info('look at %s', sample_folder.write_sheet(folder, count, twins))
            if wanted and (time.time() - reported > _REPORT_SECONDS or done == len(missing)):
                reported, speed = time.time(), done / (time.time() - start)
                log.info('%d of %d  %.2f images/s  %s left', count - len(missing) + done, count, speed,
                         timedelta(seconds=int((len(missing) - done) / speed)))
    return done


def parse(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
    parser = Parser(prog='python -m data_tools.generate_style_faces', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument('--run', type=Path, help='run of train.py ccn: its averaged target and its source')
    which.add_argument('--target', type=Path, metavar='NPZ|RUN',
                       help='instead of --run: .npz of data_tools.import_weights stylegan2, a checkpoint, or a run')
    parser.add_argument('--source', type=Path, metavar='NPZ|RUN', help='source generator (default: that of --run)')
    parser.add_argument('--checkpoint', type=int, metavar='STEP',
                        help='step of --run (default: the newest; the published recipe takes 1000 of 1500)')
    parser.add_argument('--out', type=Path, required=True, metavar='FOLDER')
    parser.add_argument('--count', type=int, default=10000, help='pictures in all (default 10000)')
    parser.add_argument('--blend', type=_resolution, default=Sampling().blend, metavar='RESOLUTION',
                        help='layers up to this resolution are the source\'s (default 4); none: the target as it is')
    parser.add_argument('--blend-width', type=float, default=0.0, metavar='WIDTH',
                        help='blend softly: width of a sigmoid over log2 of the resolution (default 0: a hard cut)')
    parser.add_argument('--mix-w', type=int, default=0, metavar='K',
                        help='the first K layers (of 14 at 256 px) take w of the source\'s mapping, the others of the '
                             'target\'s (default 0: all take that of the blended generator); peers use 4')
    parser.add_argument('--truncation', type=float, default=Sampling().truncation, metavar='PSI',
                        help='1: all the variety, 0: the mean face (default 0.7)')
    parser.add_argument('--mean-samples', type=int, default=Sampling().mean_samples, metavar='N',
                        help='w vectors in the mean that truncation pulls to (default 4096)')
    parser.add_argument('--noise', choices=('fresh', 'fixed'), default='fresh',
                        help='noise pictures: of every sample\'s own, or those of the generator (default fresh)')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--batch', type=int, default=8, help='pictures at the same time (default 8)')
    parser.add_argument('--no-pairs', dest='pairs', action='store_false',
                        help='leave out the source\'s pictures: half the time, but no identity score in filter_faces')
    parser.add_argument('--device', choices=('auto', 'cpu', 'gpu'), default='auto')
    return parser.parse_args(arguments)


def _resolution(text: str) -> int:
    return 0 if text == 'none' else int(text)


def sampling_of(options: argparse.Namespace, pair: GeneratorPair) -> Sampling:
    """The options as settings of the sampler. Raises UserError if they do not go with the generators."""
    a = pair.architecture
    allowed = [0, 4] + a.resolutions
    for wrong, text in (
            (options.blend not in allowed, '--blend must be one of '
                                           f"{', '.join(str(resolution) for resolution in allowed)}, not "
                                           f'{options.blend}'),
            (not 0 <= options.blend_width < float('inf'), '--blend-width must be at least 0'),
            (options.blend_width and not options.blend, '--blend-width needs a --blend to soften'),
            (not 0 <= options.mix_w <= a.layers, f'--mix-w must be 0 to {a.layers}, the layers of this generator'),
            (not 0 <= options.truncation <= 2, '--truncation must be 0 to 2'),
            (options.mean_samples < 1 or options.count < 1 or options.batch < 1,
             '--mean-samples, --count and --batch must be at least 1'),
            (not 0 <= options.seed < 2 ** 32, '--seed must be 0 to 4294967295'),
            (pair.source is None and (options.blend or options.mix_w),
             'blending and mixing w need the source that the target was calibrated from: name it with --source, or '
             'sample the target as it is with --blend none')):
        if wrong:
            raise UserError(text)
    return Sampling(options.blend, options.blend_width, options.mix_w, options.truncation, options.mean_samples,
                    options.seed, options.noise == 'fresh')


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(arguments)
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    if options.checkpoint is not None and not options.run:
        raise UserError('--checkpoint goes with --run; with --target name the checkpoint itself '
                        f'(RUN/checkpoints/model-{options.checkpoint})')
    pair = (generator_pair.of_run(options.run, options.checkpoint, options.source) if options.run
            else generator_pair.of_files(options.target, options.source))
    sampling = sampling_of(options, pair)
    twins = options.pairs and pair.source is not None
    settings = dict(sampling._asdict(), pairs=twins, target=generator_pair.sha256(pair.target)[:16],
                    source=generator_pair.sha256(pair.source)[:16] if pair.source else None)
    sampler = FaceSampler(pair.architecture, pair.target, pair.source, sampling, twins, options.device)
    sample_folder.begin(options.out, settings, pair.origins)
    log.info('%s: %d px, %s', pair.origins['target'], pair.architecture.size,
             f"with twins of {pair.origins['source']}" if twins else 'without twins')
    new = generate(sampler, options.out, options.count, options.batch, twins)
    log.info('%s: %d pictures, %d of them new', options.out, options.count, new)
    return DONE


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
