"""YAML of plain values (text, numbers, truth values, null, lists, mappings) within limits: no aliases, which let a few
lines stand for gigabytes, and a limit of depth and count."""
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from dctnet.errors import UserError
from dctnet.files import text_file

_MOST_BYTES, _MOST_NODES, _DEEPEST, _LONGEST_NUMBER = 256 << 10, 10000, 20, 40
_STRING = 'tag:yaml.org,2002:str'
_NUMBERS = ('tag:yaml.org,2002:int', 'tag:yaml.org,2002:float')
_KNOWN = {f'tag:yaml.org,2002:{name}' for name in ('str', 'int', 'float', 'bool', 'null', 'seq', 'map')}


class Written(NamedTuple):
    """A plain scalar that YAML takes for a number or a truth value: 0625 is 405 to it, and 12:30 is 750.

    value: what YAML makes of it.
    text: as it is written.
    """
    value: Any
    text: str


def parse(text: str, keep_text: bool = False) -> Any:
    """The value of a YAML text. Dates and times are text.

    keep_text: plain numbers and truth values come out as `Written`.
    Raises ValueError, and nothing else, if it is no YAML of plain values or beyond the limits.
    """
    try:
        loader = (_Keeping if keep_text else _Plain)(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise ValueError(' '.join(str(error).split())) from error
    except (RecursionError, MemoryError, OverflowError) as error:
        raise ValueError('it is too deep or too large') from error
    except (TypeError, KeyError, AttributeError, IndexError) as error:
        raise ValueError(f'a value does not fit its tag: {error}') from error


def read(path: Path, what: str, keep_text: bool = False) -> Any:
    """`parse` of a file. what: it is, for messages. Raises UserError if it is missing, damaged or too large."""
    text = text_file.read(path, what, _MOST_BYTES)
    try:
        return parse(text, keep_text)
    except ValueError as error:
        raise UserError(f'{what} {path} is not valid YAML of plain values ({error}): put it right') from error


class _Plain(yaml.SafeLoader):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._count = self._depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Called for each node, before its children."""
        if self.check_event(yaml.AliasEvent):
            raise ValueError(f'line {self.peek_event().start_mark.line + 1} has an alias (*name): write the value out')
        self._count += 1
        self._depth += 1
        if self._count > _MOST_NODES or self._depth > _DEEPEST:
            raise ValueError(f'it has more than {_MOST_NODES} values, or is nested deeper than {_DEEPEST}')
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1

    def compose_scalar_node(self, anchor: Any) -> Any:
        """Called for each scalar: what is none of the plain types is text, such as a date."""
        node = super().compose_scalar_node(anchor)
        if node.tag in ('tag:yaml.org,2002:timestamp', 'tag:yaml.org,2002:value', 'tag:yaml.org,2002:merge'):
            node.tag = _STRING
        if node.tag in _NUMBERS and len(node.value) > _LONGEST_NUMBER:
            node.tag = _STRING
        return node

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """Called for each node, to make its value."""
        if node.tag not in _KNOWN:
            raise ValueError(f'line {node.start_mark.line + 1} has a value of type {node.tag}: only text, numbers, '
                             'true, false, null, lists and mappings are known')
        return super().construct_object(node, deep)


class _Keeping(_Plain):
    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """Called for each mapping; its keys are text."""
        return {key.text if isinstance(key, Written) else key: value
                for key, value in super().construct_mapping(node, deep).items()}

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """As in _Plain, with the text of numbers and truth values."""
        value = super().construct_object(node, deep)
        plain = isinstance(node, yaml.ScalarNode) and node.style is None
        return Written(value, node.value) if plain and isinstance(value, (bool, int, float)) else value
