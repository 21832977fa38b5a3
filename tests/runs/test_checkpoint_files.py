"""What is said where RUN/best is not as the training leaves it."""
import json

import pytest

from dctnet.errors import UserError
from dctnet.runs.checkpoint_files import Best, best_json, find, read_best

ENTRY = {'step': 4, 'metric': 'kid', 'value': 0.5, 'measured_on': 'x'}


@pytest.fixture()
def run(tmp_path):
    (tmp_path / 'best').mkdir()
    for suffix in ('.index', '.data-00000-of-00001'):
        (tmp_path / 'best' / ('model-4' + suffix)).write_bytes(b'x')
    (tmp_path / 'best' / 'best.json').write_text(json.dumps(ENTRY))
    return tmp_path


def test_the_note_names_the_best_checkpoint(run):
    assert read_best(run) == Best(4, 'kid', 0.5, fingerprint='x')
    assert json.loads(best_json(read_best(run))) == ENTRY
    assert find(run, 'best') == run / 'best' / 'model-4'


@pytest.mark.parametrize('text', ['', '{"step": 4}', '[1, 2]', '{"step": "four", "metric": "kid", "value": 1, '
                                  '"measured_on": ""}', 'null'])
def test_a_damaged_note_is_told(run, text):
    (run / 'best' / 'best.json').write_text(text)
    with pytest.raises(UserError, match='best.json is damaged'):
        read_best(run)


@pytest.mark.parametrize('gone', ['best.json', 'model-4.index', 'model-4.data-00000-of-00001'])
def test_none_where_a_file_is_gone(run, gone):
    (run / 'best' / gone).unlink()
    assert read_best(run) is None
    with pytest.raises(UserError, match='keeps no best checkpoint.*evaluate.every'):
        find(run, 'best')


def add(folder, *steps):
    folder.mkdir(parents=True, exist_ok=True)
    for step in steps:
        for suffix in ('.index', '.data-00000-of-00001'):
            (folder / f'model-{step}{suffix}').write_bytes(b'x')


def test_the_checkpoint_that_a_user_names(run):
    add(run / 'checkpoints', 9, 100, 20)
    assert find(run) == run / 'checkpoints' / 'model-100'  # by the number, not by the name
    assert find(run, '20') == run / 'checkpoints' / 'model-20'
    assert find(run, 'best') == run / 'best' / 'model-4'


@pytest.mark.parametrize('wanted, message', [
    ('7', 'keeps no checkpoint of step 7: there are 9, 20'), ('last', '--checkpoint last: say best, or the number')])
def test_checkpoints_that_are_not_there(run, wanted, message):
    add(run / 'checkpoints', 9, 20)
    with pytest.raises(UserError, match=message):
        find(run, wanted)


def test_a_run_without_checkpoints(tmp_path):
    with pytest.raises(UserError, match='holds no checkpoint'):
        find(tmp_path)
    with pytest.raises(UserError, match='--checkpoint 3 goes with a run folder, and .*model-3 is none'):
        find(tmp_path / 'model-3', '3')
