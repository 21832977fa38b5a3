"""Mistakes of the user: an exception whose message says what - where - what to do, and the exit codes."""
import io
import re
import sys
from typing import Callable, NoReturn

from dctnet import process
from dctnet.places import as_typed

DONE = 0
SOME_FAILED = 1
USER_MISTAKE = 2
STOPPED_EARLY = 75  # EX_TEMPFAIL, for schedulers: run the same command again
_CONTROL = re.compile(r'[\x00-\x1f\x7f-\x9f\u2028\u2029]')  # names of files may hold them
_LONGEST = 2000  # characters of a message


class UserError(Exception):
    """A mistake that the user can correct. The message says what is wrong, where, and what to do.

    It is one line whatever names and values it quotes (`in_one_line`). The middle of a very long one is left out.
    """

    def __init__(self, message: str) -> None:
        line = in_one_line(message)
        if len(line) > _LONGEST:
            line = f'{line[:_LONGEST // 2]} ... {line[-_LONGEST // 2:]}'
        super().__init__(line)


def exit_with(main: Callable[[], int]) -> NoReturn:
    """Run a command line's `main` and leave with its exit code.

    A UserError, or a file without permission, becomes one line and exit code 2; Ctrl-C becomes 130; a signal that asks
    to stop (process.STOP_SIGNALS) becomes 75, if `main` does not decide otherwise; a bug keeps its traceback.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors='backslashreplace')  # names that the terminal has no characters for
    with process.stop_signals_interrupt():
        code = _code(main)
    sys.exit(code)


def _code(main: Callable[[], int]) -> int:
    try:
        return main()
    except UserError as error:
        print(f'error: {as_typed(str(error))}', file=sys.stderr)
        return USER_MISTAKE
    except PermissionError as error:
        print(f'error: no permission to use {in_one_line(str(error.filename))}: change its rights or choose another '
              'place', file=sys.stderr)
        return USER_MISTAKE
    except process.Stopped as signal:
        print(f'stopped by {signal}: the same command goes on', file=sys.stderr)
        return STOPPED_EARLY
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return 130


def what_is_wrong(error: Exception) -> str:
    """Words for an error that came of taking a record apart: a field is missing, or a value has another type."""
    if isinstance(error, KeyError):
        return f'{error} is missing'
    return str(error) if isinstance(error, (ValueError, UserError)) else 'a value has another type'


def in_one_line(text: str) -> str:
    """The text with line breaks and other signs that control a terminal written as \\n, \\x1b ..."""
    return _CONTROL.sub(lambda found: repr(found.group())[1:-1], text)
