"""JSON within limits of size, depth and count, which are checked before anything is built of it."""
import json
import re
from pathlib import Path
from typing import Any, Dict

from dctnet.errors import UserError
from dctnet.files import text_file

MOST_BYTES = 256 << 20  # of caches of many thousand pictures
_MOST_VALUES, _DEEPEST, _LONGEST_NUMBER = 4000000, 64, 40
_TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{]|[\]}]', re.DOTALL)


def parse(text: str) -> Any:
    """The value of a JSON text; NaN and Infinity are read, too. Raises ValueError, and nothing else, if it is none or
    beyond the limits."""
    _check(text)
    try:
        return json.loads(text, parse_int=_whole_number)
    except (RecursionError, MemoryError) as error:
        raise ValueError('it is too deep or too large') from error


def parse_object(text: str) -> Dict[str, Any]:
    """The object of a JSON text. Raises ValueError as `parse` does, and for another value."""
    value = parse(text)
    if not isinstance(value, dict):
        raise ValueError(f'a JSON object is needed, not a {type(value).__name__}')
    return value


def read(path: Path, what: str) -> Any:
    """The value of a JSON file. what: it is, for messages. Raises UserError if it is missing, damaged or too large."""
    text = text_file.read(path, what, MOST_BYTES)
    try:
        return parse(text)
    except ValueError as error:
        raise UserError(f'{what} {path} is not valid JSON ({error}): put it right, or bring it back') from error


def read_object(path: Path, what: str) -> Dict[str, Any]:
    """The object of a JSON file. Raises UserError as `read` does, and for another value."""
    value = read(path, what)
    if not isinstance(value, dict):
        raise UserError(f'{what} {path} must be a JSON object {{...}}, not a {type(value).__name__}: put it right, or '
                        'bring it back')
    return value


def _check(text: str) -> None:
    opened = text.count('[') + text.count('{')
    if opened + text.count(',') > _MOST_VALUES:
        raise ValueError(f'it has more than {_MOST_VALUES} values')
    if opened <= _DEEPEST:
        return
    depth = 0
    for token in _TOKENS.finditer(text):
        first = text[token.start()]
        if first in '[{':
            depth += 1
            if depth > _DEEPEST:
                raise ValueError(f'it is nested deeper than {_DEEPEST}')
        elif first in ']}':
            depth -= 1


def _whole_number(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f'a number has {len(text)} digits')
    return int(text)
