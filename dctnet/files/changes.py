"""What differs between settings of before and those of now, both nested dictionaries."""
from typing import Any, Dict, List, NamedTuple, Sequence


class Change(NamedTuple):
    """A leaf that differs between two configs: its dotted key and both values."""
    key: str
    old: Any
    new: Any


def differences(old: Dict[str, Any], new: Dict[str, Any], prefix: str = '') -> List[Change]:
    """Leaves that differ between two nested dictionaries."""
    changes: List[Change] = []
    for key in sorted(set(old) | set(new), key=str):
        a, b = old.get(key), new.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            changes += differences(a, b, f'{prefix}{key}.')
        elif a != b:
            changes.append(Change(prefix + key, a, b))
    return changes


def changes_text(changes: Sequence[Change]) -> str:
    """One line about the differences between the config of a folder and the present one."""
    return '; '.join(f'{change.key} is {change.old!r} there and {change.new!r} now' for change in changes)
