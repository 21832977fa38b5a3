"""Temporary files of killed processes go with the next write into their folder; those of living ones stay."""
import os
import subprocess
import sys

import pytest

from dctnet.files import atomic, leftovers

KILLED = '''
import os, signal, sys
from pathlib import Path
from dctnet.files import atomic, durable
durable.flush = lambda path: os.kill(os.getpid(), signal.SIGKILL)
atomic.write_text(Path(sys.argv[1]), 'x' * 1000)
'''


@pytest.fixture(autouse=True)
def not_seen_yet(monkeypatch):
    monkeypatch.setattr(leftovers, '_seen', set())


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_of_a_killed_process(tmp_path):
    assert subprocess.call([sys.executable, '-c', KILLED, str(tmp_path / 'model-5.index')]) == -9
    left, = names(tmp_path)
    assert left.startswith('.model-5.index.')
    atomic.write_text(tmp_path / 'other', 'x')
    assert names(tmp_path) == ['other']


def test_in_a_system_whose_names_are_ascii(tmp_path):
    """As servers without a locale: Python holds other names as bytes there."""
    ascii_alone = dict(os.environ, LC_ALL='C', PYTHONCOERCECLOCALE='0', PYTHONUTF8='0')
    code = ('import sys; from pathlib import Path; from dctnet.files import atomic; '
            'atomic.write_text(Path(sys.argv[1]), "")')
    assert subprocess.call([sys.executable, '-c', code, str(tmp_path / '日本é.txt')], env=ascii_alone) == 0
    assert names(tmp_path) == ['日本é.txt']


def test_of_a_living_process_and_of_another_machine(tmp_path):
    living = tmp_path / (leftovers.prefix('x') + 'abcd1234')
    living.write_text('')
    far = tmp_path / '.x.elsewhere-1.tmpabcd1234'
    far.write_text('')
    old = tmp_path / '.y.elsewhere-1.tmpabcd1234'
    old.write_text('')
    os.utime(str(old), (0, 0))
    mine = tmp_path / '.x.notes-1.tmp'
    mine.write_text('')
    atomic.write_text(tmp_path / 'z', 'x')
    assert names(tmp_path) == sorted([living.name, far.name, mine.name, 'z'])


def test_long_names_in_any_script(tmp_path):
    for name in ('é' * 60, 'x' * 200, 'q\udcffx'):
        atomic.write_text(tmp_path / name, 'x')
        assert (tmp_path / name).read_text() == 'x'
