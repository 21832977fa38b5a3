"""The page of the doctor on this machine, and its exit codes."""
import pytest

from dctnet import doctor
from dctnet.compat import TENSORFLOW_VERSION, gpu_available
from dctnet.diagnosis import installation, step
from dctnet.diagnosis.facts import Numbers
from dctnet.errors import UserError
from tests.training.tiny_training import content_network

TINY = ['--device', 'cpu', '--size', '32', '--batch', '1']


@pytest.fixture(autouse=True)
def small_content_network(monkeypatch):
    """In the place of VGG19."""
    from dctnet.nets import content_network as module
    monkeypatch.setattr(module, 'content_network', lambda name, side: content_network())


@pytest.mark.long
def test_one_page_and_exit_code_0(capsys):
    assert doctor.main(TINY) == 0
    printed = capsys.readouterr().out
    lines = printed.splitlines()
    assert len(lines) < 60 and max(map(len, lines)) <= 120
    labels = [line.split(' ')[0] for line in lines if line[0] != ' ']
    assert labels == ['dctnet', 'Runtime', 'Machine', 'Cards', 'Built', 'Precision', 'Numbers', 'Speed', 'Speed',
                      'Verdict']
    assert f'tensorflow {TENSORFLOW_VERSION}' in printed and 'fine' in lines[-1]
    assert 'of 1 pictures of 32 px' in printed and 'its 300000 steps of 16 at 256' in ' '.join(printed.split())


def test_wrong_numbers_give_exit_code_2(monkeypatch, capsys):
    monkeypatch.setattr(step, 'numbers', lambda *_: Numbers({'g': .1, 'd': 0.}, {'g': 1., 'd': 0.}))
    monkeypatch.setattr(step, 'seconds_a_step', lambda *_: 1.)
    assert doctor.main(TINY) == 2
    assert capsys.readouterr().out.count('\nWRONG') == 2


def test_a_step_that_fails_is_a_finding_and_no_traceback(monkeypatch, capsys):
    def fail(*_):
        raise UserError('out of memory in step 1')

    monkeypatch.setattr(step, 'numbers', lambda *_: Numbers({'g': 0.}, {'g': 0.}))
    monkeypatch.setattr(step, 'seconds_a_step', fail)
    assert doctor.main(TINY) == 2
    assert 'out of memory in step 1' in capsys.readouterr().out


@pytest.mark.skipif(gpu_available(), reason='this machine has a GPU')
def test_a_gpu_that_is_not_there_is_told_before_anything_is_measured(capsys):
    assert doctor.main(['--device', 'gpu']) == 2
    printed = capsys.readouterr().out
    assert 'a GPU was asked for' in printed and 'Numbers' not in printed and 'usable' not in printed


def test_a_missing_library_is_told(monkeypatch, capsys):
    monkeypatch.setitem(installation.LIBRARIES, 'no_such_module', 'no-such-package')
    assert doctor.main(TINY) == 2
    assert 'WRONG       no-such-package does not import' in capsys.readouterr().out


@pytest.mark.parametrize('words', [['--size', '100'], ['--batch', '0'], ['--device', 'tpu']])
def test_a_wrong_command_line(words, capsys):
    with pytest.raises(SystemExit) as left:
        doctor.parse(words)
    assert left.value.code == 2
