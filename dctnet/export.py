"""python -m dctnet.export --run RUN --out MODEL_DIR: a trained generator as a model folder for infer.py and for the
published pipelines: cartoon_h.pb, cartoon_bg.pb and alpha.jpg; with --format also for other runtimes. Beside each file
stand a JSON card and a short program that uses it without this project."""
import argparse
import logging
from pathlib import Path
from typing import Callable, List, NoReturn, Optional, Sequence

from dctnet import process
from dctnet.command_line import Parser
from dctnet.errors import DONE, exit_with
from dctnet.exporters import choice
from dctnet.runs import checkpoint_files


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
    parser = Parser(prog='python -m dctnet.export', description=__doc__)
    parser.add_argument('--run', type=Path, required=True,
                        help='run folder, checkpoint RUN/checkpoints/model-STEP, .npz, .pb or model folder')
    parser.add_argument('--checkpoint', metavar='best|STEP',
                        help='of a run folder: the best by the measurements during the training (evaluate.every), or '
                             'the one of a step (default: the newest)')
    parser.add_argument('--out', type=Path, required=True, help='folder to write into')
    parser.add_argument('--mask', type=Path, help='picture to use as fusion mask instead of the ellipse')
    parser.add_argument('--format', type=_listed(choice.FORMATS), default=[choice.PB], metavar='A,B,...',
                        dest='formats',
                        help=f"some of {', '.join(choice.FORMATS)} (default: pb, the model folder; modelscope is that "
                             'with a configuration.json)')
    parser.add_argument('--precision', type=_listed(choice.PRECISIONS), default=[choice.FLOAT32], metavar='A,B,...',
                        dest='precisions', help=f"of onnx and tflite, some of {', '.join(choice.PRECISIONS)} (default: "
                                                'float32)')
    parser.add_argument('--size', type=int, nargs=2, metavar=('HEIGHT', 'WIDTH'),
                        help='the only size that a .tflite will take (default: all; 288 288 in TensorFlow 1.15, which '
                             'cannot leave it open)')
    parser.add_argument('--licence', metavar='TEXT', help='of the weights, for the cards (default: what the card of a '
                                                          'model folder says)')
    return parser.parse_args(argv)


def _listed(known: Sequence[str]) -> Callable[[str], List[str]]:
    """Parses a list of known words, with commas."""
    def words(text: str) -> List[str]:
        unknown = [word for word in text.split(',') if word not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(known)}")
        return [word for word in known if word in text.split(',')]
    return words


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(argv)
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    for library in ('tf2onnx', 'absl'):  # which tell of each step of theirs
        logging.getLogger(library).setLevel(logging.WARNING)
    choice.check(options.formats, options.precisions, options.size)
    if options.checkpoint:
        checkpoint_files.find(options.run, options.checkpoint)
    process.prepare()
    process.find_own_programs()
    from dctnet.compat import graph_mode
    from dctnet.exporters import folder, source
    graph_mode()
    what = source.read(options.run, options.checkpoint, options.licence)
    if options.mask:
        what = what._replace(mask=source.read_mask(options.mask))
    size = (options.size[0], options.size[1]) if options.size else None
    for name, card in folder.write(what, options.out, options.formats, options.precisions, size):
        differences = ', '.join(f"{sides} {found['largest']} (mean {found['mean']})"
                                for sides, found in card['parity']['sizes'].items())
        print(f"{options.out / name}: step {card.get('step')}, {card['parameters']} parameters, {card['precision']}; "
              f'from the live graph in grey levels at most {differences}')
    return DONE


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
