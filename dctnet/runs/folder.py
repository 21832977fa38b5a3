"""The folder of a training run: whether the run resumes, its config, its inputs, its log, and a lock against a second
process."""
import contextlib
import json
import logging
import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Iterator, Optional, Sequence, Type, TypeVar

import numpy as np

import dctnet
from dctnet import config_file
from dctnet.config import StageConfig
from dctnet.errors import UserError
from dctnet.files import atomic, kept_file, lock
from dctnet.files.changes import changes_text, differences
from dctnet.files.hashing import sha256_of_lines
from dctnet.runs import checkpoint_files

Config = TypeVar('Config', bound=StageConfig)
log = logging.getLogger(__name__)

# Changing one of these would go on with a different training under the same name.
_FIXED_SECTIONS = ('model', 'loss', 'augment', 'start')
_FIXED_KEYS = ('data.size', 'train.schedule', 'source')
_FREE_KEYS = ('loss.superpixel_backend',)  # only where something is computed, which may differ between machines


class Run:
    """One training and its folder.

    path: the folder.
    stage: 'ttn' or 'ccn'.
    dry: check and build everything, write nothing.

    newest: prefix of the newest whole checkpoint, None if there is none yet.
    resumes: whether the training goes on from it.
    stop_reason: why the training must end after the current step; '' to go on.

    Raises UserError if every checkpoint of the folder has lost its data, or if TensorFlow cannot take its name.
    """

    def __init__(self, path: Path, stage: str, dry: bool = False) -> None:
        _check_name(path)
        self.path, self.stage, self.dry = path, stage, dry
        self.stop_reason = ''
        self.checkpoints = path / checkpoint_files.CHECKPOINTS
        self.newest = checkpoint_files.latest(self.checkpoints)
        self.resumes = self.newest is not None
        if not self.resumes and any(self.checkpoints.glob('model-*.index')):
            raise UserError(f'every checkpoint in {self.checkpoints} has lost its .data file: copy it back, or choose '
                            'another --run')

    def ask_to_stop(self, reason: str) -> None:
        """End the training after the current step."""
        self.stop_reason = reason

    def resolve_config(self, config_class: Type[Config], file: Path, overrides: Sequence[str],
                       init_from: Optional[Path]) -> Config:
        """The config from its file, the overrides, and what the folder has recorded of earlier calls.

        config_class: TtnConfig or CcnConfig.
        file: YAML.
        overrides: KEY=VALUE.
        init_from: weights that a fine-tune starts from, None for none; a resumed run need not repeat it.
        Raises UserError for mistakes in the config, and if the folder holds a training of another architecture, loss,
        augmentation or start (showing the difference) or cannot be written into.
        """
        config = config_file.load(config_class, file, overrides)
        atomic.check_place(self.path)
        saved_file = self.path / 'config.yaml'
        saved = config_file.load_saved(config_class, saved_file) if self.resumes and saved_file.exists() else None
        if init_from:
            config = replace(config, init_from=str(init_from))
        if saved is not None:
            config = config.continued(saved)
            self._check_resumable(config_file.to_dict(saved.continued(saved)), config_file.to_dict(config))
        return config

    def _check_resumable(self, saved: Dict[str, Any], now: Dict[str, Any]) -> None:
        changes = differences(saved, now)
        refused = [change for change in changes if change.key not in _FREE_KEYS
                   and (change.key.split('.')[0] in _FIXED_SECTIONS or change.key in _FIXED_KEYS)]
        if refused:
            raise UserError(f'run folder {self.path} holds a training with another architecture, loss, augmentation or '
                            'start: '
                            f'{changes_text(refused)}. Use another --run, or start a fine-tune in one with '
                            f'--init-from {self.path}')
        for key, old, new in changes:
            log.info('resuming with a change: %s %r -> %r', key, old, new)

    @contextlib.contextmanager
    def opened(self, config: StageConfig, versions: Dict[str, str]) -> Iterator[None]:
        """A context: create the folder, lock it against other processes, record config.yaml and environment.json, and
        log to log.txt.

        versions: name of a package -> its version, for the record. Raises UserError if another process trains in it or
        the disk refuses.
        """
        atomic.make_folder(self.path)
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(lock.locked(self.path / '.lock', f'start no second training in {self.path}'))
            except lock.Taken:
                raise UserError(f'another process is training in {self.path}: wait for it, or choose another '
                                '--run') from None
            atomic.write_text(self.path / 'config.yaml', config_file.to_yaml(config_file.to_dict(config)))
            self._record_environment(versions, ended='')
            stack.enter_context(_logged_to(self.path / 'log.txt'))
            try:
                yield
            except UserError as error:
                log.debug('ended: %s', error)  # for log.txt; the command line prints it on the console
                self._record_environment(versions, ended=str(error))
                raise

    def _record_environment(self, versions: Dict[str, str], ended: str) -> None:
        """ended: the mistake that ended this start, '' for none."""
        first = checkpoint_files.step_of(self.newest) if self.newest else 0
        record = dict(versions, stage=self.stage, from_step=first, ended=ended, dctnet=dctnet.__version__,
                      commit=_commit(), python=platform.python_version(), numpy=np.__version__,
                      platform=platform.platform(), command=sys.argv)
        atomic.write_text(self.path / 'environment.json', json.dumps(record, indent=2) + '\n')

    def keep_arrays(self, name: str, arrays: Dict[str, np.ndarray]) -> None:
        """Write RUN/NAME, an .npz, unless it is there already."""
        if not (self.path / name).exists():
            atomic.write_arrays(self.path / name, arrays)

    def record_pictures(self, listings: Dict[str, Sequence[Path]]) -> None:
        """Record in pictures.json how many images each folder (config key -> files) held, and a hash of their names.

        Warns if a resumed run has other images than before: the listing decides which of them a step sees.
        """
        path = self.path / 'pictures.json'
        now = {key: {'count': len(paths), 'sha256_of_names': sha256_of_lines(path.name for path in paths)}
               for key, paths in listings.items()}
        before = kept_file.read_object(path, _listings) or now
        for key, entry in now.items():
            if before.get(key, entry) != entry:
                log.warning('%s holds other pictures than before (%d, now %d): from here on the run differs from an '
                            'uninterrupted one', key, before[key]['count'], entry['count'])
        atomic.write_text(path, json.dumps(now, indent=2) + '\n')


