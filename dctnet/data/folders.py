"""Checks of the two training folders before anything is built: every mistake is cheaper here than after a day."""
import logging
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence

import cv2
import numpy as np

from dctnet import images
from dctnet.errors import UserError, in_one_line
from dctnet.files import atomic, text_file
from dctnet.files.hashing import sha256_of_file
from dctnet.parallel import core_count

log = logging.getLogger(__name__)

_SMALLEST_SIDE = 16
_SHOWN = 5  # problems in a message
REPORT_SECONDS = 10
_FLAT_SAMPLE = 48
_PHOTO_NAME = re.compile(r'photo|ffhq|celeba|real|selfie', re.IGNORECASE)
_STYLE_NAME = re.compile(r'style|cartoon|anime|drawn|comic|sketch|exemplar|paint', re.IGNORECASE)


class Folders(NamedTuple):
    """Files of the training images: photographs, exemplars of the style, and generated samples of it, if any."""
    photo: List[Path]
    style: List[Path]
    generated: List[Path] = []


def list_folders(photo: str, style: str, batch_size: int, generated: str = '') -> Folders:
    """The images of all training folders.

    photo, style: folder or keep-list (.txt) of the photographs and of the exemplars.
    batch_size: the fewest images that each of them must hold.
    generated: folder or keep-list of generated samples, '' for none.
    Raises UserError if photo or style is not set, if a folder is missing, empty or smaller than a batch, or if two are
    the same.
    """
    places = {'photo': photo, 'style': style}
    if generated:
        places['generated'] = generated
    listings = {key: list_folder('data.' + key, folder, batch_size) for key, folder in places.items()}
    owners: Dict[Path, str] = {}
    for key, paths in listings.items():
        other = owners.setdefault(paths[0].parent.resolve(), key)
        if other != key:
            raise UserError(f'data.{other} and data.{key} are the same folder ({places[key]}): photographs, style '
                            'exemplars and generated samples must be apart')
    return Folders(**listings)


def list_folder(key: str, folder: str, batch_size: int) -> List[Path]:
    """The images of one folder, or those that a keep-list (.txt) names.

    key: its name in the config, for messages. Raises UserError if the folder is not set, missing, empty or smaller
    than a batch.
    """
    if not folder:
        raise UserError(f'{key} is not set: name a folder of pictures in the config or with --set {key}=FOLDER')
    path = _expanded(key, folder)
    paths = _kept(path) if path.suffix.lower() == '.txt' else images.list_images(path)
    if len(paths) < batch_size:
        raise UserError(f'{key} holds {len(paths)} pictures, fewer than a batch of {batch_size}: add pictures or lower '
                        'data.batch_size')
    return paths


def _expanded(key: str, folder: str) -> Path:
    """No shell expands ~ in KEY=~/VALUE."""
    try:
        return Path(folder).expanduser()
    except RuntimeError as error:
        raise UserError(f"{key}={folder}: there is no user of that name ({error}): write the folder's whole path"
                        ) from error


def list_validation(key: str, folder: str, training: Sequence[Path]) -> List[Path]:
    """The photographs that a training is measured on.

    key, folder: as for `list_folder`. training: photographs of the training; warns if some are the same files. Raises
    UserError as `list_folder` does, and if there are fewer than two.
    """
    paths = list_folder(key, folder, batch_size=1)
    if len(paths) < 2:
        raise UserError(f'{key} holds one picture ({folder}): KID needs two at least, and says little of fewer than '
                        'some dozens')
    shared = shared_files(paths, training)
    if shared:
        log.warning('%d of %d pictures of %s are among the training photographs, too (%s): a measurement on them does '
                    'not tell how strange faces fare', len(shared), len(paths), key,
                    ', '.join(path.name for path in shared[:3]))
    return paths


def shared_files(paths: Sequence[Path], others: Sequence[Path]) -> List[Path]:
    """The `paths` whose content equals that of a file of `others`, whatever their names."""
    sizes = {path.stat().st_size for path in paths}
    hashes = {sha256_of_file(other) for other in others if other.stat().st_size in sizes}  # spares reading thousands
    return [path for path in paths if sha256_of_file(path) in hashes]


def _kept(path: Path) -> List[Path]:
    names = sorted(set(keep_list_names(path)))
    paths = [path.parent / name for name in names]
    gone = [image.name for image in paths if not image.is_file()]
    if gone:
        raise UserError(f"keep-list {path} names {len(gone)} pictures that are not there ({', '.join(gone[:5])}): "
                        'bring them back or remove their lines')
    if not paths:
        raise UserError(f'keep-list {path} names no picture: put a file name on each line')
    return paths


