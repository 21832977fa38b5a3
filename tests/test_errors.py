"""From what `main` does to the exit code."""
import os
import signal

import pytest

from dctnet import process
from dctnet.errors import UserError, exit_with, what_is_wrong


@pytest.fixture(autouse=True)
def handlers():
    before = {number: signal.getsignal(number) for number in process.STOP_SIGNALS + [signal.SIGINT]}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def leave(error=None, code=0):
    def main():
        if error is not None:
            raise error
        return code
    with pytest.raises(SystemExit) as caught:
        exit_with(main)
    return caught.value.code


def test_codes_and_messages(capsys):
    assert [leave(code=code) for code in (0, 1, 75)] == [0, 1, 75]
    assert leave(UserError('x.png is bad: remove it')) == 2
    assert capsys.readouterr().err == 'error: x.png is bad: remove it\n'
    assert leave(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == 'interrupted\n'
    assert leave(PermissionError(13, 'Permission denied', 'photos/')) == 2
    assert capsys.readouterr().err.startswith('error: no permission to use photos/: ')


def test_a_message_is_one_line_whatever_it_quotes():
    odd = 'a\nb\u2028c\x1b[2Jd\udcffé 日本\\'
    assert str(UserError(f'{odd} is bad')) == 'a\\nb\\u2028c\\x1b[2Jd\udcffé 日本\\ is bad'
    text = str(UserError('x.json: ' + 'a' * 10 ** 6 + ': remove it'))
    assert len(text) < 2100 and text.startswith('x.json: a') and text.endswith('a: remove it') and ' ... ' in text


@pytest.mark.parametrize('take, said', [
    (lambda: {}['size'], "'size' is missing"), (lambda: int('few'), "invalid literal for int() with base 10: 'few'"),
    (lambda: [].items(), 'a value has another type'), (lambda: 1 + 'a', 'a value has another type')])
def test_what_is_wrong_with_a_record(take, said):
    with pytest.raises(Exception) as caught:
        take()
    assert what_is_wrong(caught.value) == said


def test_names_of_files_break_no_line_and_reach_no_terminal(capsys):
    assert leave(UserError('two\nlines\x1b[2J\u2028 é is bad: remove it')) == 2
    assert capsys.readouterr().err == 'error: two\\nlines\\x1b[2J\\u2028 é is bad: remove it\n'
    assert leave(PermissionError(13, 'Permission denied', 'a\rb')) == 2
    assert capsys.readouterr().err.startswith('error: no permission to use a\\rb: ')


def test_a_bug_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        exit_with(lambda: 1 // 0)


@pytest.mark.parametrize('number', process.STOP_SIGNALS)
def test_a_signal_is_an_early_stop(number, heeded_hangups, capsys):
    def main():
        os.kill(os.getpid(), number)
        signal.getsignal(number)  # lets the handler run
        return 0
    with pytest.raises(SystemExit) as caught:
        exit_with(main)
    assert caught.value.code == 75
    assert capsys.readouterr().err == f'stopped by {number.name}: the same command goes on\n'
