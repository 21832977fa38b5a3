"""Keep-lists: plain text, one file name a line, relative to the list's own folder; # begins a comment line."""
from pathlib import Path
from typing import List, Sequence


def text_of(names: Sequence[str], notes: Sequence[str]) -> str:
    """The text of a list. A name that begins with # is written as ./#..."""
    lines = ['# ' + note for note in notes] + ['./' + name if name.startswith('#') else name for name in names]
    return '\n'.join(lines) + '\n'


def names_in(path: Path) -> List[str]:
    """The names of a list, in its order, without empty lines and comments."""
    lines = [line.strip() for line in Path(path).read_text(encoding='utf-8').splitlines()]
    return [line[2:] if line.startswith('./') else line for line in lines if line and not line.startswith('#')]
