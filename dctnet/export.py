"""python -m dctnet.export --run RUN --out MODEL_DIR: a trained generator as a model folder for infer.py and for the
published pipelines: cartoon_h.pb, cartoon_bg.pb, alpha.jpg and a JSON card beside each .pb."""
import argparse
import logging
from pathlib import Path
from typing import Any, Dict, NoReturn, Optional, Sequence

import cv2

from dctnet import config_file, images, process
from dctnet.command_line import Parser
from dctnet.errors import DONE, exit_with
from dctnet.files.hashing import sha256_of_bytes
from dctnet.runs import checkpoint_files


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
    parser = Parser(prog='python -m dctnet.export', description=__doc__)
    parser.add_argument('--run', type=Path, required=True, help='run folder, or checkpoint RUN/checkpoints/model-STEP')
    parser.add_argument('--checkpoint', metavar='best|STEP',
                        help='of a run folder: the best by the measurements during the training (evaluate.every), or '
                             'the one of a step (default: the newest)')
    parser.add_argument('--out', type=Path, required=True, help='model folder to make')
    parser.add_argument('--mask', type=Path, help='picture to use as fusion mask instead of the ellipse')
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(argv)
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    source = checkpoint_files.find(options.run, options.checkpoint) if options.checkpoint else options.run
    mask = cv2.cvtColor(images.read_bgr(options.mask), cv2.COLOR_BGR2GRAY) if options.mask else None
    process.prepare()
    from dctnet.compat import graph_mode
    from dctnet.exporters.model_folder import write_model_folder
    from dctnet.runs import checkpoint
    graph_mode()
    weights = checkpoint.read_arrays(source)
    origin = dict(_origin(options.run), step=int(weights.get('global_step', 0)))
    card = write_model_folder(weights, str(options.run), options.out, origin, mask)
    print(f"{options.out}: step {card['step']}, {card['parameters']} parameters, frozen graph against live graph: "
          f"{card['largest_difference_from_live_graph']} grey levels at most")
    return DONE


def _origin(run: Path) -> Dict[str, Any]:
    """Entries of the card about the origin of the weights."""
    config = run / 'config.yaml'
    if not config.exists():
        return {'source': run.name}
    text = config_file.to_yaml(config_file.read_yaml(config))
    return {'source': run.name, 'config_sha256': sha256_of_bytes(text.encode())}


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
