"""Commands on paths with odd names and in odd places."""
import subprocess
import sys
from pathlib import Path

import pytest

from dctnet.errors import UserError
from tests.names import __main__ as names
from tests.names import commands, worker


@pytest.mark.long
def test_every_command_takes_them_or_says_no():
    told = subprocess.run([sys.executable, '-m', 'tests.names', 'no UTF-8', 'below a file', 'nothing but fifos'],
                          stdout=subprocess.PIPE, universal_newlines=True)
    assert told.returncode == 0, told.stdout
    assert told.stdout.count('| train ttn | refused |') == 2 and told.stdout.count('| infer | ok |') == 1
    assert '3 kinds, ' in told.stdout


def answer(monkeypatch, tmp_path, main):
    monkeypatch.setitem(commands.OWN, 'fetch', main)
    return worker.answer_of('fetch', tmp_path, tmp_path, 'x')


def refuse(text):
    raise UserError(text)


def leave(path: Path):
    path.write_text('')
    return 0


def test_what_counts_as_promised(monkeypatch, tmp_path):
    assert answer(monkeypatch, tmp_path, lambda words: 0) == 'ok'
    assert answer(monkeypatch, tmp_path, lambda words: refuse('no')) == 'refused: error: no'
    for main in (lambda words: 1 // 0, lambda words: 1, lambda words: 2 if print('error: two\nlines') is None else 0,
                 lambda words: leave(tmp_path / '.x.host-1.tmpabcdefgh')):
        assert answer(monkeypatch, tmp_path, main).startswith('WRONG: ')


def test_the_table_names_each_command_and_each_kind():
    found = {'plain': {'a': 'ok', 'b': 'refused: no'}, 'odd': {'a': 'WRONG: x', 'b': 'refused: no'}}
    assert names.table(found) == ['|  | plain | odd |', '| --- | --- | --- |', '| a | ok | WRONG |',
                                  '| b | refused | refused |']
    assert names.remarks(found) == ['- b; plain: refused: no', '- a; odd: WRONG: x', '- b; odd: refused: no']
