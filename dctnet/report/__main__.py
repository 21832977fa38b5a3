"""A training run as one HTML page: warnings with cause and cure, samples over time, curves, config.

python -m dctnet.report RUN [--out FILE.html]

The page is one file and loads nothing from anywhere. RUN may be in training still; nothing in it is changed but the
page itself, RUN/report.html if --out does not name another.
"""
import argparse
from pathlib import Path
from typing import NoReturn, Optional, Sequence

from dctnet.command_line import Parser
from dctnet.errors import DONE, exit_with
from dctnet.files import atomic
from dctnet.report.image_checks import check_samples
from dctnet.report.metric_checks import check_metrics
from dctnet.report.page import page_of
from dctnet.report.run_record import read_run


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
    parser = Parser(prog='python -m dctnet.report', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('run', type=Path, metavar='RUN', help='run folder of train.py')
    parser.add_argument('--out', type=Path, metavar='FILE.html', help='the page (default RUN/report.html)')
    parser.add_argument('--sheets', type=int, default=40, metavar='N', help='sample sheets at most (default 40)')
    options = parser.parse_args(argv)
    if options.sheets < 1:
        parser.error('--sheets must be at least 1')
    return options


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(argv)
    run = read_run(options.run)
    findings = check_metrics(run) + check_samples(run)
    out = options.out or options.run / 'report.html'
    atomic.write_text(out, page_of(run, findings, options.sheets))
    for finding in findings:
        print(f'warning: {finding.symptom}: {finding.seen}')
    print(f'{out}: step {run.step}, {len(findings)} warnings')
    return DONE


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
