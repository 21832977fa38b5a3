"""Running the command line of import_weights, and damaging its input."""
from pathlib import Path
from typing import Any

import pytest

from data_tools import import_weights
from dctnet.errors import exit_with


def run(*arguments: Any) -> int:
    """The command's result; mistakes come out as UserError."""
    return import_weights.main([str(argument) for argument in arguments])


def exit_code(*arguments: Any) -> int:
    """What the shell sees."""
    with pytest.raises(SystemExit) as left:
        exit_with(lambda: run(*arguments))
    return left.value.code


def cut(path: Path, share: float) -> None:
    """Keep only the first `share` of a file."""
    path.write_bytes(path.read_bytes()[:int(path.stat().st_size * share)])
