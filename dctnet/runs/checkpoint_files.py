"""Which checkpoints a run folder holds: RUN/checkpoints/model-STEP.*, and RUN/best/model-STEP.* with best.json.

A checkpoint is named by its prefix, FOLDER/model-STEP. best.json names the best; it is written after the checkpoint
that it names and before the former one is removed, so there is a valid best at any moment.
"""
import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, List, NamedTuple, Optional

from dctnet.errors import UserError, what_is_wrong
from dctnet.files import json_file

SHARD = '.data-00000-of-00001'
CHECKPOINTS, BEST = 'checkpoints', 'best'


class Best(NamedTuple):
    """The best checkpoint by a measured value.

    step: of the checkpoint.
    metric: name of the value.
    value: at that step.
    fingerprint: hash of what else the values depend on; values with another fingerprint do not compare.
    """
    step: int
    metric: str
    value: float
    fingerprint: str


def step_of(prefix: Path) -> int:
    """The step in a checkpoint's name: model-1000 -> 1000."""
    return int(prefix.name.rsplit('-', 1)[1])


def all_in(folder: Path) -> List[Path]:
    """Prefixes of the whole checkpoints of a folder, oldest first."""
    prefixes = [path.with_suffix('') for path in Path(folder).glob('model-*.index') if path.is_file()]
    whole = [prefix for prefix in prefixes
             if prefix.name.rsplit('-', 1)[1].isdigit() and Path(str(prefix) + SHARD).is_file()]
    return sorted(whole, key=step_of)


def latest(folder: Path) -> Optional[Path]:
    """Prefix of the newest whole checkpoint of a folder, or None."""
    prefixes = all_in(folder)
    return prefixes[-1] if prefixes else None


@contextmanager
def plainly_named(folder: Path) -> Iterator[Path]:
    """A context: a path of this folder for TensorFlow, which takes brackets, stars and backslashes of a path for a
    pattern and only knows names in UTF-8. A link to the folder, if it has any of these."""
    try:
        str(folder).encode('utf-8')
        plain = not set('[]*?\\') & set(str(folder))
    except UnicodeEncodeError:
        plain = False
    if plain:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix='dctnet-') as place:
        link = Path(place) / 'folder'
        os.symlink(str(folder.resolve()), str(link), target_is_directory=True)
        yield link


def remove(prefix: Path) -> None:
    """Delete the files of a checkpoint."""
    for suffix in ('.index', SHARD):  # the index first: the rest of an interrupted deletion is no checkpoint
        Path(str(prefix) + suffix).unlink()


def best_prefix(run: Path, best: Best) -> Path:
    """Prefix of the checkpoint that `best` describes."""
    return run / BEST / f'model-{best.step}'


def read_best(run: Path) -> Optional[Best]:
    """The best so far, or None if there is none or its files are gone. Raises UserError for a damaged best.json."""
    path = run / BEST / 'best.json'
    if not path.exists():
        return None
    try:
        entry = json_file.read_object(path, 'record of the best checkpoint')
        best = Best(int(entry['step']), str(entry['metric']), float(entry['value']), str(entry['measured_on']))
    except (UserError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise UserError(f'{path} is damaged ({what_is_wrong(error)}): bring it back, or remove the folder to look for '
                        'the best anew') from error
    return best if best_prefix(run, best) in all_in(run / BEST) else None


def best_json(best: Best) -> str:
    """The text of best.json."""
    return json.dumps({'step': best.step, 'metric': best.metric, 'value': best.value,
                       'measured_on': best.fingerprint}, indent=2) + '\n'


def find(run: Path, wanted: Optional[str] = None) -> Path:
    """Prefix of a checkpoint of a run folder: the newest, or the one that --checkpoint names, 'best' or a step.

    Raises UserError if the run folder does not keep it, naming the steps that it keeps.
    """
    if wanted is not None and not run.is_dir():
        raise UserError(f'--checkpoint {wanted} goes with a run folder, and {run} is none')
    if wanted == 'best':
        best = read_best(run)
        if best is None:
            raise UserError(f"{run} keeps no best checkpoint ({run / BEST / 'best.json'}): it comes from a training "
                            f'with evaluate.every; name a step of {run / CHECKPOINTS} instead')
        return best_prefix(run, best)
    prefixes = all_in(run / CHECKPOINTS)
    if wanted is None:
        if not prefixes:
            raise UserError(f'{run} holds no checkpoint (checkpoints/model-STEP.index): name the folder of a run that '
                            'has saved one')
        return prefixes[-1]
    if not wanted.isdigit():
        raise UserError(f'--checkpoint {wanted}: say best, or the number of a step')
    prefix = run / CHECKPOINTS / f'model-{int(wanted)}'
    if prefix not in prefixes:
        steps = ', '.join(str(step_of(other)) for other in prefixes)
        raise UserError(f"{run} keeps no checkpoint of step {wanted}: there are {steps or 'none'}")
    return prefix
