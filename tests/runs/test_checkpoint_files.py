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
