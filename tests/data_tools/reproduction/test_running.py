"""Each task once: what is done is left out, what was stopped goes on, what was made otherwise is refused."""
import json

import pytest

from data_tools.recipe.stages import Step
from data_tools.reproduction import running
from data_tools.reproduction.tasks import Task
from dctnet.errors import UserError
from dctnet.files import lock


def task(out, name, code=0, mark='x', stage='ttn'):
    """A command that appends to OUT/NAME and ends with `code`."""
    program = f'import sys; open(r"{out / name}", "a").write("{mark}"); sys.exit({code})'
    return Task(name, Step(stage, ['-c', program]), out / name)


def made(out):
    return {path.name: path.read_text() for path in out.iterdir() if path.is_file()}


def test_what_is_done_is_left_out_until_its_output_is_gone(tmp_path):
    chain = [task(tmp_path, name) for name in 'abc']
    assert running.run_chain(chain, tmp_path, 'row') == 0
    assert running.run_chain(chain, tmp_path, 'row') == 0
    assert made(tmp_path) == {'a': 'x', 'b': 'x', 'c': 'x'}
    (tmp_path / 'b').unlink()
    assert running.run_chain(chain, tmp_path, 'row') == 0
    assert made(tmp_path) == {'a': 'x', 'b': 'x', 'c': 'xx'}  # c depends on b


def test_a_stopped_task_goes_on_and_a_failed_one_is_told(tmp_path):
    stopped = [task(tmp_path, 'a'), task(tmp_path, 'b', code=75), task(tmp_path, 'c')]
    assert running.run_chain(stopped, tmp_path, 'row') == 75
    assert set(made(tmp_path)) == {'a', 'b'} and not running.is_done(tmp_path, stopped[1])
    with pytest.raises(UserError, match='d failed with exit code 2'):
        running.run_chain([task(tmp_path, 'd', code=2)], tmp_path, 'row')
    with pytest.raises(UserError, match='e failed with exit code 1'):
        running.run_chain([task(tmp_path, 'e', code=1)], tmp_path, 'row')
    assert running.run_chain([task(tmp_path, 'f', code=1, stage='align'), task(tmp_path, 'g')], tmp_path, 'row') == 0
    assert 'g' in made(tmp_path)


def test_a_task_with_other_settings_is_refused_before_anything_runs(tmp_path):
    running.run_chain([task(tmp_path, 'b')], tmp_path, 'row')
    with pytest.raises(UserError, match='holds b made with other settings: command is .* Choose another --out'):
        running.run_chain([task(tmp_path, 'a'), task(tmp_path, 'b', mark='y')], tmp_path, 'row')
    assert made(tmp_path) == {'b': 'x'}
    figures = [task(tmp_path, 'm', mark=mark, stage='measure') for mark in 'xy']
    for each in figures:  # measuring with another network is only repeated
        assert running.run_chain([each], tmp_path, 'row') == 0
    assert made(tmp_path)['m'] == 'xy'


def test_two_processes_never_make_the_same(tmp_path):
    (tmp_path / 'done').mkdir()
    with lock.locked(tmp_path / 'done' / '.row.lock', ''):
        with pytest.raises(UserError, match='another process is making row'):
            running.run_chain([task(tmp_path, 'a')], tmp_path, 'row')
    assert made(tmp_path) == {}


def test_a_damaged_record_is_told(tmp_path):
    running.run_chain([task(tmp_path, 'a')], tmp_path, 'row')
    record, = (tmp_path / 'done').glob('*.json')
    assert json.loads(record.read_text())['done']
    record.write_text('{')
    with pytest.raises(UserError, match='a.json is damaged'):
        running.run_chain([task(tmp_path, 'a')], tmp_path, 'row')
