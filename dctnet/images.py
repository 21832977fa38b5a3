"""Images as arrays: uint8 [H, W, 3] BGR outside the graphs, float32 in [-1, 1] inside. numpy only, no TensorFlow."""
import logging
import math
from collections import Counter
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

import cv2
import numpy as np
from PIL import Image

from dctnet.errors import UserError
from dctnet.files import atomic
from dctnet.pictures import conversion, formats, opening
from dctnet.pictures.formats import SUFFIXES
from dctnet.pictures.orientation import orientation_of, upright

log = logging.getLogger(__name__)

_ENCODER_OPTIONS = {
    '.jpg': [cv2.IMWRITE_JPEG_QUALITY, 95],
    '.png': [cv2.IMWRITE_PNG_COMPRESSION, 3],
}


def list_images(folder: Path) -> List[Path]:
    """Images directly in a folder, with suffixes in any case, in the order of their names, without hidden files. If
    there are none, those in its folders: FFHQ keeps a thousand in each.

    Pictures of kinds that are not read are counted in one warning, broken links in another. Raises UserError if the
    folder is missing, is a file, or holds no image, or if two images of its folders share a name.
    """
    folder = Path(folder)
    if not folder.exists():
        raise UserError(f'picture folder {folder} does not exist: check the path')
    if not folder.is_dir():
        raise UserError(f'{folder} is a file, but a folder of pictures is needed')
    entries, suffixes = _visible(folder), formats.folder_suffixes()
    files = [path for path in entries if path.is_file()]
    if not any(path.suffix.lower() in suffixes for path in files):
        inner = [path for entry in entries if entry.is_dir() for path in _visible(entry) if path.is_file()]
        files += inner if any(path.suffix.lower() in suffixes for path in inner) else []
    paths = [path for path in files if path.suffix.lower() in suffixes]
    shared = [name for name, count in Counter(path.name for path in paths).items() if count > 1]
    if shared:
        raise UserError(f'several pictures in the folders of {folder} are called {shared[0]}: name one of these '
                        'folders, or give the pictures names of their own')
    others = Counter(path.suffix.lower() for path in files
                     if path.suffix.lower() in formats.OTHER_SUFFIXES and path.suffix.lower() not in suffixes)
    left_out = ', '.join(f'{count} {suffix}' for suffix, count in sorted(others.items()))
    gone = broken_links(folder)
    if gone:
        log.warning('%s: %d pictures are left out, links to files that are not there (%s)', folder, len(gone),
                    ', '.join(gone[:3]))
    if not paths:
        more = f' ({left_out} cannot be used: convert them)' if others else ''
        raise UserError(f"no pictures in {folder}{more}: put {', '.join(suffixes)} files there")
    if others:
        log.warning('%s: %d pictures are left out, of kinds that are not read here (%s): convert them to .jpg or .png',
                    folder, sum(others.values()), left_out)
    return paths


def broken_links(folder: Path) -> List[str]:
    """Names of images in a folder that are links to files that are not there."""
    return [path.name for path in _visible(folder)
            if path.suffix.lower() in formats.folder_suffixes() and path.is_symlink() and not path.exists()]


def by_stem(paths: Sequence[Path]) -> Dict[str, Path]:
    """Name without the suffix -> file. Raises UserError if two share such a name."""
    found: Dict[str, Path] = {}
    for path in paths:
        if found.setdefault(path.stem, path) != path:
            raise UserError(f'{found[path.stem]} and {path.name} share a name: pictures are told apart by it here, '
                            'without the suffix; remove or rename one')
    return found


def _visible(folder: Path) -> List[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith('.'))


def read_bgr(path: Path) -> np.ndarray:
    """Read any image as uint8 [H, W, 3] BGR in sRGB: upright (EXIF), alpha over white, embedded colour profiles
    applied, grey and CMYK converted, 16 bit scaled to 8, first frame of an animation.

    Raises UserError if the file is missing, empty, cut off, no image, or absurdly large.
    """
    return _read(Path(path), str(path))


def decode_bgr(data: bytes, name: str) -> np.ndarray:
    """`read_bgr` of the bytes of an image file; `name` stands for it in errors."""
    return _read(data, name)


def read_square(path: Path, size: int) -> np.ndarray:
    """`square` of an image file, uint8 [size, size, 3] BGR. A JPEG of at least twice the size is decoded smaller, which
    takes two thirds of the time. Raises UserError as `read_bgr` does."""
    return square(_read(Path(path), str(path), size), size)


def read_with_alpha(path: Path) -> Tuple[np.ndarray, Optional[np.ndarray]]:
    """`read_bgr` and the alpha, uint8 [H, W], 255 is opaque; None if the image has no transparency."""
    with opening.opened(Path(path), str(path)) as pillow:
        turn = orientation_of(pillow)
        image, alpha = conversion.to_bgr_and_alpha(pillow)
    return upright(image, turn), None if alpha is None else upright(alpha, turn)


def read_pillow(pillow: Image.Image) -> np.ndarray:
    """A picture of Pillow as `read_bgr` gives a file. Raises UserError if it is cut off."""
    try:
        pillow.load()  # Pillow reads an opened file late
        return upright(conversion.to_bgr(pillow), orientation_of(pillow))
    except Exception as error:  # Pillow signals damage by any exception
        raise UserError(f'a picture of Pillow cannot be read ({error}): replace it') from error


def to_pillow(image: np.ndarray) -> Image.Image:
    """uint8 [H, W, 3] BGR as a picture of Pillow, RGB."""
    return Image.fromarray(np.ascontiguousarray(image[:, :, ::-1]))


