"""The process that reads damaged files: `python -m tests.fuzz.worker SEED FOLDER`, numbers on standard input, a line of
JSON for each on standard output. It may die; then the runner knows with which."""
import json
import logging
import os
import random
import resource
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any, Dict, List

from dctnet import process
from dctnet.errors import UserError
from tests.fuzz.kinds import Kind, chosen

SECONDS, CLOCK_SECONDS = 60, 400  # of computing; of the clock, which also runs while other programs compute
_ADDRESS_SPACE, _GROWTH = 4 << 30, 700 << 20  # bytes above what the process had: a limit, and what counts as a bomb
_ALLOWED = ('dctnet.graph_safety.trial_process', 'ffmpeg')  # parts of the names of programs that may be started


def make(kind: Kind, number: int, seed: int) -> bytes:
    """The damaged file of this number: a pure function of the three."""
    draw = random.Random(f'{seed} {number} {kind.name}')
    samples = kind.samples()
    return kind.damage(draw.choice(samples), draw, samples)


def prepare(kinds: List[Kind]) -> None:
    """Load TensorFlow and make all samples before anything is measured."""
    process.prepare()
    from dctnet import compat
    compat.graph_mode()
    for kind in kinds:
        kind.samples()


def main() -> int:
    seed, folder, kinds = int(sys.argv[1]), Path(sys.argv[2]), chosen(sys.argv[3])
    answers, sys.stdout = sys.stdout, sys.stderr
    logging.disable(logging.CRITICAL)
    programs = _watch_programs()
    prepare(kinds)
    resource.setrlimit(resource.RLIMIT_AS, (_size('VmSize') + _ADDRESS_SPACE,) * 2)
    for line in sys.stdin:
        number = int(line)
        kind = kinds[number % len(kinds)]
        del programs[:]
        verdict = _verdict(kind, make(kind, number, seed), folder / f'{number}', programs)
        answers.write(json.dumps(verdict) + '\n')
        answers.flush()
    return 0


def _verdict(kind: Kind, data: bytes, place: Path, programs: List[str]) -> Dict[str, Any]:
    """What came of one file. It lies in a folder of its own, and so does the working folder: whatever appears beside
    them was written outside."""
    work = place / 'inner' / 'work'
    work.mkdir(parents=True)
    file = work / kind.file
    file.write_bytes(data)
    os.chdir(str(work))
    with open('/proc/self/clear_refs', 'w') as peak:
        peak.write('5')  # the peak begins anew
    before, started = _size('VmRSS'), time.monotonic()
    verdict = {'kind': kind.name, 'end': 'read', 'detail': ''}
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    signal.alarm(CLOCK_SECONDS)
    try:
        kind.read(file)
    except UserError as error:
        verdict.update(end='refused', detail=str(error))
        if str(file.with_suffix('')) not in str(error):  # a checkpoint is named without the ends of its files' names
            verdict['end'] = 'unclear message'
    except _TooLong:
        verdict['end'] = 'hang'
    except BaseException:
        verdict.update(end='traceback', detail=traceback.format_exc())
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
    grown = _size('VmHWM') - before
    outside = [entry for above in (place, place / 'inner') for entry in above.iterdir()
               if entry not in (work, work.parent)]
    if outside:
        verdict.update(end='written outside', detail=str(outside))
    elif programs:
        verdict.update(end='program started', detail=str(programs))
    elif grown > _GROWTH:
        verdict.update(end='bomb', detail=f'{grown >> 20} MB')
    verdict['seconds'] = round(time.monotonic() - started, 2)
    return verdict


class _TooLong(BaseException):
    pass


def _too_long(number: int, frame: object) -> None:
    raise _TooLong


def _watch_programs() -> List[str]:
    """A list that takes every program that is started from now on, but the trial of a graph."""
    programs: List[str] = []
    start = subprocess.Popen.__init__

    def recorded(self: Any, args: Any, *rest: Any, **options: Any) -> None:
        if not any(name in str(args) for name in _ALLOWED):
            programs.append(str(args))
        start(self, args, *rest, **options)

    subprocess.Popen.__init__ = recorded  # type: ignore
    os.system = lambda command: programs.append(command) or 1  # type: ignore
    for number in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(number, _too_long)
    return programs


def _size(name: str) -> int:
    """Bytes, of /proc/self/status."""
    for line in Path('/proc/self/status').read_text().splitlines():
        if line.startswith(name + ':'):
            return int(line.split()[1]) << 10
    raise LookupError(name)


if __name__ == '__main__':
    sys.exit(main())
