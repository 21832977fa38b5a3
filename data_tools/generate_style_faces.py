"""Faces of a style, drawn by the generator that `train.py ccn` has calibrated to its exemplars.

python -m data_tools.generate_style_faces --run CCN_RUN --out FOLDER [--count 10000] [--checkpoint 1000]

Writes FOLDER/000000.png ... and, beside them, what the source generator makes of the same latents
(FOLDER/source/000000.png ...): data_tools.filter_faces compares the two. Look at FOLDER/sheets/pairs.png first.

Sample i depends on --seed and i only, up to rounding: not on --batch, --count or interruptions. The same command again
goes on where it was stopped; with other settings it is refused in the same folder. Exit codes: 0 done, 2 a mistake to
put right.
"""
from __future__ import annotations

import argparse
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Callable, NoReturn, Optional, Sequence

from dctnet import process
from dctnet.command_line import Parser
from dctnet.errors import DONE, UserError, exit_with

from .folders import sample_folder

if TYPE_CHECKING:  # the real import waits until the command has been checked: it loads TensorFlow
    from dctnet.models.sampling import Sampling

log = logging.getLogger('generate_style_faces')

_REPORT_SECONDS = 15
_WRITERS = 8  # files at the same time: each waits for the disk


def generate(sampler: Callable, folder: Path, count: int, batch: int, twins: bool) -> int:
    """Write those of the images 0 ... count - 1 that are missing, and their twins. Returns how many.

    sampler: indices -> (images, twins) as models.sampling.FaceSampler. It is always asked for whole batches that begin
        at a multiple of `batch`, so that going on repeats an uninterrupted run to the last bit.
    folder: a sample_folder.
    count: how many images it holds in the end.
    batch: images at the same time.
    twins: whether the sampler's second answer is written, too.
    """
    missing = {index for index in range(count) if not sample_folder.is_done(folder, index, twins)}
    sheet_due = min(count, sample_folder.SHEET_IMAGES)
    start, reported, done = time.time(), time.time(), 0
    with ThreadPoolExecutor(_WRITERS) as pool:
        for first in range(0, count, batch):
            block = range(first, first + batch)
            due = [index for index in block if index in missing]
            if due:
                faces, their_twins = sampler(block)
                jobs = [pool.submit(sample_folder.write, folder, index, faces[index - first],
                                    their_twins[index - first] if twins else None) for index in due]
                for job in jobs:
                    job.result()
                done += len(due)
            if first < sheet_due <= first + batch:
                log.info('look at %s', sample_folder.write_sheet(folder, count, twins))
            if due and (time.time() - reported > _REPORT_SECONDS or done == len(missing)):
                reported, speed = time.time(), done / (time.time() - start)
                log.info('%d of %d  %.2f images/s  %s left', count - len(missing) + done, count, speed,
                         timedelta(seconds=int((len(missing) - done) / speed)))
    return done


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
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
    parser.add_argument('--blend', type=_resolution, metavar='RESOLUTION',
                        help='layers up to this resolution are the source\'s (default 4); none: the target as it is')
    parser.add_argument('--blend-width', type=float, metavar='WIDTH',
                        help='blend softly: width of a sigmoid over log2 of the resolution (default 0: a hard cut)')
    parser.add_argument('--mix-w', type=int, metavar='K',
                        help='the first K layers (of 14 at 256 px) take w of the source\'s mapping, the others of the '
                             'target\'s (default 0: all take that of the blended generator); peers use 4')
    parser.add_argument('--truncation', type=float, metavar='PSI',
                        help='1: all the variety, 0: the mean face (default 0.7)')
    parser.add_argument('--mean-samples', type=int, metavar='N',
                        help='w vectors in the mean that truncation pulls to (default 4096)')
    parser.add_argument('--noise', choices=('fresh', 'fixed'), default='fresh',
                        help='noise pictures: of every sample\'s own, or those of the generator (default fresh)')
    parser.add_argument('--seed', type=int, help='of the latents and the noise (default 0)')
    parser.add_argument('--batch', type=int, default=8, help='pictures at the same time (default 8)')
    parser.add_argument('--no-pairs', dest='pairs', action='store_false',
                        help='leave out the source\'s pictures: half the time, but no identity score in filter_faces')
    parser.add_argument('--device', choices=('auto', 'cpu', 'gpu'), default='auto')
    return parser.parse_args(argv)


def _resolution(text: str) -> int:
    return 0 if text == 'none' else int(text)


def sampling_of(options: argparse.Namespace) -> Sampling:
    """The options as settings of the sampler, which has the defaults."""
    from dctnet.models.sampling import Sampling
    given = {name: getattr(options, name) for name in ('blend', 'blend_width', 'mix_w', 'truncation', 'mean_samples',
                                                       'seed') if getattr(options, name) is not None}
    return Sampling(fresh_noise=options.noise == 'fresh', **given)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(argv)
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    if options.checkpoint is not None and not options.run:
        raise UserError('--checkpoint goes with --run; with --target name the checkpoint itself '
                        f'(RUN/checkpoints/model-{options.checkpoint})')
    if options.count < 1 or options.batch < 1:
        raise UserError('--count and --batch must be at least 1')
    process.prepare()
    from dctnet.compat import graph_mode
    from dctnet.models.sampling import FaceSampler

    from .samples import generator_pair
    graph_mode()
    pair = (generator_pair.of_run(options.run, options.checkpoint, options.source) if options.run
            else generator_pair.of_files(options.target, options.source))
    sampling = sampling_of(options)
    generator_pair.check_sampling(pair, sampling)
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
