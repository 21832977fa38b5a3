"""Train a stage of DCT-Net.

train.py ccn --config configs/ccn/official.yaml --set source=FFHQ data.style=STYLE --run runs/my_ccn
train.py ttn --config configs/ttn/official.yaml --set data.photo=PHOTOS data.style=STYLE --run runs/my_style

The same command again resumes exactly where the run stopped. Exit codes: 0 done, 2 a mistake to put right, 75 stopped
early and resumable.
"""
from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Callable, NoReturn, Optional, Sequence

from dctnet import config_file, places, process
from dctnet.command_line import Parser
from dctnet.config import StageConfig
from dctnet.errors import DONE, STOPPED_EARLY, exit_with
from dctnet.runs.folder import Run
from dctnet.training.inputs import ccn_inputs, ttn_inputs

if TYPE_CHECKING:
    from dctnet.distributed import Communicator
    from dctnet.training.ttn import Records


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
    parser = Parser(prog='train.py', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    stages = parser.add_subparsers(dest='stage', metavar='STAGE')
    stages.required = True
    for name, text in (('ccn', 'the content calibration network: a generator of faces -> one of styled faces'),
                       ('ttn', 'the texture translation network: photographs -> style')):
        _add_options(stages.add_parser(name, help=text), name)
    options = parser.parse_args(argv)
    options.overrides = [pair for pairs in options.overrides for pair in pairs]
    return options


def _add_options(parser: argparse.ArgumentParser, stage: str) -> None:
    parser.add_argument('--config', required=True, metavar='FILE',
                        help=f'YAML file, or the name of one that comes with the project: {stage}/official.yaml')
    parser.add_argument('--set', action='append', nargs='+', default=[], metavar='KEY=VALUE', dest='overrides',
                        help='change keys of the config, for example --set train.steps=1000 train.seed=1 (repeatable)')
    parser.add_argument('--run', type=Path, required=True, help='run folder: everything of this training is kept there')
    brought = 'all variables of another training but the step counter' if stage == 'ttn' else 'the networks'
    parser.add_argument('--init-from', type=Path, metavar='CHECKPOINT|NPZ|PB',
                        help=f'start a fine-tune from these weights: {brought}')
    if stage == 'ttn':
        parser.add_argument('--fresh-optimiser', action='append_const', const=['start.fresh_optimiser=true'],
                            dest='overrides', help='with --init-from: leave Adam\'s moments of that training aside')
    parser.add_argument('--engine', choices=('auto', 'local', 'horovod', 'tf'), default='auto',
                        help='how processes train together: auto (default) joins the job of horovodrun or of '
                             'TF_CONFIG, else alone')
    parser.add_argument('--dry-run', action='store_true', help='check all, print the resolved config, write nothing')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(argv)
    console = logging.StreamHandler(sys.stderr)
    console.setLevel(logging.INFO)
    logging.basicConfig(level=logging.INFO, format='%(message)s', handlers=[console])

    run = Run(options.run, options.stage, dry=options.dry_run)
    finished = {'ccn': _ccn, 'ttn': _ttn}[options.stage](options, run)
    return DONE if finished else STOPPED_EARLY


# Late imports: mistakes in the config and the folders are reported before TensorFlow loads, which takes seconds.


def _ccn(options: argparse.Namespace, run: Run) -> bool:
    inputs = ccn_inputs(run, places.config_path(options.config), options.overrides, options.init_from)
    process.give_back_freed_memory()
    communicator = _begin(inputs.config, run, options.engine)
    from dctnet.training.ccn import train_ccn
    with process.stop_signals(run.ask_to_stop):
        return train_ccn(run, inputs, communicator)


def _ttn(options: argparse.Namespace, run: Run) -> bool:
    return train_translation(run, options.config, options.overrides, options.init_from, options.engine)


def train_translation(run: Run, config: str, overrides: Sequence[str], init_from: Optional[Path],
                      engine: str = 'auto', records: Optional[Records] = None,
                      bring: Optional[Callable[[], None]] = None) -> bool:
    """What `train.py ttn` does, its settings of the whole process included: graph mode, signals, memory. True if all
    steps are done, False if the run was stopped early.

    run: the training and its folder.
    config, overrides, init_from, engine: as --config, --set, --init-from and --engine.
    records: gives hooks that keep records beside the run folder's; None for none.
    bring: makes files that the config names, before they are looked for; may load TensorFlow.
    Raises UserError for mistakes that the user can correct.
    """
    if bring is not None:
        process.prepare()
        bring()
    inputs = ttn_inputs(run, places.config_path(config), overrides, init_from)
    process.reuse_memory_of_small_tensors()
    communicator = _begin(inputs.config, run, engine)
    from dctnet.training.ttn import train_ttn
    with process.stop_signals(run.ask_to_stop):
        return train_ttn(run, inputs, communicator, records)


def _begin(config: StageConfig, run: Run, engine: str) -> Communicator:
    """Show the config of a dry run, load TensorFlow, and join the other processes."""
    if run.dry:
        print(config_file.to_yaml(config_file.to_dict(config)), end='')
    process.prepare()
    if config.train.xla:
        process.compile_for_cpus_too()
    from dctnet.compat import graph_mode
    from dctnet.distributed import connected
    graph_mode()
    communicator = connected(engine)
    if communicator.rank:  # messages of all processes are logged by the first one only
        logging.getLogger().setLevel(logging.WARNING)
    return communicator


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
