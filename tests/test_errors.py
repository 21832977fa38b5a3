"""From what `main` does to the exit code."""
import pytest

from dctnet.errors import UserError, exit_with


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


def test_a_bug_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        exit_with(lambda: 1 // 0)
