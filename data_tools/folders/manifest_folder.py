"""A folder of images that a command makes and goes on with: settings.json, and manifest.jsonl with lines of JSON.

The settings tell what the images were made with; under other ones the same folder is refused. A line of the manifest
is written after its image's files, so what it names is there.
"""
import json
from pathlib import Path
from typing import Any, Dict, List, Sequence

from dctnet.errors import UserError
from dctnet.files import atomic, folder_settings, json_file

MANIFEST, SETTINGS = 'manifest.jsonl', 'settings.json'


def check(folder: Path, settings: Dict[str, Any]) -> None:
    """Raise UserError if the folder was made with other settings, showing the difference, or holds files of unknown
    origin. Nothing is written."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f'{folder} is a file, but a folder for pictures is needed: choose another name')
    if folder.exists() and any(not entry.name.startswith('.') for entry in folder.iterdir()):
        folder_settings.check(folder / SETTINGS, settings)


def begin(folder: Path, settings: Dict[str, Any]) -> None:
    """`check`, then make the folder and record the settings if it is new."""
    check(folder, settings)
    if not (folder / SETTINGS).exists():
        atomic.write_text(folder / SETTINGS, json.dumps(settings, indent=2) + '\n')


def read(folder: Path, key: str) -> Dict[str, List[str]]:
    """The manifest: value of `key` -> its lines. A last line that was cut off by an interruption is left out.

    Raises UserError if another line is damaged.
    """
    path = folder / MANIFEST
    lines = path.read_bytes().decode('utf-8', 'replace').splitlines() if path.exists() else []
    by_key: Dict[str, List[str]] = {}
    for number, line in enumerate(lines, 1):
        try:
            record = json_file.parse_object(line)
            texts = (record[key], record['rejected'] or '', record.get('file') or '')
            if not all(isinstance(text, str) for text in texts):
                raise ValueError('no names in it')
            by_key.setdefault(record[key], []).append(line)
        except (ValueError, KeyError) as error:
            if number < len(lines):
                raise UserError(f'line {number} of {path} is damaged: remove that line, its picture is then done '
                                'again') from error
    return by_key


def write(folder: Path, lines: Dict[str, List[str]]) -> None:
    """Write the whole manifest, in the order of its keys."""
    atomic.write_text(folder / MANIFEST, ''.join(line + '\n' for key in sorted(lines) for line in lines[key]))


def append(folder: Path, lines: Sequence[str]) -> None:
    """Add the lines of an image in one piece."""
    with atomic.storage_errors(folder / MANIFEST), (folder / MANIFEST).open('ab', buffering=0) as stream:
        stream.write(''.join(line + '\n' for line in lines).encode('utf-8'))
