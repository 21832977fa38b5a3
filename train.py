"""Train a stage of DCT-Net.

train.py ttn --config configs/ttn/official.yaml --set data.photo=PHOTOS --set data.style=STYLE --run runs/my_style

The same command again resumes exactly where the run stopped. Exit codes: 0 done, 2 a mistake to put right, 75 stopped
early and resumable.
"""
import argparse
import logging
import sys
from pathlib import Path
from typing import Optional, Sequence

from dctnet.config import TtnConfig
from dctnet.errors import DONE, STOPPED_EARLY, exit_with

log = logging.getLogger('train')


def parse(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 where it is wrong."""
    parser = argparse.ArgumentParser(prog='train.py', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    stages = parser.add_subparsers(dest='stage', metavar='STAGE')
    stages.required = True
    ttn = stages.add_parser('ttn', help='the texture translation network: photographs -> style')
    ttn.add_argument('--config', type=Path, required=True, help='YAML file, for example configs/ttn/official.yaml')
    ttn.add_argument('--set', action='append', default=[], metavar='KEY=VALUE', dest='overrides',
                     help='change one key of the config, for example --set train.steps=1000 (repeatable)')
    ttn.add_argument('--run', type=Path, required=True, help='run folder: everything of this training is kept there')
    ttn.add_argument('--init-from', type=Path, metavar='CHECKPOINT|NPZ|PB',
                     help='start a fine-tune from these weights (fresh optimiser and step counter)')
    ttn.add_argument('--dry-run', action='store_true', help='check all, print the resolved config, write nothing')
    return parser.parse_args(arguments)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(arguments)
    console = logging.StreamHandler(sys.stderr)
    console.setLevel(logging.INFO)
    logging.basicConfig(level=logging.INFO, format='%(message)s', handlers=[console])

    # Mistakes in the config and the folders are told before TensorFlow is loaded, which takes seconds.
    from dctnet import run_folder
    from dctnet.config_file import to_dict, to_yaml
    config = run_folder.resolve_config(TtnConfig, options.config, options.overrides, options.run, options.init_from)
    from dctnet.data import folders
    pictures = folders.list_folders(config.data.photo, config.data.style, config.data.batch_size)
    resuming = run_folder.has_checkpoint(options.run)
    if config.data.check_folders and not resuming:
        folders.check_not_swapped(pictures)
        folders.check_pictures(pictures, config.data.workers)
    log.info('%d photographs in %s, %d exemplars in %s', len(pictures.photo), config.data.photo,
             len(pictures.style), config.data.style)
    if options.dry_run:
        print(to_yaml(to_dict(config)), end='')
    from dctnet.ttn_training import train_ttn
    finished = train_ttn(config, pictures, options.run, dry_run=options.dry_run)
    return DONE if finished else STOPPED_EARLY


if __name__ == '__main__':
    exit_with(main)
