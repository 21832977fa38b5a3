"""YAML file (+ `extends`, + `--set a.b=c`) -> frozen dataclass. Every mistake names the file and the dotted key."""
import dataclasses
import difflib
import logging
from pathlib import Path
from typing import Any, Dict, Iterable, List, Tuple, Type, TypeVar

import yaml

from dctnet.errors import UserError
from dctnet.files import yaml_file

T = TypeVar('T')
log = logging.getLogger(__name__)


def load(config_class: Type[T], path: Path, overrides: Iterable[str] = ()) -> T:
    """Read a YAML file into `config_class`, resolving `extends` (relative to the file) and KEY=VALUE overrides.

    Raises UserError for a missing or malformed file, an unknown key (naming the nearest one), or a bad value.
    """
    values = _read_with_parents(Path(path), ())
    for override in overrides:
        values = _merged(values, _parse_override(override))
    return from_dict(config_class, values, str(path))


def load_saved(config_class: Type[T], path: Path) -> T:
    """The config that a run has recorded. Keys that were added since then have their defaults; keys that were removed
    are logged and left out. Raises UserError as `load` does."""
    values, removed = _known_part(config_class, _read_keeping_text(Path(path)), '')
    if removed:
        log.info('%s has keys that this version does not know, which are left out: %s', path, ', '.join(removed))
    return from_dict(config_class, values, str(path))


def from_dict(config_class: Type[T], values: Dict[str, Any], where: str) -> T:
    """Build `config_class` from nested dictionaries. where: their origin, named in errors. Raises UserError for an
    unknown key or a bad value."""
    return _build(config_class, values, where, '')


def to_dict(config: Any) -> Dict[str, Any]:
    """A config as nested dictionaries of plain YAML types."""
    return _plain(dataclasses.asdict(config))


def to_yaml(values: Dict[str, Any]) -> str:
    """Nested dictionaries (of `to_dict`) as YAML text that `load` reads back to an equal config."""
    return yaml.safe_dump(values, sort_keys=False, default_flow_style=None)


def read_yaml(path: Path) -> Dict[str, Any]:
    """A YAML file that holds a mapping. Raises UserError if it is missing or malformed."""
    return _mapping(yaml_file.read(Path(path), 'config file'), path)


def _mapping(values: Any, path: Path) -> Dict[str, Any]:
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise UserError(f'{path} must hold "section: {{key: value}}", not a {type(values).__name__}')
    return values


def _read_keeping_text(path: Path) -> Dict[str, Any]:
    return _mapping(yaml_file.read(path, 'config file', keep_text=True), path)


def _read_with_parents(path: Path, children: Tuple[Path, ...]) -> Dict[str, Any]:
    if path.resolve() in children:
        raise UserError(f'{path}: `extends` leads back to the same file: remove one link')
    values = _read_keeping_text(path)
    parent = values.pop('extends', None)
    if parent is None:
        return values
    if not isinstance(parent, (str, yaml_file.Written)):
        raise UserError(f'{path}: `extends` must be the name of another config file, not {parent!r}')
    name = parent.text if isinstance(parent, yaml_file.Written) else parent
    return _merged(_read_with_parents(path.parent / name, children + (path.resolve(),)), values)


def _merged(base: Dict[str, Any], top: Dict[str, Any]) -> Dict[str, Any]:
    result = dict(base)
    for key, value in top.items():
        if isinstance(result.get(key), dict) and (value is None or isinstance(value, dict)):
            result[key] = _merged(result[key], value or {})  # an empty section changes nothing
        else:
            result[key] = value
    return result


def _parse_override(text: str) -> Dict[str, Any]:
    key, equals, value = text.partition('=')
    if not equals or not key.strip():
        raise UserError(f'--set {text}: write it as --set section.key=value')
    nested: Any = _typed_value(value.strip(), text)
    for part in reversed(key.strip().split('.')):
        nested = {part: nested}
    return nested


def _typed_value(value: str, override: str) -> Any:
    """What is typed behind KEY=: text in quotes, or what YAML makes of it, with the text as it is typed."""
    try:
        parsed = yaml_file.parse(value)
    except ValueError as error:
        if value[:1] in ('"', "'"):
            raise UserError(f'--set {override}: the value is not valid YAML: {error}') from error
        parsed = value
    if value[:1] in ('"', "'") or not value:
        return parsed
    return yaml_file.Written(parsed, value)  # " #" begins no comment on a command line, nor does "a: b" make a mapping


