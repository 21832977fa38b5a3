"""Differences between a checkout and an installation by pip: where files are, and how commands are typed."""
import os
import re
from pathlib import Path
from typing import Optional

CHECKPOINTS = 'DCTNET_CHECKPOINTS'
_PACKAGE = Path(__file__).resolve().parent
# setup.py installs configs/ and checkpoints/manifest.yaml inside the package; in a checkout they stand beside it.
_INSTALLED = (_PACKAGE / 'configs').is_dir()
_ROOT = _PACKAGE if _INSTALLED else _PACKAGE.parent
_COMMAND = re.compile(r'(?<![\w./-])(?:python (?:-m )?)?'
                      r'(?:(?:dctnet\.)?data_tools\.(\w+)'
                      r'|dctnet\.(train|infer|export|evaluate|report|study|doctor|flicker|web)'
                      r'|(train|infer)\.py)(?![\w/]|\.\w)')


def checkpoints_folder() -> Path:
    """The folder of pretrained networks, which are not shipped: the environment variable DCTNET_CHECKPOINTS, else
    checkpoints/ in the working directory. It may be missing."""
    return Path(os.environ.get(CHECKPOINTS) or 'checkpoints')


def cache_folder() -> Optional[Path]:
    """The folder for what this user's machine keeps between runs; it may be missing. None if the user has no home."""
    named = os.environ.get('XDG_CACHE_HOME') or os.environ.get('LOCALAPPDATA')  # the second is Windows'
    try:
        return (Path(named) if named else Path.home() / '.cache') / 'dctnet'
    except (RuntimeError, KeyError):
        return None


def shipped(name: str) -> Path:
    """Path of a file of the project. name: its path in the repository, as 'checkpoints/manifest.yaml'."""
    return _ROOT / name


def config_path(name: str) -> Path:
    """Path of a config: `name` itself if there is such a file, else the shipped config of this name.

    'configs/ttn/official.yaml' and 'ttn/official.yaml' name the same shipped config, in any working directory. If there
    is no such file, `name` is returned, and reading it raises the error.
    """
    found = [path for path in (Path(name), shipped(name), shipped(f'configs/{name}')) if path.is_file()]
    return found[0] if found else Path(name)


def as_typed(text: str, installed: bool = _INSTALLED) -> str:
    """A text for the user with the project's commands as they are typed in this installation.

    Texts are written for a checkout: `train.py`, `python -m data_tools.fetch`. If the project is installed, these
    commands are `dctnet-train` and `dctnet-fetch`.
    """
    if not installed:
        return text
    return _COMMAND.sub(lambda found: 'dctnet-' + ''.join(filter(None, found.groups())).replace('_', '-'), text)
