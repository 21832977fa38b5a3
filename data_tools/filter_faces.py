"""Pick the good ones of generated faces: scores, contact sheets sorted by them, and a keep-list to correct by hand.

python -m data_tools.filter_faces FOLDER [--exemplars STYLE_FOLDER] [--keep 0.5] [--require-face] [--limit NAME=VALUE]

FOLDER is one of data_tools.generate_style_faces, or any folder of aligned faces. It gets
  scores.csv      a row a picture, the best first: rank, total, the scores, verdict and reason
  keep.txt        the kept names, one a line; correct it by hand: it is not written again without --force
  sheets/contact_sheet_001.png ...    rank and name below each picture; dropped ones are pale, with the reason

Scores, each also ranked among all pictures; the total is the mean of these ranks:
  face_score       of dlib's face detector; empty if it finds nothing even to doubt
  landmark_spread  how far landmarks move when the face's box is shifted, in widths of the box: less is better
  identity         cosine of dlib's descriptors of the picture and its twin in FOLDER/source
  sharpness        variance of the Laplacian over the variance of the grey values; grain counts, too
  style_distance   to the nearest exemplars in features of dlib's network; 1 = as far as they are apart: less is better

Scores of unchanged pictures are kept in FOLDER/scores_cache.json, so the same command again is quick and goes on where
it was stopped. Exit codes: 0 done, 1 some pictures could not be read, 2 a mistake to put right.
"""
import argparse
import csv
import io
import logging
import shlex
import sys
from pathlib import Path
from typing import Any, Dict, NoReturn, Optional, Sequence, Union

from dctnet import images, process
from dctnet.command_line import Parser
from dctnet.data import folders
from dctnet.errors import DONE, SOME_FAILED, UserError, exit_with
from dctnet.files import atomic

from .folders.sample_folder import SHEETS
from .samples import contact_sheet
from .samples.selection import CRITERIA, Selection, Verdict, dropped_by, verdicts

log = logging.getLogger('filter_faces')

COLUMNS = ('name', 'rank', 'total') + tuple(CRITERIA) + ('verdict', 'reason')
_USUAL_FACE_SCORE = 0.25  # below it the detector is unsure


