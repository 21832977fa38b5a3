"""What the files of a folder were made with, kept beside them as JSON: under other settings the folder is refused."""
import json
from pathlib import Path
from typing import Any, Dict, Optional

from dctnet.config_file import changes_text, differences
from dctnet.errors import UserError


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
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
        recorded = content.get(section) if section else content
        if not isinstance(recorded, (dict, type(None))):
            raise ValueError('no settings in it')
        return recorded
    except FileNotFoundError:
        return None
    except (ValueError, AttributeError) as error:
        raise UserError(f'{path} is damaged ({error}): remove the folder, or choose another') from error
