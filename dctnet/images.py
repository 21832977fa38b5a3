"""Images as arrays: uint8 [H, W, 3] BGR outside the graphs, float32 in [-1, 1] inside. numpy only, no TensorFlow."""
import io
import math
from pathlib import Path
from typing import IO, List, Sequence, Union

import cv2
import numpy as np
from PIL import Image, ImageOps

from dctnet.errors import UserError
from dctnet.files import atomic

_ORIENTATION = 0x0112  # of EXIF; 1 is upright
SUFFIXES = ('.png', '.jpg', '.jpeg', '.webp', '.bmp', '.tif', '.tiff')
_ENCODER_OPTIONS = {
    '.jpg': [cv2.IMWRITE_JPEG_QUALITY, 95],
    '.jpeg': [cv2.IMWRITE_JPEG_QUALITY, 95],
    '.png': [cv2.IMWRITE_PNG_COMPRESSION, 3],
}


def list_images(folder: Path) -> List[Path]:
    """Images directly in a folder, with suffixes in any case, in the order of their names, without hidden files.

    Raises UserError if the folder is missing, is a file, or holds no image.
    """
    folder = Path(folder)
    if not folder.exists():
        raise UserError(f'picture folder {folder} does not exist: check the path')
    if not folder.is_dir():
        raise UserError(f'{folder} is a file, but a folder of pictures is needed')
    paths = sorted(path for path in folder.iterdir()
                   if path.suffix.lower() in SUFFIXES and not path.name.startswith('.') and path.is_file())
    if not paths:
        raise UserError(f"no pictures in {folder}: put {', '.join(SUFFIXES)} files there")
    return paths


def read_bgr(path: Path) -> np.ndarray:
    """Read any image as uint8 [H, W, 3] BGR: upright (EXIF), alpha over white, grey and CMYK converted, 16 bit scaled
    to 8, first frame of an animation.

    Raises UserError if the file is missing, empty, cut off, no image, or absurdly large.
    """
    return _read(str(path), path)


def decode_bgr(data: bytes, name: str) -> np.ndarray:
    """`read_bgr` of the bytes of an image file; `name` stands for it in errors."""
    return _read(io.BytesIO(data), name)


def read_pillow(pillow: Image.Image) -> np.ndarray:
    """A picture of Pillow as `read_bgr` gives a file. Raises UserError if it is cut off."""
    try:
        pillow.load()  # Pillow reads an opened file late
    except Exception as error:  # see `_read`
        raise UserError(f'a picture of Pillow cannot be read ({error}): replace it') from error
    return _upright_bgr(pillow)


def to_pillow(image: np.ndarray) -> Image.Image:
    """uint8 [H, W, 3] BGR as a picture of Pillow, RGB."""
    return Image.fromarray(np.ascontiguousarray(image[:, :, ::-1]))


def _read(source: Union[str, IO[bytes]], path: Union[Path, str]) -> np.ndarray:
    try:
        with Image.open(source) as pillow:
            pillow.load()
            return _upright_bgr(pillow)
    except FileNotFoundError:
        raise UserError(f'picture {path} does not exist: check the path') from None
    except IsADirectoryError:
        raise UserError(f'{path} is a folder, but one picture is needed') from None
    except PermissionError:
        raise UserError(f'no permission to read {path}: change its rights') from None
    except Image.DecompressionBombError as error:
        raise UserError(f'{path} is too large to open safely ({error}): scale it down') from error
    except Exception as error:  # Pillow signals a damaged file by any exception, AttributeError and struct.error too
        reason = 'the file is empty' if _is_empty(source) else str(error)
        raise UserError(f'cannot read {path} as a picture ({reason}): replace or remove it') from error


def _is_empty(source: Union[str, IO[bytes]]) -> bool:
    try:
        return not (Path(source).stat().st_size if isinstance(source, str) else source.seek(0, io.SEEK_END))
    except OSError:
        return False


def _upright_bgr(pillow: Image.Image) -> np.ndarray:
    turned = pillow.getexif().get(_ORIENTATION, 1) != 1
    return from_pillow(ImageOps.exif_transpose(pillow) or pillow if turned else pillow)


def from_pillow(pillow: Image.Image) -> np.ndarray:
    """A picture of any mode as uint8 [H, W, 3] BGR: alpha over white, grey and CMYK converted, 16 bit scaled to 8."""
    if pillow.mode.startswith('I') or pillow.mode == 'F':
        grey = np.asarray(pillow).astype(np.float64)
        if pillow.mode != 'F':
            grey = grey / 257.0  # 16 bit, also dark images: 65535 becomes 255
        elif grey.max() <= 1:
            grey = grey * 255.0
        return cv2.cvtColor(np.clip(np.rint(grey), 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR)
    if pillow.mode in ('LA', 'PA', 'RGBA', 'RGBa', 'La') or 'transparency' in pillow.info:
        rgba = pillow.convert('RGBA')
        white = Image.new('RGBA', rgba.size, (255, 255, 255, 255))
        pillow = Image.alpha_composite(white, rgba)
    rgb = pillow if pillow.mode == 'RGB' else pillow.convert('RGB')
    return cv2.cvtColor(np.asarray(rgb), cv2.COLOR_RGB2BGR)  # ten times as fast as a copy of [:, :, ::-1]


def check_writable_name(path: Path) -> None:
    """Raise UserError if images cannot be written with the suffix of `path`."""
    if Path(path).suffix.lower() not in SUFFIXES:
        raise UserError(f"cannot write a picture as {path}: use a name that ends in one of {', '.join(SUFFIXES)}")


def write_bgr(path: Path, image: np.ndarray) -> None:
    """Write uint8 [H, W, 3] BGR in the format of the suffix, whole or not at all."""
    atomic.write_bytes(Path(path), encoded(path, image))


def encoded(path: Path, image: np.ndarray) -> bytes:
    """uint8 [H, W, 3] BGR as the bytes of an image file in the format of the suffix. Raises UserError if that is not
    possible."""
    check_writable_name(path)
    suffix = Path(path).suffix.lower()
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
