"""python -m data_tools.check PHOTO STYLE: are these folders fit for a training?

Looks at every picture of both folders (or keep-lists): sizes, faces, pose, blur, near-duplicates, colours; warns of
what is likely to hurt, with what to do about it, and writes a report with contact sheets. Folders that look swapped are
refused. It cannot see whether a style is good, nor tell styles apart that differ as little as renderings and
photographs. Exit codes: 0 fit, with or without warnings, 2 refused or a mistake to put right.
"""
import argparse
import logging
from pathlib import Path
from typing import NoReturn, Optional, Sequence

from dctnet.command_line import Parser
from dctnet.data import folders
from dctnet.errors import DONE, UserError, exit_with
from dctnet.files import atomic

from .checks import folder_check, image_facts, page

log = logging.getLogger(__name__)


def check(photo: Path, style: Path, out: Path, size: int, workers: int) -> str:
    """Measure both folders and write the report. Returns a summary.

    photo, style: folders or keep-lists of photographs and of exemplars.
    out: the report, an .html file.
    size: side of the training images in pixels.
    workers: images at the same time.
    Raises UserError if a folder is missing or empty, both are one, no image of one can be read, or the two look swapped
    (the report is there then).
    """
    training = folders.list_folders(str(photo), str(style), batch_size=1)
    log.info('looking at %d photographs and %d exemplars', len(training.photo), len(training.style))
    photos, exemplars = [image_facts.measure(paths, workers) for paths in (training.photo, training.style)]
    for place, facts in ((photo, photos), (style, exemplars)):
        if all(entry.error for entry in facts):
            raise UserError(f'no picture in {place} can be read: {facts[0].error}')
    refused = folder_check.refusal(photos, exemplars)
    warnings = folder_check.findings(photos, exemplars, size)
    atomic.write_text(out, page.page((photo, style), (photos, exemplars), refused, warnings))
    if refused:
        raise UserError(f'the folders look swapped: {refused}. PHOTO is {photo}, STYLE is {style}: exchange them '
                        f'(report: {out})')
    lines = ['{:45} {:28} {}'.format(*row) for row in [('', 'PHOTO', 'STYLE')] + page.table(photos, exemplars)]
    lines += ['', f'warnings: {len(warnings)}']
    lines += ['{}: {} - {}.'.format(*finding[:3]) for finding in warnings]
    return '\n'.join(lines + ['', f'report: {out}'])


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
    parser = Parser(prog='python -m data_tools.check', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('photo', type=Path, metavar='PHOTO', help='folder of aligned photographs, or a keep-list')
    parser.add_argument('style', type=Path, metavar='STYLE', help='folder of style exemplars, or a keep-list')
    parser.add_argument('--out', type=Path, default=Path('check.html'), metavar='HTML',
                        help='report to write (default: %(default)s)')
    parser.add_argument('--size', type=int, default=256, help='data.size of the training (default: %(default)s)')
    parser.add_argument('--workers', type=int, default=2, help='pictures looked at side by side (default: %(default)s)')
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(argv)
    if options.size < 16 or options.workers < 1:
        raise UserError('--size must be at least 16, --workers at least 1')
    if options.out.suffix.lower() not in ('.html', '.htm'):
        raise UserError(f'--out {options.out}: name an .html file')
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    print(check(options.photo, options.style, options.out, options.size, options.workers))
    return DONE


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
