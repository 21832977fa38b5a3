"""Runs a frozen graph in a process of its own first, with limits on memory and time.

Checks of its contents cannot be complete: TensorFlow's kernels end the process on some odd sizes, and a few numbers can
ask for any amount of memory. What was tried once, or made by this project on this machine, is remembered by its hash
in the user's cache folder.
"""
import hashlib
import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Optional, Sequence

from dctnet import places
from dctnet.compat import TENSORFLOW_VERSION
from dctnet.errors import UserError
from dctnet.graph_safety import trial_process

log = logging.getLogger(__name__)
_SECONDS = 300  # of the clock: the process has its own limit of computing time


def check(data: bytes, inputs: Sequence[str], outputs: Sequence[str], where: str, graph: bytes) -> None:
    """Raise UserError if this graph ends a process, or takes too much memory or time, on small pictures.

    data: the file's bytes, by which it is remembered. graph: what is to be run, the same without what computes
    nothing. inputs, outputs: names (NAME:0) that will be fed and fetched. where: the file, named in errors.
    An error that TensorFlow raises is no reason: it will raise it again.
    """
    mark = _mark(data, ' '.join([*inputs, '->', *outputs]))
    if any(known is not None and known.exists() for known in (mark, _mark(data, ''))):
        return
    request = json.dumps([list(inputs), list(outputs)])
    try:
        tried = subprocess.run([sys.executable, '-m', trial_process.__name__, request], input=graph, env=_environment(),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise UserError(f'{where} is refused: it was not done with small pictures after {_SECONDS} seconds: export it '
                        'again, or download it again') from None
    except OSError as error:
        log.warning('%s is used without a trial in a process of its own (%s)', where, error.strerror)
        return
    said = tried.stdout.decode(errors='replace').split()
    if trial_process.READY not in said:
        log.warning('%s is used without a trial in a process of its own: none could be started here', where)
    elif trial_process.DONE not in said:
        raise UserError(f'{where} is refused: it {_end(tried.returncode)} when it was tried on small pictures: export '
                        'it again, or download it again')
    else:
        _remember(mark)


def trust(data: bytes) -> None:
    """Remember these bytes of a .pb as a graph of our own making, which needs no trial here."""
    _remember(_mark(data, ''))


def _end(code: int) -> str:
    if code == trial_process.TOO_MUCH_MEMORY:
        return f'asked for more than {trial_process.MEMORY >> 30} GB of memory'
    if code in (-signal.SIGKILL, -signal.SIGXCPU if hasattr(signal, 'SIGXCPU') else None):
        return 'took too long'
    return f'ended the process (code {code})'


def _environment() -> dict:
    """One heap for all threads (each would reserve memory), and this package, wherever the command was started."""
    root = str(Path(__file__).resolve().parents[2])
    paths = [root] + [entry for entry in os.environ.get('PYTHONPATH', '').split(os.pathsep) if entry]
    return dict(os.environ, PYTHONPATH=os.pathsep.join(paths), MALLOC_ARENA_MAX='2', OMP_NUM_THREADS='1',
                TF_CPP_MIN_LOG_LEVEL='3')


def _mark(data: bytes, names: str) -> Optional[Path]:
    folder = places.cache_folder()
    if folder is None:
        return None
    key = hashlib.sha256(data)
    key.update(names.encode())
    return folder / 'tried-graphs' / TENSORFLOW_VERSION / key.hexdigest()


def _remember(mark: Optional[Path]) -> None:
    if mark is None:
        return
    try:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    except OSError as error:
        log.debug('%s: %s; the graph is tried again next time', mark, error)
