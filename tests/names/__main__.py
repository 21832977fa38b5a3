"""All commands on paths with odd names and in odd places, in a terminal that knows ASCII only: python -m tests.names
[KIND ...]. Prints tables in Markdown: ok, refused (exit code 2 and one line), or WRONG, and what was said. Exit code 1
if anything is WRONG."""
import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, Sequence

from dctnet import process
from tests.names import commands, kinds

ROOT = Path(__file__).parents[2]
Answers = Dict[str, str]
_LONG = re.compile(r'(\w)\1{20,}')  # a sign of a name of 255 bytes


def answers_of(kind: str, whole: Path, place: Path, names: Sequence[str]) -> Answers:
    """Command -> 'ok', 'refused: ...' or 'WRONG: ...'. Raises kinds.Impossible."""
    file = place / 'answers.json'
    file.write_text('{}')
    names = list(names) + list(commands.SLOW if kinds.ALL[kind].refuses else ())
    environment = dict(os.environ, XDG_CACHE_HOME=str(whole.parent / 'cache'), **kinds.ALL[kind].environment)
    with kinds.ALL[kind].prepared(whole, place) as paths:
        words = [sys.executable, '-m', 'tests.names.worker', *map(str, paths), str(file), *names]
        answers: Answers = {}
        while set(answers) != set(names):  # a command that ends the process is left out then
            known = len(answers)
            worker = subprocess.Popen(words, cwd=str(ROOT), env=environment, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.PIPE, start_new_session=True)
            said = worker.communicate()[1].decode(errors='replace')
            _end_rest(worker.pid)
            answers = json.loads(file.read_text())
            if len(answers) == known:
                raise RuntimeError(f'{kind}: {said[-2000:]}')
    return {name: _LONG.sub(r'\1...', answers[name].replace(str(place), '...')) for name in names}


def _end_rest(group: int) -> None:
    """What a worker that was ended has started."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


def table(found: Dict[str, Answers]) -> List[str]:
    """Commands by kinds, in Markdown."""
    names = list(dict.fromkeys(name for answers in found.values() for name in answers))
    rows = [['', *found], ['---'] * (len(found) + 1)]
    rows += [[name] + [answers.get(name, '').split(':')[0] for answers in found.values()] for name in names]
    return ['| ' + ' | '.join(row) + ' |' for row in rows]


def remarks(found: Dict[str, Answers]) -> List[str]:
    """What was said by commands that are not ok, the same words once, in Markdown."""
    said: Dict[str, List[str]] = {}
    for kind, answers in found.items():
        for name, answer in answers.items():
            if answer != 'ok':
                said.setdefault(f'{kind}: {answer}', []).append(name)
    return [f"- {', '.join(names)}; {answer}" for answer, names in said.items()]


def main() -> int:
    parser = argparse.ArgumentParser(prog='python -m tests.names', description=__doc__)
    parser.add_argument('kinds', nargs='*', default=list(kinds.ALL), metavar='KIND', help=', '.join(kinds.ALL))
    parser.add_argument('--commands', nargs='+', choices=list(commands.WORDS), default=list(commands.WORDS),
                        metavar='COMMAND', help='default: all')
    parser.add_argument('--keep', type=Path, metavar='FILE.json',
                        help='keep the answers there: kinds that it has are not run again, and are in the tables')
    options = parser.parse_args()
    process.prepare()
    from dctnet import compat
    from tests.names import material
    compat.graph_mode()
    found: Dict[str, Answers] = json.loads(options.keep.read_text()) if options.keep and options.keep.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / 'whole'
        whole.mkdir()
        material.write(whole)
        for number, kind in enumerate(kind for kind in options.kinds if kind not in found):
            place = Path(folder) / str(number)
            place.mkdir()
            try:
                found[kind] = answers_of(kind, whole, place, options.commands)
                if options.keep:
                    options.keep.write_text(json.dumps(found))
                print(f'{kind} done', file=sys.stderr, flush=True)
            except kinds.Impossible as reason:
                print(f'{kind} left out: {reason}', file=sys.stderr, flush=True)
    for part in ({kind: found[kind] for kind in found if kind not in kinds.PLACES},
                 {kind: found[kind] for kind in found if kind in kinds.PLACES}):
        print('\n'.join(table(part) + [''] + remarks(part) + ['']) if part else '', flush=True)
    cells = [answer for answers in found.values() for answer in answers.values()]
    wrong = sum(answer.startswith('WRONG') for answer in cells)
    print(f'{len(found)} kinds, {len(cells)} commands: {wrong} not as promised')
    return int(wrong > 0)


if __name__ == '__main__':
    sys.exit(main())
