"""The folder of aligned faces: NAME.png, NAME_1.png ..., settings.json, and manifest.jsonl, which tells what is done.

A line of the manifest is a face, or a picture without a usable one. It is written after its picture's files, so what it
names is there; `faces` counts the faces of a picture, so a manifest that was cut off is noticed.
"""
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, Dict, Iterable, List, Sequence

from dctnet import atomic
from dctnet.config_file import differences
from dctnet.errors import UserError

MANIFEST, SETTINGS = 'manifest.jsonl', 'settings.json'
UNREADABLE = 'unreadable'
_VERSION = 1  # of what a line holds


def begin(folder: Path, settings: Dict[str, Any]) -> None:
    """Make the folder and note the settings. Raises UserError where it was made with others, or holds other files."""
    settings = dict(settings, version=_VERSION)
    if folder.exists() and not folder.is_dir():
        raise UserError('{} is a file, but a folder for faces is needed: choose another name'.format(folder))
    path = folder / SETTINGS
    if path.exists():
        try:
            changes = differences(json.loads(path.read_text(encoding='utf-8')), settings)
        except (ValueError, AttributeError, TypeError) as error:
            raise UserError('{} is damaged ({}): remove the folder, or choose another'.format(path, error)) from error
        if changes:
            raise UserError('{} holds faces made with other settings: {}. Choose another folder, or remove it'.format(
                folder, '; '.join('{} is {!r} there and {!r} now'.format(*change) for change in changes)))
    elif folder.exists() and any(not entry.name.startswith('.') for entry in folder.iterdir()):
        raise UserError('{} holds files that are not of this command (no {}): choose a new folder'.format(
            folder, SETTINGS))
    else:
        atomic.write_text(path, json.dumps(settings, indent=2) + '\n')


def output_names(sources: Sequence[Path]) -> Dict[str, str]:
    """File name of each picture -> NAME of its faces: the name without suffix, or with it where a.png and a.jpg, or
    a_1.png and the second face of a.png, would meet. Raises UserError where even that is not enough."""
    stems = Counter(path.stem for path in sources)

    def is_free(name: str) -> bool:
        face = re.match(r'(.+)_\d+$', name)
        return stems[name] == 1 and not (face and face.group(1) in stems)

    names = {path.name: path.stem if is_free(path.stem) else path.name.replace('.', '_') for path in sources}
    taken = Counter(names.values())
    for source, name in names.items():
        face = re.match(r'(.+)_\d+$', name)
        if taken[name] > 1 or (face and face.group(1) in taken):
            raise UserError('the faces of {} would have the same names as those of another picture: rename it'.format(
                source))
    return names


def face_file(name: str, index: int) -> str:
    """File of the face with this index, counted from the first usable one."""
    return '{}.png'.format(name) if index == 0 else '{}_{}.png'.format(name, index)


def read(folder: Path) -> Dict[str, List[str]]:
    """Source -> its lines. A last line that was cut off by an interruption is left out.

    Raises UserError where another line is damaged.
    """
    path = folder / MANIFEST
    lines = path.read_text(encoding='utf-8', errors='replace').splitlines() if path.exists() else []
    found = {}  # type: Dict[str, List[str]]
    for number, line in enumerate(lines, 1):
        try:
            found.setdefault(json.loads(line)['source'], []).append(line)
        except (ValueError, KeyError, TypeError) as error:
            if number < len(lines):
                raise UserError('line {} of {} is damaged: remove that line, its picture is then done again'.format(
                    number, path)) from error
    return found


def is_done(folder: Path, lines: Sequence[str], stamp: Dict[str, Any], name: str) -> bool:
    """True where these lines are all of a readable picture, made from what `stamp` says, and their files are there."""
    records = [json.loads(line) for line in lines]
    files = [record.get('file') for record in records if record.get('file')]
    return (bool(records) and len(records) == max(records[0].get('faces') or 0, 1)
            and all(record.get(key) == value for record in records for key, value in stamp.items())
            and all(record.get('rejected') != UNREADABLE for record in records)
            and files == [face_file(name, index) for index in range(len(files))]
            and all((folder / file).is_file() for file in files))


def remove_faces(folder: Path, lines: Iterable[str]) -> None:
    """Remove the files that these lines name."""
    for line in lines:
        file = folder / Path(json.loads(line).get('file') or '').name
        if file != folder and file.is_file():
            with atomic.storage_errors(file):
                file.unlink()


def write(folder: Path, lines: Dict[str, List[str]]) -> None:
    """Write the whole manifest, in the order of the sources' names."""
    atomic.write_text(folder / MANIFEST, ''.join(line + '\n' for source in sorted(lines) for line in lines[source]))


def append(folder: Path, lines: Sequence[str]) -> None:
    """Add the lines of a picture in one piece."""
    with atomic.storage_errors(folder / MANIFEST), (folder / MANIFEST).open('ab', buffering=0) as stream:
        stream.write(''.join(line + '\n' for line in lines).encode('utf-8'))
