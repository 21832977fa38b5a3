"""What the files of a folder were made with, kept beside them as JSON: under other settings the folder is refused."""
from pathlib import Path
from typing import Any, Dict, Optional

from dctnet.errors import UserError
from dctnet.files import json_file
from dctnet.files.changes import changes_text, differences


def check(path: Path, settings: Dict[str, Any], section: str = '') -> None:
    """Compare the settings file of a folder that holds files already with the settings of now.

    path: the settings file; it lies in the folder.
    settings: plain JSON.
    section: key of the file under which the settings are; '' if they are its whole content.
    Raises UserError if they differ, showing the difference, or if the file is damaged or missing.
    """
    recorded = _read(path, section)
    if recorded is None:
        raise UserError(f'{path.parent} holds files that are not of this command (no {path.name}): choose another '
                        'folder')
    changes = differences(recorded, settings)
    if changes:
        raise UserError(f'{path.parent} holds pictures made with other settings: {changes_text(changes)}. Choose '
                        'another folder, or remove it')


def _read(path: Path, section: str) -> Optional[Dict[str, Any]]:
    if not path.exists():
        return None
    try:
        content = json_file.read_object(path, 'the settings')
        recorded = content.get(section) if section else content
        if not isinstance(recorded, (dict, type(None))):
            raise UserError(f'no settings in {path}')
        return recorded
    except UserError as error:
        raise UserError(f'{path} is damaged ({error}): remove the folder, or choose another') from error
