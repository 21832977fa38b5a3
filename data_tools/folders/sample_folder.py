"""The folder of generated faces: images, their twins, what they were made with, and a sheet to look at.

FOLDER/000123.png and its twin FOLDER/source/000123.png; FOLDER/generated.json; FOLDER/sheets/pairs.png.
"""
import json
from pathlib import Path
from typing import Any, Dict, List, Optional

import numpy as np

from dctnet import images
from dctnet.files import atomic, folder_settings, regular

TWINS, SHEETS = 'source', 'sheets'
SHEET_IMAGES = 24
_SHEET_COLUMNS = 8
_SETTINGS_FILE = 'generated.json'
_PNG_END = b'IEND\xaeB\x60\x82'


def begin(folder: Path, settings: Dict[str, Any], origins: Dict[str, str]) -> None:
    """Make the folder and record what its images are made with. origins: recorded too, but free to change.

    Raises UserError if the folder holds images of other settings, showing the difference, or images of unknown
    origin.
    """
    path = folder / _SETTINGS_FILE
    if any(image.suffix.lower() in images.SUFFIXES for place in (folder, folder / TWINS) if place.is_dir()
           for image in place.iterdir()):
        folder_settings.check(path, settings, section='settings')
    atomic.write_text(path, json.dumps({'settings': settings, 'from': origins}, indent=2) + '\n')


def image_file(folder: Path, index: int) -> Path:
    """Where an image is, or will be."""
    return folder / f'{index:06d}.png'


def twin_file(image: Path) -> Path:
    """Where the source's image of the same z is."""
    return image.parent / TWINS / image.name


def is_done(folder: Path, index: int, twins: bool) -> bool:
    """True if an image, and its twin if wanted, are there to their last byte."""
    image = image_file(folder, index)
    return _is_whole(image) and (not twins or _is_whole(twin_file(image)))


def _is_whole(path: Path) -> bool:
    try:
        with regular.opened(path) as stream:
            stream.seek(-len(_PNG_END), 2)
            return stream.read() == _PNG_END
    except OSError:  # missing, or shorter than that
        return False


def write(folder: Path, index: int, image: np.ndarray, twin: Optional[np.ndarray]) -> None:
    """Write an image and its twin. The twin first: what has an image is complete.

    folder: of the generated faces.
    index: of the sample.
    image: uint8 [H, W, 3] BGR.
    twin: the source's image of the same z, likewise, or None.
    """
    path = image_file(folder, index)
    if twin is not None:
        images.write_bgr(twin_file(path), twin)
    images.write_bgr(path, image)


def write_sheet(folder: Path, count: int, twins: bool) -> Path:
    """Write the first images, each below its twin, as one sheet. Returns its file."""
    rows: List[List[np.ndarray]] = []
    for first in range(0, min(count, SHEET_IMAGES), _SHEET_COLUMNS):
        paths = [image_file(folder, i) for i in range(first, min(first + _SHEET_COLUMNS, count))]
        for shown, place in ((twins, twin_file), (True, lambda path: path)):
            if shown:
                rows.append([images.read_bgr(place(path)) for path in paths])
    sheet = folder / SHEETS / 'pairs.png'
    images.write_bgr(sheet, images.grid(rows))
    return sheet
