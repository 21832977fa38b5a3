"""The folder of a run: its config, what it may be resumed with, its log, and who is writing to it."""
import contextlib
import fcntl
import hashlib
import json
import logging
import platform
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterator, Optional, Sequence, Type, TypeVar

import numpy as np

import dctnet
from dctnet import atomic, config_file
from dctnet.errors import UserError

T = TypeVar('T')
log = logging.getLogger(__name__)

# Changing one of these would go on with a different training under the same name.
_FIXED_SECTIONS = ('model', 'loss', 'augment')
_FIXED_KEYS = ('data.size', 'train.schedule', 'source')
_FREE_KEYS = ('loss.superpixel_backend',)  # where something is computed, which another machine may want elsewhere


def has_checkpoint(run: Path) -> bool:
    """True where a training has been saved in this folder."""
    return any((run / 'checkpoints').glob('model-*.index'))


def resolve_config(config_class: Type[T], path: Path, overrides: Sequence[str], run: Path,
                   init_from: Optional[Path]) -> T:
    """The config of a run from its file, the overrides, and what the folder knows of earlier calls.

    A fine-tune needs no warm-up of the style weight, since its generator keeps the content already: --init-from turns
    it off. A resumed run need not repeat --init-from. Raises UserError for mistakes, and where the folder holds a
    training of another architecture, loss or augmentation, showing the difference, or cannot be written into.
    """
    config = config_file.load(config_class, path, overrides)
    atomic.check_place(run)
    saved_path = run / 'config.yaml'
    saved = None
    if has_checkpoint(run) and saved_path.exists():
        saved = config_file.load(config_class, saved_path)  # keys that came after that run began have their defaults
    source = str(init_from) if init_from else config.init_from or (saved.init_from if saved else '')
    if source:
        config = config.fine_tuning(source)
    if saved is not None:
        _check_resumable(config_file.to_dict(saved), config_file.to_dict(config), run)
    return config


def _check_resumable(saved: dict, wanted: dict, run: Path) -> None:
    changes = config_file.differences(saved, wanted)
    refused = [change for change in changes if change[0] not in _FREE_KEYS
               and (change[0].split('.')[0] in _FIXED_SECTIONS or change[0] in _FIXED_KEYS)]
    if refused:
        shown = '; '.join('{} is {!r} there and {!r} now'.format(*change) for change in refused)
        raise UserError(f'run folder {run} holds a training with another architecture, loss or augmentation: {shown}. '
                        f'Use another --run, or start a fine-tune in one with --init-from {run}')
    for key, old, new in changes:
        log.info('resuming with a change: %s %r -> %r', key, old, new)


@contextlib.contextmanager
def opened(run: Path, config: T, versions: dict) -> Iterator[None]:
    """Make the folder, record config.yaml and environment.json, log to log.txt, and keep other processes out."""
    atomic.make_folder(run)
    with contextlib.ExitStack() as stack:
        with atomic.storage_errors(run):
            lock = stack.enter_context((run / '.lock').open('w'))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # freed by the system however the process ends
        except BlockingIOError:
            raise UserError(f'another process is training in {run}: wait for it, or choose another --run') from None
        atomic.write_text(run / 'config.yaml', config_file.to_yaml(config_file.to_dict(config)))
        atomic.write_text(run / 'environment.json', json.dumps(_environment(versions), indent=2) + '\n')
        with atomic.storage_errors(run / 'log.txt'):
            handler = logging.FileHandler(str(run / 'log.txt'), encoding='utf-8')
        handler.setFormatter(logging.Formatter('%(asctime)s %(message)s'))
        handler.setLevel(logging.DEBUG)
        logging.getLogger('dctnet').setLevel(logging.DEBUG)
        logging.getLogger().addHandler(handler)
        stack.callback(handler.close)
        stack.callback(logging.getLogger().removeHandler, handler)
        try:
            yield
        except UserError as error:
            log.debug('ended: %s', error)  # the console gets it from the command line; this is for log.txt
            raise


def note_pictures(run: Path, listings: Dict[str, Sequence[Path]]) -> None:
    """Record in pictures.json how many pictures each folder (config key -> files) held, and a hash of their names.

    Warns where a resumed run meets other pictures than before: which of them a step sees follows from the listing.
    """
    path = run / 'pictures.json'
    now = {key: {'count': len(paths), 'sha256_of_names': _hash_of_names(paths)} for key, paths in listings.items()}
    before = json.loads(path.read_text()) if path.exists() else now
    for key, entry in now.items():
        if before.get(key, entry) != entry:
            log.warning('%s holds other pictures than before (%d, now %d): from here on the run differs from an '
                        'uninterrupted one', key, before[key]['count'], entry['count'])
    atomic.write_text(path, json.dumps(now, indent=2) + '\n')


def _hash_of_names(paths: Sequence[Path]) -> str:
    return hashlib.sha256('\n'.join(path.name for path in paths).encode('utf-8', 'surrogateescape')).hexdigest()


def _environment(versions: dict) -> dict:
    return dict(versions, dctnet=dctnet.__version__, commit=_commit(), python=platform.python_version(),
                numpy=np.__version__, platform=platform.platform(), command=sys.argv)


def _commit() -> str:
    """The git commit of the code, or '' where it is no checkout."""
    try:
        return subprocess.run(['git', 'rev-parse', 'HEAD'], cwd=str(Path(__file__).parent), stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=True).stdout.decode().strip()
    except (OSError, subprocess.CalledProcessError):
        return ''