def _listings(content: Dict[str, Any]) -> Dict[str, Dict[str, Any]]:
    return {key: {'count': int(entry['count']), 'sha256_of_names': str(entry['sha256_of_names'])}
            for key, entry in content.items()}


def _check_name(path: Path) -> None:
    try:
        str(path).encode('utf-8')
    except UnicodeEncodeError:
        raise UserError(f'the name of the run folder {ascii(str(path))} is no UTF-8, and TensorFlow takes no other: '
                        'choose another --run, or rename the folder above') from None


@contextlib.contextmanager
def _logged_to(path: Path) -> Iterator[None]:
    """A context: all that the project logs, debug messages included, also goes to this file."""
    with atomic.storage_errors(path):
        stream = path.open('a', encoding='utf-8', errors='backslashreplace')  # names of files may be no UTF-8
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter('%(asctime)s %(message)s'))
    logger = logging.getLogger('dctnet')
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        stream.close()


def _commit() -> str:
    """The git commit of the code, '' outside a checkout of this project."""
    root = Path(__file__).resolve().parents[2]
    try:
        answer = subprocess.run(['git', 'rev-parse', '--show-toplevel', 'HEAD'], cwd=str(root), stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, check=True).stdout.decode().splitlines()
    except (OSError, subprocess.CalledProcessError):
        return ''
    return answer[1] if Path(answer[0]).resolve() == root else ''  # another project's, if installed into its folder
