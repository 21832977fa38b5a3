"""Many images on few pages, each with a caption, to look through by eye."""
from pathlib import Path
from typing import List, NamedTuple, Sequence

import numpy as np

from dctnet import images

COLUMNS, ROWS, SIDE = 12, 8, 112  # SIDE: of a picture, in pixels
_FADED = 0.55


class Entry(NamedTuple):
    """An image and what is written below it. faded: paler than the others."""
    path: Path
    caption: str
    faded: bool


def write_pages(folder: Path, entries: Sequence[Entry]) -> List[Path]:
    """Write FOLDER/contact_sheet_001.png, ... in the order of the entries, and remove pages that are left over from
    longer sheets. Returns the files."""
    pages: List[Path] = []
    for first in range(0, len(entries), COLUMNS * ROWS):
        tiles = [_tile(entry) for entry in entries[first:first + COLUMNS * ROWS]]
        pages.append(folder / f'contact_sheet_{len(pages) + 1:03d}.png')
        images.write_bgr(pages[-1], images.contact_sheet(tiles, COLUMNS))
    for old in set(folder.glob('contact_sheet_*.png')) - set(pages):
        old.unlink()
    return pages


def _tile(entry: Entry) -> np.ndarray:
    image = images.read_square(entry.path, SIDE)
    if entry.faded:
        image = (255 - _FADED * (255 - image.astype(np.float32))).astype(np.uint8)
    return images.labelled(image, entry.caption)
