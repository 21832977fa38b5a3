"""The folder that an export writes into: it must not end up with files of two translators side by side."""
from pathlib import Path
from typing import Collection

from dctnet.errors import UserError
from dctnet.files import atomic, json_file


def check(out: Path, written: Collection[str], hashes: Collection[str]) -> None:
    """Raise UserError if `out` cannot be written into, or if files of another translator would stay there.

    out: the folder; it may be missing.
    written: names of the files to be written, which replace those of the same name.
    hashes: of the weights of the translators to be written (`card.weights_hash`).
    """
    atomic.check_place(out)
    if out.exists() and not out.is_dir():
        raise UserError(f'{out} is a file: name a folder')
    for path in sorted(out.glob('*.json')):
        if path.name not in written and _weights_of(path) not in (None, *hashes):
            raise UserError(f'{out} holds a file of another translator ({path.name}), which would stay there: choose '
                            'another folder, export that format too, or remove it')
    for name in written:
        if Path(name).suffix and (out / name).is_dir():  # a SavedModel is a folder, without suffix
            raise UserError(f'a folder stands at {out / name}, where a file would go: remove it, or choose another '
                            'place')


def _weights_of(card: Path) -> object:
    """The hash of the weights that a card names; None if it is no card, or one of an older version."""
    try:
        return json_file.read_object(card, 'card').get('weights_sha256')
    except UserError:
        return None
