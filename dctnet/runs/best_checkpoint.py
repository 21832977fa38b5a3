"""The best checkpoint of a run by a measured value: RUN/best/model-STEP.* and best.json, which says which and why.

best.json names the best; it is written after the checkpoint that it names and before the former one is removed, so
there is a valid best at any moment.
"""
import json
import sys
from pathlib import Path
from typing import NamedTuple, Optional

from dctnet import atomic
from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.runs import checkpoint


class Best(NamedTuple):
    """metric: its name. measured_on: hash of what else its values depend on; those of another do not compare."""
    step: int
    metric: str
    value: float
    measured_on: str


def folder_of(run: Path) -> Path:
    """Where the best checkpoint of a run is kept, apart from those that are removed as new ones come."""
    return run / 'best'


def read(run: Path) -> Optional[Best]:
    """The best so far, or None where there is none or its files are gone. Raises UserError for a damaged best.json."""
    path = folder_of(run) / 'best.json'
    try:
        entry = json.loads(path.read_text(encoding='utf-8'))
        best = Best(int(entry['step']), str(entry['metric']), float(entry['value']), str(entry['measured_on']))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f'{path} is damaged ({type(error).__name__}: {error}): bring it back, or remove the folder to '
                        'look for the best anew') from error
    return best if prefix_of(run, best) in checkpoint.all_in(folder_of(run)) else None


def find(run: Path) -> Path:
    """Prefix of the best checkpoint. Raises UserError where the run keeps none."""
    best = read(run)
    if best is None:
        raise UserError(f"{run} keeps no best checkpoint ({folder_of(run) / 'best.json'}): it comes from a training "
                        f"with evaluate.every; name a step of {run / 'checkpoints'} instead")
    return prefix_of(run, best)


def prefix_of(run: Path, best: Best) -> Path:
    """Prefix of the checkpoint that `best` tells of."""
    return folder_of(run) / f'model-{best.step}'


def replace(session: tf.Session, saver: tf.train.Saver, run: Path, best: Best) -> None:
    """Save the session as the new best, then remove the former. Raises UserError where the disk refuses."""
    folder = folder_of(run)
    checkpoint.save(session, saver, folder, best.step, keep=sys.maxsize)
    atomic.write_text(folder / 'best.json', json.dumps(best._asdict(), indent=2) + '\n')
    for prefix in checkpoint.all_in(folder):
        if prefix != prefix_of(run, best):
            checkpoint.remove(prefix)
