"""A preference study: which of two methods keeps the person better, and which has the better style?

python -m dctnet.study make --photos PHOTOS --results METHOD METHOD [...] --out PAGE.html
python -m dctnet.study score ANSWERS.json [...] [--out SCORES.json]

Send the page to people; each sends back the file of "Save answers". PAGE.html?p=NAME names the participant. Everyone
is asked about every picture and every pair of methods, in an order of their own.
"""
import argparse
import json
from pathlib import Path
from typing import NoReturn, Optional, Sequence

from dctnet.command_line import Parser
from dctnet.errors import DONE, exit_with
from dctnet.files import atomic
from dctnet.study.answers import read_answers
from dctnet.study.page import study_page
from dctnet.study.scoring import markdown, score


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
    parser = Parser(prog='python -m dctnet.study', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest='command', metavar='COMMAND')
    commands.required = True
    make = commands.add_parser('make', help='pictures -> page')
    make.add_argument('--photos', type=Path, required=True, metavar='FOLDER', help='the photographs')
    make.add_argument('--results', type=Path, nargs='+', required=True, metavar='FOLDER',
                      help='results of the methods, under the names of the photographs')
    make.add_argument('--out', type=Path, required=True, metavar='PAGE.html')
    make.add_argument('--pictures', type=int, default=20, metavar='N', help='at most so many (default 20)')
    make.add_argument('--side', type=int, default=512, metavar='PX', help='their longest side (default 512)')
    scoring = commands.add_parser('score', help='answers -> table')
    scoring.add_argument('answers', type=Path, nargs='+', metavar='ANSWERS.json')
    scoring.add_argument('--out', type=Path, metavar='SCORES.json', help='write the scores there, too')
    options = parser.parse_args(argv)
    if options.command == 'make' and min(options.pictures, options.side) < 1:
        parser.error('--pictures and --side must be at least 1')
    return options


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(argv)
    if options.command == 'make':
        page = study_page(options.photos, options.results, options.pictures, options.side)
        atomic.write_text(options.out, page)
        print(options.out)
        return DONE
    result = score(*read_answers(options.answers))
    if options.out:
        atomic.write_text(options.out, json.dumps(result, indent=2) + '\n')
    print(markdown(result), end='')
    return DONE


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
