"""Which files a stylizer uses: the model folder (docs/design.md, "Contracts"), checked without TensorFlow."""
from pathlib import Path
from typing import NamedTuple, Optional

from dctnet.errors import UserError

HEAD_NAME = 'cartoon_h.pb'
BACKGROUND_NAME = 'cartoon_bg.pb'
MASK_NAME = 'alpha.jpg'


class ModelFiles(NamedTuple):
    """Files that exist. head: None in mode single. mask: None for the built-in ellipse."""
    head: Optional[Path]
    background: Path
    mask: Optional[Path]


def find_files(model: Optional[Path], head: Optional[Path], background: Optional[Path], mask: Optional[Path],
               needs_head: bool) -> ModelFiles:
    """The files of a model folder, each replaced by the one that is named for it.

    model: folder with cartoon_h.pb, cartoon_bg.pb and perhaps alpha.jpg; None if head and background are named.
    head, background, mask: files instead of the folder's, or None.
    needs_head: False if the head graph is not used.
    Raises UserError if the folder or a file is missing or empty.
    """
    if model is not None and not model.is_dir():
        what = 'is a file: name the folder around it, or use --head and --background' if model.exists() \
            else 'does not exist: check the path'
        raise UserError(f'model folder {model} {what}')
    found_head = _graph(model, HEAD_NAME, head, '--head') if needs_head else None
    found_background = _graph(model, BACKGROUND_NAME, background, '--background')
    if mask is None and model is not None and (model / MASK_NAME).is_file():
        mask = model / MASK_NAME
    if mask is not None and not mask.is_file():
        raise UserError(f'mask {mask} does not exist: check the path, or leave it out for an ellipse')
    return ModelFiles(found_head, found_background, mask)


def _graph(model: Optional[Path], name: str, named: Optional[Path], option: str) -> Path:
    if named is not None:
        path = named
    elif model is not None:
        path = model / name
    else:
        raise UserError(f'no graph to use as {name}: name a model folder, or a .pb with {option}')
    if not path.is_file():
        where = f'{path} does not exist' if named is not None else f'{model} holds no {name}'
        raise UserError(f'{where}: check the path, or name a .pb with {option}')
    if path.stat().st_size == 0:
        raise UserError(f'{path} is empty: export it again, or download it again')
    return path