def table(ranking: Sequence[Verdict], scores: Dict[str, Dict[str, Any]]) -> str:
    """scores.csv as text: the best first; what could not be measured is empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator='\n')
    writer.writerow(COLUMNS)
    for verdict in ranking:
        values = [scores[verdict.name].get(criterion) for criterion in CRITERIA]
        writer.writerow([verdict.name, verdict.rank, round(verdict.total, 4)] + values
                        + ['drop' if verdict.criterion else 'keep', verdict.reason])
    return stream.getvalue()


def write_keep_list(path: Path, names: Sequence[str], notes: Sequence[str], force: bool) -> None:
    """Write a list of names, unless there is one already, which may have been corrected by hand.

    path: the list.
    names: of the images to keep.
    notes: comments at its top.
    force: write it anyway.
    """
    if path.exists() and not force:
        there = set(folders.keep_list_names(path))
        log.info('%s stays as it is: %d names, %d of them not in the new choice of %d; --force makes it anew',
                 path, len(there), len(there - set(names)), len(names))
        return
    atomic.write_text(path, folders.keep_list_text(sorted(names), notes))
    log.info('%s: %d names', path, len(names))


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
    parser = Parser(prog='python -m data_tools.filter_faces', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path, metavar='FOLDER', help='folder of generated faces')
    parser.add_argument('--exemplars', type=Path, metavar='FOLDER', help='style exemplars: adds the style distance')
    parser.add_argument('--keep', default='0.5', metavar='N|SHARE',
                        help='keep the best N pictures, or a share written with a point (default 0.5)')
    parser.add_argument('--require-face', nargs='?', type=float, const=_USUAL_FACE_SCORE, metavar='SCORE',
                        help=f'drop pictures with a lower face_score (without a number: {_USUAL_FACE_SCORE}); without '
                             'this option, the score only counts for the rank')
    parser.add_argument('--limit', action='append', default=[], metavar='NAME=VALUE',
                        help='drop pictures whose score is worse than VALUE, e.g. identity=0.9; may be repeated')
    parser.add_argument('--duplicates', type=int, default=24, metavar='BITS',
                        help='hashes that differ in at most so many of 256 bits are near-duplicates, and the better '
                             'picture stays (default 24; -1: look for none)')
    parser.add_argument('--force', action='store_true', help='write keep.txt anew, hand corrections and all')
    parser.add_argument('--workers', type=int, default=2, help='pictures searched for faces at the same time')
    parser.add_argument('--device', choices=('auto', 'cpu', 'gpu'), default='auto')
    return parser.parse_args(argv)


def selection_of(keep: str, limits: Sequence[str], require_face: Optional[float], duplicates: int) -> Selection:
    """What is dropped.

    keep: a number of images ('5000'), or a share of them ('0.5').
    limits: NAME=VALUE of scores.
    require_face: limit of face_score, or None.
    duplicates: bits in which the hashes of near-duplicates differ at most.
    Raises UserError if they make no sense.
    """
    values = {}
    for text in limits:
        name, _, value = text.partition('=')
        try:
            values[name] = float(value)
        except ValueError:
            raise UserError(f'--limit {text}: write it as NAME=NUMBER') from None
        if name not in CRITERIA:
            raise UserError(f"--limit {text}: there is no score {name}; there are {', '.join(CRITERIA)}")
    if require_face is not None:
        values['face_score'] = require_face
    return Selection(_amount(keep), values, duplicates)


def _amount(text: str) -> Union[int, float]:
    try:
        amount = float(text) if '.' in text else int(text)
    except ValueError:
        amount = -1
    if not (0 < amount <= 1 if isinstance(amount, float) else amount >= 1):
        raise UserError(f'--keep {text}: write a number of pictures, such as 5000, or a share of them, such as 0.5')
    return amount


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    options = parse(words)
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    selection = selection_of(options.keep, options.limit, options.require_face, options.duplicates)
    if options.workers < 1:
        raise UserError('--workers must be at least 1')
    paths = images.list_images(options.folder)
    folders.check_listable(paths)
    atomic.check_place(options.folder)  # scores take a while
    exemplars = images.list_images(options.exemplars) if options.exemplars else []
    process.prepare()
    from dctnet.compat import graph_mode

    from .samples.folder_scores import scores_of
    graph_mode()
    scores = scores_of(paths, exemplars, options.workers, options.device)
    ranking = verdicts(scores, selection)
    write_scores(options.folder, ranking, scores)

    names, dropped = [verdict.name for verdict in ranking if not verdict.criterion], dropped_by(ranking)
    if not names:
        raise UserError(f'nothing of {len(paths)} pictures in {options.folder} would be kept: dropped {dropped}. '
                        'Loosen that; scores.csv shows the scores')
    log.info('%d of %d pictures kept; dropped %s', len(names), len(paths), dropped or 'none')
    write_keep_list(options.folder / 'keep.txt', names, [
        f"{len(names)} of {len(paths)} pictures; dropped {dropped or 'none'}",
        'python -m data_tools.filter_faces ' + ' '.join(shlex.quote(word) for word in words),
        'One name a line; remove and add what you like: it is not written again without --force.'], options.force)
    return SOME_FAILED if 'unreadable' in dropped else DONE


def write_scores(folder: Path, ranking: Sequence[Verdict], scores: Dict[str, Dict[str, Any]]) -> None:
    """Write scores.csv and the contact sheets, and log which images cannot be read."""
    atomic.write_text(folder / 'scores.csv', table(ranking, scores))
    for verdict in ranking:
        if verdict.criterion == 'unreadable':
            log.error('%s', verdict.reason)
    pages = contact_sheet.write_pages(folder / SHEETS, [
        contact_sheet.Entry(folder / verdict.name, ' '.join([str(verdict.rank), Path(verdict.name).stem,
                                                             verdict.criterion]), bool(verdict.criterion))
        for verdict in ranking if verdict.criterion != 'unreadable'])
    log.info('%s and %d contact sheets in %s', folder / 'scores.csv', len(pages), folder / SHEETS)


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
