"""Train a stage of DCT-Net.

train.py ccn --config configs/ccn/official.yaml --set source=FFHQ --set data.style=STYLE --run runs/my_ccn
train.py ttn --config configs/ttn/official.yaml --set data.photo=PHOTOS --set data.style=STYLE --run runs/my_style

The same command again resumes exactly where the run stopped. Exit codes: 0 done, 2 a mistake to put right, 75 stopped
early and resumable.
"""
from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Optional, Sequence, Union

from dctnet import config_file
from dctnet.config import CcnConfig, TtnConfig
from dctnet.data import folders
from dctnet.errors import DONE, STOPPED_EARLY, exit_with
from dctnet.runs import folder

if TYPE_CHECKING:
    from dctnet.distributed import Local

log = logging.getLogger('train')


def parse(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 where it is wrong."""
    parser = argparse.ArgumentParser(prog='train.py', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    stages = parser.add_subparsers(dest='stage', metavar='STAGE')
    stages.required = True
    for name, text in (('ccn', 'the content calibration network: a generator of faces -> one of styled faces'),
                       ('ttn', 'the texture translation network: photographs -> style')):
        _add_options(stages.add_parser(name, help=text), name)
    return parser.parse_args(arguments)


def _add_options(parser: argparse.ArgumentParser, stage: str) -> None:
    parser.add_argument('--config', type=Path, required=True,
                        help=f'YAML file, for example configs/{stage}/official.yaml')
    parser.add_argument('--set', action='append', default=[], metavar='KEY=VALUE', dest='overrides',
                        help='change one key of the config, for example --set train.steps=1000 (repeatable)')
    parser.add_argument('--run', type=Path, required=True, help='run folder: everything of this training is kept there')
    parser.add_argument('--init-from', type=Path, metavar='CHECKPOINT|NPZ|PB',
                        help='start a fine-tune from these weights (fresh optimiser and step counter)')
    parser.add_argument('--engine', choices=('auto', 'local', 'horovod', 'tf'), default='auto',
                        help='how processes train together: auto (default) joins the job of horovodrun or of '
                             'TF_CONFIG, else alone')
    parser.add_argument('--dry-run', action='store_true', help='check all, print the resolved config, write nothing')


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(arguments)
    console = logging.StreamHandler(sys.stderr)
    console.setLevel(logging.INFO)
    logging.basicConfig(level=logging.INFO, format='%(message)s', handlers=[console])

    finished = {'ccn': _ccn, 'ttn': _ttn}[options.stage](options)
    return DONE if finished else STOPPED_EARLY


# Mistakes in the config and the folders are told before TensorFlow is loaded, which takes seconds: late imports.


def _ccn(options: argparse.Namespace) -> bool:
    config = folder.resolve_config(CcnConfig, options.config, options.overrides, options.run, options.init_from)
    key = 'data.style' if config.source else 'data.photo'
    pictures = folders.list_folder(key, config.data.style if config.source else config.data.photo,
                                   config.data.batch_size)
    if not folder.has_checkpoint(options.run):
        folders.check_pictures(pictures, config.data.workers)
    log.info('%d pictures in %s', len(pictures), pictures[0].parent)
    _show(config, options)
    from dctnet.training.ccn import train_ccn
    return train_ccn(config, pictures, options.run, options.dry_run, _joined(options))


def _ttn(options: argparse.Namespace) -> bool:
    config = folder.resolve_config(TtnConfig, options.config, options.overrides, options.run, options.init_from)
    data = config.data
    pictures = folders.list_folders(data.photo, data.style, data.batch_size, data.generated)
    if data.check_folders and not folder.has_checkpoint(options.run):
        folders.check_not_swapped(pictures)
        folders.check_pictures(pictures.photo + pictures.style + pictures.generated, data.workers)
    validation = folders.list_validation('evaluate.photo', config.evaluate.photo,
                                         pictures.photo) if config.evaluate.every else []
    folders.check_pictures(validation, data.workers)
    log.info('%d photographs in %s, %d exemplars in %s%s', len(pictures.photo), data.photo, len(pictures.style),
             data.style, f', {len(pictures.generated)} generated in {data.generated}' * bool(data.generated))
    _show(config, options)
    from dctnet.training.ttn import train_ttn
    return train_ttn(config, pictures, options.run, validation, options.dry_run, _joined(options))


def _joined(options: argparse.Namespace) -> Local:
    from dctnet.distributed import connected
    communicator = connected(options.engine)
    if communicator.rank:  # what all have to say is said by the first
        logging.getLogger().setLevel(logging.WARNING)
    return communicator


def _show(config: Union[CcnConfig, TtnConfig], options: argparse.Namespace) -> None:
    if options.dry_run:
        print(config_file.to_yaml(config_file.to_dict(config)), end='')


def command() -> NoReturn:
    """The entry point of the command line."""
    # Layers by oneDNN, which TensorFlow 2 leaves off on some CPUs (1.15 has none). It is a choice for a whole process,
    # read when TensorFlow loads: nothing for a library to make.
    os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '1')
    exit_with(main)


if __name__ == '__main__':
    command()
