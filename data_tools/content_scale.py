"""Work out how strongly a content network of your own counts beside a trained VGG19, and write it into its card.

python -m data_tools.content_scale FILE.pb [--dry-run]

FILE.pb is a frozen graph, image:0 float32 [N, H, W, 3] BGR in [-1, 1] -> features:0. "content_scale" in FILE.json
beside it then multiplies its features, so that loss.content means what it means with VGG19; what else stands in the
card stays. Exit codes: 0 done, 2 a mistake to put right.
"""
import argparse
import json
import logging
from pathlib import Path
from typing import Dict, NoReturn, Optional, Sequence

import numpy as np

from dctnet import process
from dctnet.command_line import Parser
from dctnet.errors import DONE, UserError, exit_with
from dctnet.files import atomic

log = logging.getLogger('content_scale')

_ALIKE = 3.0  # a change that costs so many times more or less, beside the others, is told


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
    parser = Parser(prog='python -m data_tools.content_scale', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('network', type=Path, metavar='FILE.pb', help='content network')
    parser.add_argument('--dry-run', action='store_true', help='print the scale, write nothing')
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(argv)
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    process.prepare()
    from dctnet.compat import graph_mode
    from dctnet.nets.content_network import CONTENT_SCALE, read_card
    from dctnet.nets.pretrained import read_file

    from .weights.content_changes import TRAINED, costs
    graph_mode()
    graph, card = read_file(options.network, 'content network', ()), read_card(options.network)
    found = costs(graph, str(options.network))
    if not all(0 < cost < np.inf for cost in found.values()):
        blind = ', '.join(name for name, cost in found.items() if not 0 < cost < np.inf)
        raise UserError(f'{options.network} cannot hold the content: its features do not tell these changes of a '
                        f'photograph, or are not finite: {blind}; take a network that sees colours and edges')
    scale = float(f'{scale_of(found, TRAINED):.3g}')
    print('change        costs (200 * content)   scaled   a trained VGG')
    for name, cost in found.items():
        ratio = scale * cost / TRAINED[name]
        odd = '' if 1 / _ALIKE < ratio < _ALIKE else f'   {ratio:.2f} times as much'
        print(f'{name:12s} {cost:22.4f} {scale * cost:8.4f} {TRAINED[name]:15.4f}{odd}')
    print(f'{CONTENT_SCALE}: {scale:g}')
    if not options.dry_run:
        card[CONTENT_SCALE] = scale
        target = options.network.with_suffix('.json')
        atomic.write_text(target, json.dumps(card, indent=2) + '\n')
        print(f'written into {target}')
    return DONE


def scale_of(found: Dict[str, float], trained: Dict[str, float]) -> float:
    """The factor of a network's features by which its costs agree with a trained network's: the median of the
    changes' ratios, since no factor makes two networks see alike."""
    return float(np.median([trained[name] / cost for name, cost in found.items()]))


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
