"""The harness: sound files are read, damage is a function of the seed, and each way to fail is seen."""
import json

import pytest

from tests.fuzz import kinds, runner
from tests.fuzz.worker import make


@pytest.mark.long
@pytest.mark.parametrize('kind', kinds.ALL, ids=lambda kind: kind.name)
def test_sound_files_are_read(kind, tmp_path, monkeypatch):
    """Otherwise everything would be refused for one reason, and nothing tested."""
    monkeypatch.chdir(tmp_path)
    for number, sample in enumerate(kind.samples()):
        (tmp_path / str(number)).mkdir()
        file = tmp_path / str(number) / kind.file
        file.write_bytes(sample)
        kind.read(file)


@pytest.mark.parametrize('kind', kinds.ALL, ids=lambda kind: kind.name)
def test_damage_follows_from_the_seed(kind):
    made = [make(kind, number, 3) for number in range(6)]
    assert made == [make(kind, number, 3) for number in range(6)]
    assert made != [make(kind, number, 4) for number in range(6)] and len(set(made)) > 1


READERS = '''
import os, sys, time
from dctnet.errors import UserError
from tests.fuzz import kinds, worker
worker.CLOCK_SECONDS, worker.prepare = 2, lambda kinds: None
def refuse(text): raise UserError(text)
bodies = dict(
    crash=lambda file: os.abort(),
    hang=lambda file: time.sleep(99),
    traceback=lambda file: [][0],
    bomb=lambda file: bytearray(b'x' * (900 << 20)),
    outside=lambda file: (file.parents[1] / 'x').write_text('x'),
    program=lambda file: os.system('true'),
    unclear=lambda file: refuse('it is damaged'),
    refused=lambda file: refuse(f'{file} is damaged'),
    read=lambda file: None)
kinds.ALL[:] = [kinds.Kind(name, 'x.bin', lambda: [b'sample'], lambda data, draw, others: data, body)
                for name, body in bodies.items()]
sys.argv[1:] = ['0', sys.argv[1], '']
sys.exit(worker.main())
'''


@pytest.mark.long
def test_each_end_is_told(monkeypatch):
    start = runner.subprocess.Popen
    monkeypatch.setattr(runner.subprocess, 'Popen', lambda command, **options: start(
        [command[0], '-c', READERS, command[4]], **options))
    found = [verdict['end'] for verdict in runner.verdicts(0, 10)]
    assert found == ['crash', 'hang', 'traceback', 'bomb', 'written outside', 'program started', 'unclear message',
                     'refused', 'read', 'crash']


@pytest.mark.long
def test_three_hundred_damaged_files():
    bad = [verdict for verdict in runner.verdicts(2026, 300) if verdict['end'] not in runner.GOOD]
    assert not bad, json.dumps(bad, indent=1)
