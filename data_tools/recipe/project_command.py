"""Running the project's own commands one after the other, as a user would type them."""
import contextlib
import shlex
import signal
import subprocess
import sys
from typing import Iterator, Sequence

from dctnet import process

# The package of the data tools: data_tools in a checkout, dctnet.data_tools if the project is installed.
TOOLS = __name__.rpartition('.recipe.')[0]


def run_command(words: Sequence[object], title: str = '') -> int:
    """Print `$ python WORDS` after the title, run it with this interpreter, and return its exit code.

    Signals that ask to stop, and Ctrl-C, reach the command, which then stops as it would on its own."""
    texts = [str(word) for word in words]
    print(f"\n{title}$ python {' '.join(shlex.quote(text) for text in texts)}", flush=True)
    command = subprocess.Popen([sys.executable] + texts)
    with _signals_passed_on_to(command):
        return command.wait()


@contextlib.contextmanager
def _signals_passed_on_to(command: subprocess.Popen) -> Iterator[None]:
    # A terminal sends Ctrl-C to both: the command decides what it means, so this process only has to survive it.
    former = {number: signal.signal(number, lambda number, frame: command.send_signal(number))
              for number in process.STOP_SIGNALS if signal.getsignal(number) != signal.SIG_IGN}
    former[signal.SIGINT] = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
