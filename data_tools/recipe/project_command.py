"""Running the project's own commands one after the other, as a user would type them."""
import contextlib
import shlex
import signal
import subprocess
import sys
from typing import Iterator, List, Sequence

from dctnet import process
from dctnet.errors import STOPPED_EARLY

# The package of the data tools: data_tools in a checkout, dctnet.data_tools if the project is installed.
TOOLS = __name__.rpartition('.recipe.')[0]


def run_command(words: Sequence[object], title: str = '') -> int:
    """Print `$ python WORDS` after the title, run it with this interpreter, and return its exit code.

    Signals that ask to stop, and Ctrl-C, reach the command, which then stops as it would on its own. The result is then
    STOPPED_EARLY, whatever came of the command: a signal may end it before it listens, or come too late to matter.
    """
    texts = [str(word) for word in words]
    print(f"\n{title}$ python {' '.join(shlex.quote(text) for text in texts)}", flush=True)
    command = subprocess.Popen([sys.executable] + texts)
    with _signals_passed_on_to(command) as received:
        code = command.wait()
    return STOPPED_EARLY if received else code


@contextlib.contextmanager
def _signals_passed_on_to(command: subprocess.Popen) -> Iterator[List[int]]:
    """Gives the list of the signals that have come."""
    received: List[int] = []

    def pass_on(number: int, frame: object) -> None:
        received.append(number)
        if number != signal.SIGINT:  # a terminal sends Ctrl-C to both
            command.send_signal(number)

    numbers = [number for number in process.STOP_SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    former = {number: signal.signal(number, pass_on) for number in [*numbers, signal.SIGINT]}
    try:
        yield received
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