def check_pictures(paths: Sequence[Path], record: Optional[Path] = None) -> None:
    """Decode every image once (about 4 ms each at 256 px, on all cores), and log how far it is if it takes long.

    record: file that takes the whole list if more than a few cannot be used; an older one is removed. None writes none.
    Raises UserError that names those that cannot be used.
    """
    problems, reported = [], time.monotonic()
    with ThreadPoolExecutor(core_count()) as pool:
        for number, text in enumerate(pool.map(_problem_of, paths), 1):
            if text:
                problems.append(text)
            if time.monotonic() > reported + REPORT_SECONDS:
                log.info('checked %d of %d pictures', number, len(paths))
                reported = time.monotonic()
    if record is not None and record.exists():
        record.unlink()
    if problems:
        more = ''
        if len(problems) > _SHOWN:
            more = f' ... and {len(problems) - _SHOWN} more'
            if record is not None:
                atomic.write_text(record, '\n'.join(problems) + '\n')
                more += f', all of them in {record}'
        raise UserError(f"{len(problems)} of {len(paths)} training pictures cannot be used: "
                        f"{' | '.join(problems[:_SHOWN])}{more}")


def check_not_swapped(folders: Folders) -> None:
    """Raise UserError if photographs and exemplars look exchanged, by the folders' names or by their flatness.

    Drawings have larger areas without texture than photographs: the photo folder may not be the clearly flatter one.
    """
    photo_name, style_name = folders.photo[0].parent.name, folders.style[0].parent.name
    advice = 'exchange data.photo and data.style, or set data.check_folders=false if they are right'
    if (_STYLE_NAME.search(photo_name) and not _PHOTO_NAME.search(photo_name)
            and _PHOTO_NAME.search(style_name) and not _STYLE_NAME.search(style_name)):
        raise UserError(f'the folders look swapped: data.photo is called "{photo_name}" and data.style "{style_name}": '
                        f'{advice}')
    photo, style = [np.array([flatness(images.read_bgr(path)) for path in paths[:_FLAT_SAMPLE]])
                    for paths in (folders.photo, folders.style)]
    if share_larger(photo, style) > 0.9 and np.median(photo) - np.median(style) > 0.15:
        raise UserError(f'the folders look swapped: {np.median(photo):.0%} of the area in data.photo is flat, as in '
                        f'drawings, and {np.median(style):.0%} in data.style: {advice}')


def _problem_of(path: Path) -> str:
    try:
        height, width = images.read_bgr(path).shape[:2]
    except UserError as error:
        return str(error)
    if min(height, width) < _SMALLEST_SIDE:
        return f'{path} is only {width}x{height} pixels: remove it'
    return ''


def flatness(image: np.ndarray) -> float:
    """Share of the pixels, 0 - 1, whose 3×3 neighbourhood has a standard deviation below 1.5 grey levels.

    image: uint8 [H, W, 3] BGR; its centred square is measured at 256 px.
    """
    grey = cv2.cvtColor(images.square(image, 256), cv2.COLOR_BGR2GRAY).astype(np.float32)
    mean = cv2.blur(grey, (3, 3))
    return float(np.mean(np.maximum(cv2.blur(grey * grey, (3, 3)) - mean * mean, 0) < 1.5 ** 2))


def share_larger(values: np.ndarray, others: np.ndarray) -> float:
    """In which share of the pairs, 0 - 1, the one of `values` [N] is larger than the one of `others` [M]; equal ones
    count half."""
    return float(np.mean(values[:, None] > others) + 0.5 * np.mean(values[:, None] == others))


def keep_list_text(names: Sequence[str], notes: Sequence[str]) -> str:
    """The text of a keep-list: the notes as comments, then one name a line. A name that begins with # or with
    a space is written as ./#..."""
    lines = ['# ' + in_one_line(note) for note in notes]
    lines += ['./' + name if name.startswith('#') or name != name.strip() else name for name in names]
    return '\n'.join(lines) + '\n'


def check_listable(paths: Sequence[Path]) -> None:
    """Raise UserError if the name of an image cannot stand in a keep-list."""
    for path in paths:
        try:
            path.name.encode('utf-8')
        except UnicodeEncodeError:
            raise UserError(f'the name of {path} is no UTF-8, and a list of names takes no other: rename it') from None
        if len(path.name.splitlines()) != 1 or path.name[-1:].isspace():
            raise UserError(f'the name of {path} holds a line break or ends with a space, and a list of names has one '
                            'a line: rename it')


def keep_list_names(path: Path) -> List[str]:
    """The names of a keep-list, in its order, without empty lines and comments. Raises UserError if it cannot be read
    as text."""
    lines = text_file.lines(Path(path), 'keep-list')
    return [line[2:] if line.startswith('./') else line for line in lines if line and not line.startswith('#')]
