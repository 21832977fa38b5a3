"""Running tasks, each once: a record of every one lies in WORK/done, so that the same command goes on where it was
stopped, and one with other settings is refused."""
import json
import logging
import time
from pathlib import Path
from typing import Any, Dict, Optional, Sequence

from dctnet.errors import DONE, SOME_FAILED, STOPPED_EARLY, UserError
from dctnet.files import atomic, changes, json_file, lock, text_file

from ..recipe.project_command import run_command
from .tasks import REMADE, Task

log = logging.getLogger(__name__)

# Stages that may lose some pictures; the others go on.
_LENIENT = ('align', 'filter', 'translate', 'project')


def run_chain(tasks: Sequence[Task], out: Path, title: str) -> int:
    """Run tasks in their order, leaving out those that are done; one that runs repeats all after it.

    tasks: each may need those before it.
    out: the folder of all experiments.
    title: names the chain in messages and its lock, so that two processes never make the same.
    Returns DONE or STOPPED_EARLY. Raises UserError if a task fails, if one was made with other settings, or if another
    process is at it.
    """
    check(out, tasks)
    atomic.make_folder(out / 'done')
    try:
        with lock.locked(out / 'done' / f'.{title}.lock', f'start {title} once only'):
            return _run(tasks, out, title)
    except lock.Taken:
        raise UserError(f'another process is making {title} in {out}: wait for it') from None


def check(out: Path, tasks: Sequence[Task]) -> None:
    """Raise UserError if the folder holds one of these tasks with other settings."""
    for task in tasks:
        record = _record(out, task)
        if record is None or task.step.stage in REMADE:
            continue
        found = changes.differences(record.get('settings', {}), task.settings(out))
        if found:
            shown = [change for change in found if change.key != 'command'] or found
            raise UserError(f'{out} holds {task.name} made with other settings: {changes.changes_text(shown[:3])}. '
                            f'Choose another --out, or remove {_file(out, task)} and {task.output}')


def is_done(out: Path, task: Task) -> bool:
    """Whether a task has been done with these settings, and its output is there."""
    record = _record(out, task)
    return bool(record and record.get('done') and record.get('settings') == task.settings(out)
                and task.output.exists())


def _run(tasks: Sequence[Task], out: Path, title: str) -> int:
    anew = False
    for number, task in enumerate(tasks, 1):
        if not anew and is_done(out, task):
            log.info('%s: %s is done', title, task.name)
            continue
        anew, start = True, time.time()
        _write(out, task, done=False)
        code = run_command(task.step.words, f'[{title} {number}/{len(tasks)} {task.step.stage}] ')
        if code == STOPPED_EARLY:
            return STOPPED_EARLY
        if code == SOME_FAILED and task.step.stage in _LENIENT:
            log.warning('%s: some pictures could not be used (named above); going on with the others', task.name)
        elif code:
            raise UserError(f'{task.name} failed with exit code {code}: its message above says why. The same command '
                            'goes on from there')
        _write(out, task, done=True, seconds=time.time() - start)
    return DONE


def _record(out: Path, task: Task) -> Optional[Dict[str, Any]]:
    file = _file(out, task)
    if not file.exists():
        return None
    try:
        record = json_file.parse_object(text_file.read(file, 'record'))
        if not isinstance(record.get('settings'), dict):
            raise ValueError('no settings in it')
        return record
    except ValueError as error:
        raise UserError(f'{file} is damaged ({error}): remove it, and {task.output} if it is not sure what made '
                        'it') from error


def _write(out: Path, task: Task, done: bool, seconds: float = 0.0) -> None:
    record = {'done': done, 'seconds': round(seconds, 1), 'settings': task.settings(out)}
    atomic.write_text(_file(out, task), json.dumps(record, indent=1, sort_keys=True) + '\n')


def _file(out: Path, task: Task) -> Path:
    return out / 'done' / f'{task.name}.json'
