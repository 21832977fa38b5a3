"""The test faces and the results of other methods: checked, brought to one size and to the names of the test faces."""
import logging
from collections import Counter
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence

from dctnet import images
from dctnet.errors import UserError
from dctnet.files import atomic
from dctnet.files.hashing import sha256_of_file, sha256_of_lines

log = logging.getLogger(__name__)

FEWEST = 2   # pictures that figures are defined for
_FEW = 500   # below which they say little
_RECORD = 'made_from.txt'  # hash of what a folder was made from


class Overlap(NamedTuple):
    """Two folders, and the number of pictures of equal content in them."""
    first: Path
    second: Path
    shared: int


def overlaps(folders: Dict[str, Path]) -> List[Overlap]:
    """Files of equal content among folders of different purposes, counted by their hashes. Raises UserError if a
    folder holds no picture."""
    hashes = {name: {sha256_of_file(path) for path in images.list_images(folder)} for name, folder in folders.items()}
    names = list(folders)
    found = [Overlap(folders[one], folders[two], len(hashes[one] & hashes[two]))
             for index, one in enumerate(names) for two in names[index + 1:]]
    return [each for each in found if each.shared]


def check_inputs(folders: Dict[str, Path]) -> List[str]:
    """Warnings about the user's folders, by purpose ('photos', 'exemplars', 'test' ...).

    Raises UserError if there are too few test pictures or too few exemplars, or if all test pictures are training
    photographs.
    """
    warnings = []
    counts = {name: len(images.list_images(folder)) for name, folder in folders.items()}
    for name in ('test', 'exemplars'):
        if counts[name] < FEWEST:
            raise UserError(f'--{name} {folders[name]} holds {counts[name]} picture: figures need at least {FEWEST}, '
                            f'and say little of less than {_FEW}')
    if counts['test'] < _FEW:
        warnings.append(f"{folders['test']} holds {counts['test']} test pictures: with less than {_FEW} figures vary "
                        'much from one choice to another (the paper has 5000)')
    for each in overlaps(folders):
        if each.second == folders['test'] and each.first == folders['photos'] and each.shared == counts['test']:
            raise UserError(f'all {each.shared} test pictures of {each.second} are training photographs of '
                            f'{each.first}: results on them say nothing; bring others with --test')
        warnings.append(f'{each.shared} pictures are in both {each.first} and {each.second} (by their hashes): '
                        'figures are too good for them; take them out of one')
    return warnings


def prepare_test(faces: Path, out: Path, size: int) -> int:
    """Write the aligned test faces as OUT/NAME.png of `size` pixels; those that are there already stay.

    Returns how many. Raises UserError if two would share a name, or if there are too few.
    """
    paths = images.list_images(faces)
    shared = [stem for stem, count in Counter(path.stem for path in paths).items() if count > 1]
    if shared:
        raise UserError(f'{faces} holds several pictures named {shared[0]}: results are matched by name; rename one')
    if len(paths) < FEWEST:
        raise UserError(f'{faces} holds {len(paths)} aligned test face: figures need at least {FEWEST}')
    _write({path: out / f'{path.stem}.png' for path in paths}, out, size)
    return len(paths)


def prepare_results(name: str, folder: Path, test: Path, out: Path, size: int) -> int:
    """Write the results of another method as OUT/NAME.png, under the names and in the size of the test faces.

    name: of the method, for messages.
    folder: its results, squares of any size, under the names of the test pictures, whatever the suffix.
    test: folder of `prepare_test`.
    out: the folder that is written.
    size: in pixels.
    Returns how many. Raises UserError if less than two have the name of a test picture.
    """
    known = {path.stem for path in images.list_images(test)}
    paths = images.list_images(folder)
    matched = {path.stem: path for path in paths if path.stem in known}
    if len(matched) < FEWEST:
        raise UserError(f'--others {name}={folder}: {len(matched)} of {len(paths)} pictures have the name of a test '
                        f'picture (as {paths[0].stem} and {sorted(known)[0]}): results must be named as the test '
                        'pictures are')
    if len(matched) < len(known):
        log.warning('%s: results for %d of %d test pictures; the others count as missing', name, len(matched),
                    len(known))
    _warn_of_sizes(name, list(matched.values()), size)
    _write({path: out / f'{stem}.png' for stem, path in matched.items()}, out, size)
    return len(matched)


def _warn_of_sizes(name: str, paths: Sequence[Path], size: int) -> None:
    shapes = Counter(images.read_bgr(path).shape[:2] for path in paths[:50])
    other = {shape: count for shape, count in shapes.items() if shape != (size, size)}
    if other:
        height, width = max(other, key=lambda shape: other[shape])
        log.warning('%s: pictures of %dx%d are %s %dx%d', name, width, height,
                    'scaled to' if height == width else 'cut to their centre square and scaled to', size, size)


def _write(jobs: Dict[Path, Path], out: Path, size: int) -> None:
    """Write those that are missing. Raises UserError if the folder was made from other pictures."""
    made_from = sha256_of_lines(f'{size} {source.name} {sha256_of_file(source)}' for source in sorted(jobs))
    record = out / _RECORD
    if record.exists() and record.read_text(encoding='utf-8') != made_from:
        raise UserError(f'{out} was made from other pictures, or in another size: choose another --out, or remove the '
                        'folder and what was measured on it')
    atomic.write_text(record, made_from)
    for source, target in jobs.items():
        if not target.exists():
            images.write_bgr(target, images.square(images.read_bgr(source), size))
