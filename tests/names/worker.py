"""python -m tests.names.worker GIVEN MADE NAME ANSWERS COMMAND ...: run the commands one after the other in this
process, whose terminal takes ASCII alone, but for those that ANSWERS (JSON, command -> answer) has already. An answer
is 'ok', 'refused: LAST LINE' or 'WRONG: ...'."""
import importlib
import io
import json
import logging
import signal
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from dctnet import process
from dctnet.errors import DONE, USER_MISTAKE, exit_with
from tests.names.commands import OWN, words_of

SECONDS = 400  # for one command; some take half a minute, and several on a busy machine
UNFINISHED = f'WRONG: not done after {SECONDS} s, or it ended the process'


def answer_of(command: str, given: Path, made: Path, name: str) -> str:
    """Run the command and judge how it ends."""
    module, *words = words_of(command, given, made, name)
    said = io.TextIOWrapper(io.BytesIO(), encoding='ascii', errors='strict', write_through=True)
    logging.root.handlers.clear()  # those of the last command write to its terminal
    code: object = None
    with redirect_stdout(said), redirect_stderr(said):
        try:
            exit_with(lambda: (OWN.get(module) or importlib.import_module(module).main)(words))
        except SystemExit as end:
            code = end.code
        except BaseException:
            said.buffer.write(traceback.format_exc().encode('ascii', 'backslashreplace'))
    text = said.buffer.getvalue().decode()  # type: ignore
    left = [path.name for path in made.glob('**/.*.tmp*')] if made.is_dir() else []
    lines = text[text.rfind('error: '):].strip().splitlines()
    if 'Traceback' in text or code not in (DONE, USER_MISTAKE) or code == USER_MISTAKE and len(lines) != 1 or left:
        return f"WRONG: exit code {code}, {' '.join(left)} left behind: {text.strip()[-1500:]}"
    return 'ok' if code == DONE else 'refused: ' + lines[-1]


def main() -> None:
    """Answer command after command, so that one that ends this process has its answer and the others are asked."""
    given, made, name, file, *commands = sys.argv[1:]
    from dctnet import compat
    from dctnet.exporters import parity
    process.prepare()
    compat.graph_mode()
    parity.SIZES = ((32, 32), (20, 28), (16, 24))  # quick
    answers = json.loads(Path(file).read_text())
    for command in commands:
        if command not in answers:
            Path(file).write_text(json.dumps({**answers, command: UNFINISHED}))
            signal.alarm(SECONDS)
            answers[command] = answer_of(command, Path(given), Path(made), name)
            signal.alarm(0)
            Path(file).write_text(json.dumps(answers))


if __name__ == '__main__':
    main()
