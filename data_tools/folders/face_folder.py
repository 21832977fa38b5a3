"""The folder of aligned faces: names of its files, NAME.png, NAME_1.png ..., and which images are done.

A line of its manifest (manifest_folder) is a face, or an image without a usable one; `faces` counts the faces of an
image, so a manifest that was cut off is noticed.
"""
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, Dict, Iterable, Sequence

from dctnet.errors import UserError
from dctnet.files import atomic

UNREADABLE = 'unreadable'


def output_names(sources: Sequence[Path]) -> Dict[str, str]:
    """File name of each image -> NAME of its faces: the name without suffix, or with it if a.png and a.jpg, or
    a_1.png and the second face of a.png, would meet. Raises UserError if even that is not enough."""
    stems = Counter(path.stem for path in sources)

    def is_free(name: str) -> bool:
        face = re.match(r'(.+)_\d+$', name)
        return stems[name] == 1 and not (face and face.group(1) in stems)

    names = {path.name: path.stem if is_free(path.stem) else path.name.replace('.', '_') for path in sources}
    taken = Counter(names.values())
    for source, name in names.items():
        face = re.match(r'(.+)_\d+$', name)
        if taken[name] > 1 or (face and face.group(1) in taken):
            raise UserError(f'the faces of {source} would have the same names as those of another picture: rename it')
    return names


def face_file(name: str, index: int) -> str:
    """File of the face with this index, counted from the first usable one."""
    return f'{name}.png' if index == 0 else f'{name}_{index}.png'


def is_done(folder: Path, lines: Sequence[str], stamp: Dict[str, Any], name: str) -> bool:
    """True if all faces of an image are there.

    folder: of the faces.
    lines: the image's lines of the manifest.
    stamp: what the image, its marks and its settings are now; the lines must say the same.
    name: of the image's faces (`output_names`).
    """
    records = [json.loads(line) for line in lines]
    files = [record.get('file') for record in records if record.get('file')]
    faces = records[0].get('faces') if records else None
    return (bool(records) and len(records) == max(faces if isinstance(faces, int) else 0, 1)
            and all(record.get(key) == value for record in records for key, value in stamp.items())
            and all(record.get('rejected') != UNREADABLE for record in records)
            and files == [face_file(name, index) for index in range(len(files))]
            and all((folder / file).is_file() for file in files))


def remove_faces(folder: Path, lines: Iterable[str]) -> None:
    """Remove the files that these lines name."""
    for line in lines:
        file = folder / Path(json.loads(line).get('file') or '').name
        if file != folder and file.is_file():
            with atomic.storage_errors(file):
                file.unlink()
