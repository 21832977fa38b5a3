"""Geometry expansion of a folder of pictures into files: N pictures become 8N, as the published script does.

python -m data_tools.augment_geometry SRC DST [--seed 0] [--workers 2]

Training does the same on the fly (data.geometry), so this is for looking at it or for other programs. The same command
again goes on where it was stopped. Exit codes: 0 done, 1 some pictures failed, 2 a mistake to put right.
"""
import argparse
import logging
import zlib
from pathlib import Path
from typing import List, NoReturn, Optional, Sequence, Tuple

import numpy as np

from dctnet import images
from dctnet.command_line import Parser
from dctnet.data import geometry
from dctnet.errors import DONE, SOME_FAILED, UserError, exit_with
from dctnet.files import atomic
from dctnet.parallel import ordered_map, succeeded

log = logging.getLogger('augment_geometry')


def augment(path: Path, folder: Path, seed: int) -> int:
    """Write the eight variants of one image as FOLDER/NAME_VARIANT.png; returns how many were not there yet.

    The draws depend on the seed and the image's name alone.
    """
    rng = np.random.RandomState([seed, zlib.crc32(path.name.encode('utf-8', 'surrogateescape'))])
    missing = [(folder / f"{path.name.replace('.', '_')}{suffix}.png", transform)
               for suffix, transform in geometry.expanded(rng)]
    missing = [(target, transform) for target, transform in missing if not target.exists()]
    if missing:
        image = images.read_bgr(path)
        for target, transform in missing:
            images.write_bgr(target, geometry.transformed(image, transform))
    return len(missing)


def augment_all(paths: Sequence[Path], folder: Path, seed: int, workers: int) -> Tuple[int, List[Path]]:
    """`augment` for every image. Returns how many files were written, and the images that failed.

    paths: the images.
    folder: for the expanded ones.
    seed: of the draws.
    workers: images at the same time.
    """
    written, failed = 0, []
    for path, call in ordered_map(lambda path: augment(path, folder, seed), paths, workers):
        if succeeded(call, path, log):
            written += call.result()
        else:
            failed.append(path)
    return written, failed


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
    parser = Parser(prog='python -m data_tools.augment_geometry', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('source', type=Path, metavar='SRC', help='folder of pictures')
    parser.add_argument('target', type=Path, metavar='DST', help='folder for the expanded pictures')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--workers', type=int, default=2, help='pictures at the same time (default 2)')
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(argv)
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    paths = images.list_images(options.source)
    if options.target.exists() and options.target.resolve() == options.source.resolve():
        raise UserError(f'SRC and DST are the same folder ({options.source}): the results would be expanded again')
    if options.workers < 1 or options.seed < 0:
        raise UserError('--workers must be at least 1 and --seed at least 0')
    atomic.make_folder(options.target)
    written, failed = augment_all(paths, options.target, options.seed, options.workers)
    log.info('%d pictures: %d files written, %d there before, %d pictures failed', len(paths), written,
             8 * (len(paths) - len(failed)) - written, len(failed))
    return SOME_FAILED if failed else DONE


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