def _known_part(config_class: type, values: Dict[str, Any], prefix: str) -> Tuple[Dict[str, Any], List[str]]:
    """The values of known keys, and the dotted names of the unknown ones."""
    fields = {field.name: field for field in dataclasses.fields(config_class)}
    known: Dict[str, Any] = {}
    removed: List[str] = []
    for key, value in values.items():
        if key not in fields:
            removed.append(f'{prefix}{key}')
        elif dataclasses.is_dataclass(fields[key].type) and isinstance(value, dict):
            known[key], inner = _known_part(fields[key].type, value, f'{prefix}{key}.')
            removed += inner
        else:
            known[key] = value
    return known, removed


def _build(config_class: Type[T], values: Any, where: str, prefix: str) -> T:
    values = values.value if isinstance(values, yaml_file.Written) else values
    if not isinstance(values, dict):
        raise UserError(f"{where}: {prefix.rstrip('.') or 'the file'} must be a section with keys of its own, not "
                        f'{values!r}')
    # T is a dataclass, for which Python 3.7 has no type.
    fields = {field.name: field for field in dataclasses.fields(config_class)}  # type: ignore[arg-type]
    arguments = {}
    for key, value in values.items():
        if key not in fields:
            raise UserError(_unknown_key(where, prefix, str(key), list(fields)))
        field = fields[key]
        if dataclasses.is_dataclass(field.type):
            empty = value is None or isinstance(value, yaml_file.Written) and value.value is None
            arguments[key] = _build(field.type, {} if empty else value, where, prefix + key + '.')
        else:
            arguments[key] = _coerced(value, field, f'{where}: {prefix}{key}')
    try:
        return config_class(**arguments)
    except ValueError as error:  # __post_init__ of the dataclass: a rule between several keys
        raise UserError(f'{where}: {error}') from error


def _unknown_key(where: str, prefix: str, key: str, known: List[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f'did you mean {prefix}{near[0]}?' if near else f"known here: {', '.join(known)}"
    return f'{where}: unknown key {prefix}{key}: {hint}'


def _coerced(value: Any, field: dataclasses.Field, where: str) -> Any:
    """The value converted to the type of the field's default. YAML reads 1e-4 as a string and off as False."""
    kind, choices = type(field.default), field.metadata.get('choices')
    result: Any = None
    if isinstance(value, yaml_file.Written):
        value = _meant(value, kind, choices)
    if kind is bool and isinstance(value, bool):
        result = value
    elif kind is int and isinstance(value, (int, float, str)) and not isinstance(value, bool):
        number = _number(value)
        result = int(number) if number is not None and number == int(number) else None
    elif kind is float and isinstance(value, (int, float, str)) and not isinstance(value, bool):
        result = _number(value)
    elif field.metadata.get('or_count') and _is_count(value):
        result = int(_number(value))
    elif kind is str and isinstance(value, bool):
        result = 'on' if value else 'off'
    elif kind is str and not isinstance(value, (dict, list)):
        result = '' if value is None else str(value)
    if result is None:
        wanted = {bool: 'true or false', int: 'a whole number', float: 'a number', str: 'text'}.get(kind, kind.__name__)
        raise UserError(f'{where} must be {wanted}, not {value!r}')
    ending = field.metadata.get('or_file')
    if choices and result not in choices and not isinstance(result, int) and not (ending and result.endswith(ending)):
        other = f' or a file *{ending}' if ending else ''
        other += ' or a whole number from 0 on' if field.metadata.get('or_count') else ''
        raise UserError(f"{where} must be {'one of ' * (len(choices) > 1)}{', '.join(choices)}{other}, not {value!r}")
    low, high = field.metadata.get('range', (None, None))
    if low is not None and result < low or high is not None and result > high:
        limits = f'at least {low}' if high is None else f'between {low} and {high}'
        raise UserError(f'{where} must be {limits}, not {value!r}')
    return result


def _meant(value: yaml_file.Written, kind: type, choices: Any) -> Any:
    """What is written, for a key of this kind: text stays as it is, but for the words on and off of a choice."""
    if kind is str:
        return value.value if choices and isinstance(value.value, bool) else value.text
    if kind in (int, float) and not isinstance(value.value, bool) and (
            _number(value.text) is not None or ':' in value.text):
        return value.text  # YAML takes 0625 for 405, and 12:30 for 750
    return value.value


def _number(value: Any) -> Any:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) < float('inf') else None  # nan and inf are refused


def _is_count(value: Any) -> bool:
    number = None if isinstance(value, bool) else _number(value)
    return number is not None and number >= 0 and number == int(number)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return value