def _read(source: opening.Source, name: str, side: int = 0) -> np.ndarray:
    with opening.opened(source, name, side) as pillow:
        turn = orientation_of(pillow)
        image = conversion.to_bgr(pillow)
    return upright(image, turn)


def writable_name(name: str) -> str:
    """The name under which a translation of the picture `name` is written: itself, or one in .jpg if it has a suffix
    that is read alone (.heic)."""
    return name if Path(name).suffix.lower() in SUFFIXES else Path(name).stem + '.jpg'


def check_writable_name(path: Path) -> None:
    """Raise UserError if images cannot be written with the suffix of `path`."""
    if Path(path).suffix.lower() not in SUFFIXES:
        raise UserError(f"cannot write a picture as {path}: use a name that ends in one of {', '.join(SUFFIXES)}")


def check_writable_size(path: Path, height: int, width: int) -> None:
    """Raise UserError if the format of the suffix of `path` has no room for so many pixels."""
    longest = formats.LONGEST_WRITTEN.get(Path(path).suffix.lower())
    if longest and max(height, width) > longest:
        raise UserError(f'{path} would have {width}x{height} pixels, but a {Path(path).suffix} has at most {longest} a '
                        'side: write it as .png, or scale the picture down')


def with_alpha(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 4] BGRA which, laid over white, shows `image`, uint8 [H, W, 3] BGR. alpha: uint8 [H, W]."""
    bgra = np.dstack([image, alpha])
    for row in bgra:  # one after the other: floats of a whole picture are gigabytes
        share = row[:, 3:].astype(np.float32) / 255
        bare = (row[:, :3] - 255 * (1 - share)) / np.maximum(share, 1 / 255.0)
        row[:, :3] = np.clip(np.rint(bare), 0, 255)
    return bgra


def write_bgr(path: Path, image: np.ndarray) -> None:
    """Write uint8 [H, W, 3] BGR, or [H, W, 4] BGRA, in the format of the suffix, whole or not at all."""
    atomic.write_bytes(Path(path), encoded(path, image))


def encoded(path: Path, image: np.ndarray) -> bytes:
    """uint8 [H, W, 3] BGR, or [H, W, 4] BGRA, as the bytes of an image file in the format of the suffix. Raises
    UserError if that is not possible."""
    check_writable_name(path)
    check_writable_size(path, *image.shape[:2])
    suffix = Path(path).suffix.lower()
    suffix = '.jpg' if suffix in formats.JPEG_SUFFIXES else suffix
    done, data = cv2.imencode(suffix, image, _ENCODER_OPTIONS.get(suffix, []))
    if not done:
        raise UserError(f'OpenCV cannot encode a picture of shape {image.shape} as {path}')
    return data.tobytes()


def to_unit(image: np.ndarray) -> np.ndarray:
    """uint8 0-255 -> float32 in [-1, 1]."""
    return image.astype(np.float32) / 127.5 - 1.0


def to_uint8(image: np.ndarray) -> np.ndarray:
    """float in [-1, 1] -> uint8 0-255; truncated, as by the cast of the published graphs; values outside are
    clipped."""
    return np.clip((image + 1.0) * 127.5, 0, 255).astype(np.uint8)


def scale(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize to width x height: area averaging if it gets smaller, bilinear if it gets larger."""
    if image.shape[1] == width and image.shape[0] == height:
        return image
    smaller = width * height < image.shape[0] * image.shape[1]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)


def square(image: np.ndarray, size: int) -> np.ndarray:
    """The centred square of an image, resized to size x size."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return scale(image[top:top + side, left:left + side], size, size)


def pad_to_multiple(image: np.ndarray, multiple: int) -> np.ndarray:
    """Repeat the last row and column until both sides are multiples of `multiple`."""
    height, width = image.shape[:2]
    bottom, right = -height % multiple, -width % multiple
    if bottom == 0 and right == 0:
        return image
    return cv2.copyMakeBorder(image, 0, bottom, 0, right, cv2.BORDER_REPLICATE)


def grid(rows: Sequence[Sequence[np.ndarray]], gap: int = 4) -> np.ndarray:
    """Rows of equally large uint8 images on white, `gap` pixels between them."""
    height, width, channels = rows[0][0].shape
    columns = max(len(row) for row in rows)
    sheet = np.full(((height + gap) * len(rows) - gap, (width + gap) * columns - gap, channels), 255, np.uint8)
    for r, row in enumerate(rows):
        for c, image in enumerate(row):
            top, left = r * (height + gap), c * (width + gap)
            sheet[top:top + height, left:left + width] = image
    return sheet


def contact_sheet(tiles: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Equally large uint8 images on white, in rows of at most `columns`, in reading order."""
    return grid([tiles[start:start + columns] for start in range(0, len(tiles), columns)])


def labelled(image: np.ndarray, text: str) -> np.ndarray:
    """The image with a caption strip of dark text below it."""
    strip = np.full((max(16, image.shape[1] // 20), image.shape[1], 3), 255, np.uint8)
    factor = strip.shape[0] / 40.0
    room = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 1.0, 1)[0][0]
    factor = min(factor, (image.shape[1] - 8) / max(room, 1))
    cv2.putText(strip, text, (4, int(math.ceil(strip.shape[0] * 0.72))), cv2.FONT_HERSHEY_SIMPLEX, factor,
                (40, 40, 40), 1, cv2.LINE_AA)
    return np.concatenate([image, strip], axis=0)
