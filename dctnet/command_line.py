"""The command-line parser that all commands use."""
import argparse
from typing import Any

from dctnet.places import as_typed


class Parser(argparse.ArgumentParser):
    """A parser whose help names the project's commands as they are typed here, in a checkout or installed."""

    def __init__(self, prog: str, **options: Any) -> None:
        super().__init__(prog=as_typed(prog), **options)

    def format_help(self) -> str:
        """What --help prints."""
        return as_typed(super().format_help())
