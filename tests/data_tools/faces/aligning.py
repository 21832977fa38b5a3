"""Running the command line of align_faces on forms of a portrait, and reading what it leaves."""
import json
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
from PIL import Image

from data_tools import align_faces
from data_tools.folders import manifest_folder
from data_tools.recipe.demo_material import portrait

SIZE = 128


def pictures() -> Dict[str, Tuple[Image.Image, Dict[str, Any]]]:
    """Name -> the astronaut, RGB, in many forms, and how to save it."""
    whole = Image.fromarray(portrait()[:, :, ::-1])
    head = whole.crop((90, 0, 350, 260))
    turned = Image.Exif()
    turned[0x0112] = 6  # stored turned to the left
    grey = np.asarray(head.convert('L')).astype(np.uint16) * 257
    alpha = head.copy()
    alpha.putalpha(Image.new('L', head.size, 255))
    two = Image.new('RGB', (520, 260), (200, 195, 190))
    two.paste(head, (0, 0))
    two.paste(head.transpose(Image.FLIP_LEFT_RIGHT).resize((200, 200), Image.BICUBIC), (300, 30))
    return {
        'plain.JPEG': (head, {'quality': 95}),
        'exif.jpg': (head.rotate(90, expand=True), {'quality': 95, 'exif': turned.tobytes()}),
        'alpha.PNG': (alpha, {}),
        'grey16.tif': (Image.fromarray(grey), {}),
        'large.webp': (head.resize((1300, 1300), Image.BICUBIC), {}),
        'tilted.png': (whole.rotate(20, Image.BICUBIC, center=(225, 126)).crop((90, 0, 350, 260)), {}),
        'cut.png': (head.crop((100, 0, 260, 260)), {}),
        'two.png': (two, {}),
        'tiny.png': (whole.resize((128, 128), Image.LANCZOS), {}),
        'none.png': (whole.crop((0, 300, 300, 512)), {}),
    }


def run(source: Path, target: Path, *words: object) -> int:
    """The exit code of the command; mistakes come out as UserError."""
    return align_faces.main([str(source), str(target), '--size', str(SIZE)] + [str(word) for word in words])


def records(folder: Path) -> List[Dict[str, Any]]:
    """The lines of the manifest."""
    return [json.loads(line) for line in (folder / manifest_folder.MANIFEST).read_text().splitlines()]


def by_file(folder: Path) -> Dict[str, Dict[str, Any]]:
    """File of each usable face -> its line of the manifest."""
    return {record['file']: record for record in records(folder) if record['file']}


def contents(folder: Path) -> Dict[str, bytes]:
    """Name -> bytes of every file."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}
