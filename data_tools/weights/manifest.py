"""checkpoints/manifest.yaml: which weights the project uses, where they come from and how a right one is known."""
import difflib
import hashlib
import re
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

from dctnet import places
from dctnet.errors import UserError, what_is_wrong
from dctnet.files import regular, yaml_file

MANIFEST = places.shipped('checkpoints/manifest.yaml')
_BLOCK = 1 << 20
_PLAIN_NAME = re.compile(r'\w[\w.+-]*\Z')  # no folder, no drive, not hidden


class Entry(NamedTuple):
    """One entry of the manifest; a field is None if the manifest says null.

    name: what data_tools.fetch calls it.
    file: its file name; several with commas stand for a folder of files.
    source: the page that it comes from.
    urls: addresses of the file itself.
    sha256, md5: checksums in hexadecimal.
    size: in bytes.
    licence: its name.
    used_by: what needs it.
    import_command: the command that brings it into this project's form.
    makes: the file that this command makes.
    """
    name: str
    file: str
    source: str
    urls: List[str]
    sha256: Optional[str]
    md5: Optional[str]
    size: Optional[int]
    licence: str
    used_by: str
    import_command: Optional[str]
    makes: Optional[str]

    @property
    def checksum(self) -> Optional[str]:
        """Name of the stronger checksum that is known: sha256, md5, or None."""
        return 'sha256' if self.sha256 else 'md5' if self.md5 else None

    @property
    def is_one_file(self) -> bool:
        """False if the entry stands for a folder of several files."""
        return ',' not in self.file


def read_entries(path: Path = MANIFEST) -> Dict[str, Entry]:
    """All entries by name. Raises UserError if the file is missing, no YAML or incomplete."""
    if not path.exists():
        raise UserError(f'{path} is missing: take it from the repository')
    content = yaml_file.read(path, 'the manifest')
    try:
        return {name: _entry(name, fields) for name, fields in content.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f'{path} is no manifest of weights ({what_is_wrong(error)}): compare it with that of the '
                        'repository') from error


def _entry(name: str, fields: Dict[str, Any]) -> Entry:
    """Raises ValueError for a file that would lie outside of its folder, and for other values that make no sense."""
    texts = [fields[key] for key in ('sha256', 'md5', 'import', 'makes') if fields[key] is not None]
    texts += [fields[key] for key in ('file', 'source', 'licence', 'used_by')] + list(fields['urls'])
    if not all(isinstance(text, str) for text in texts) or not isinstance(fields['size'], (int, type(None))):
        raise ValueError(f'{name} has a value of another type')
    if not all(_PLAIN_NAME.match(part.strip(' ')) for part in fields['file'].split(',')):
        raise ValueError(f"{name}: {fields['file']!r} is no plain name of a file")
    if not all(url.startswith(('https://', 'http://')) for url in fields['urls']):
        raise ValueError(f'{name}: addresses begin with https:// or http://')
    return Entry(name, fields['file'], fields['source'], list(fields['urls']), fields['sha256'], fields['md5'],
                 fields['size'], fields['licence'], fields['used_by'], fields['import'], fields['makes'])


def entry_named(entries: Dict[str, Entry], name: str) -> Entry:
    """Raises UserError, with the nearest name, if there is none of this name."""
    if name not in entries:
        near = difflib.get_close_matches(name, entries, n=1, cutoff=0.4)
        raise UserError('the manifest has no entry {}: {}'.format(
            name, f'did you mean {near[0]}?' if near else f"it knows {', '.join(entries)}"))
    return entries[name]


def digest(path: Path, algorithm: str) -> str:
    """Checksum of a file, in hexadecimal."""
    result = hashlib.new(algorithm)
    with regular.opened(path) as stream:
        for block in iter(lambda: stream.read(_BLOCK), b''):
            result.update(block)
    return result.hexdigest()


def difference(entry: Entry, path: Path) -> Optional[str]:
    """What distinguishes the file from the manifest's, 'EXPECTED ..., found ...'; None if nothing known does."""
    size = path.stat().st_size
    if entry.size is not None and size != entry.size:
        return f'expected {entry.size} bytes, found {size}'
    if entry.checksum:
        expected, actual = getattr(entry, entry.checksum), digest(path, entry.checksum)
        if actual != expected:
            return f'expected {entry.checksum} {expected}, found {actual}'
    return None
