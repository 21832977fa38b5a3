"""Picture files opened for reading: only formats of the list, and within limits that are told from the header, before
anything is decoded."""
import io
import os
import stat
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import BinaryIO, Iterator, Tuple, Union

from PIL import Image

from dctnet.errors import UserError
from dctnet.pictures import formats, jpeg_file, webp_file
from dctnet.pictures.orientation import orientation_of, swaps_sides

MAX_PIXELS = 256000000  # phones have up to 200 megapixels
# Progressive JPEG and WebP need several times the memory of their pixels.
MAX_PIXELS_OF_HUNGRY_FORMATS = 128000000
_FREE_BYTES = 64 << 20  # may be claimed by a file of any size
_MOST_COMPRESSED = 600  # bytes of pixels in one byte of a file; an evenly black JPEG has 200, a bomb 1000
_CHANNELS = {'1': 0.125, 'L': 1, 'P': 1, 'I;16': 2, 'I;16B': 2, 'LA': 2, 'RGBA': 4, 'CMYK': 4, 'I': 2, 'F': 4}

Source = Union[Path, bytes]


@contextmanager
def opened(source: Source, name: str, side: int = 0) -> Iterator[Image.Image]:
    """A context: the picture of a file or of bytes, decoded and not turned.

    name: stands for it in errors.
    side: if not 0, a JPEG is decoded at a half, a quarter or an eighth of its size if it has at least this many pixels
        a side then. The decoder averages as `images.scale` does: 0.6 grey levels apart, less than coding changed.
    Raises UserError if it is missing, empty, cut off, no picture, or too large, and for errors of the caller's body.
    """
    with _errors_of(source, name), _stream(source) as stream:
        pillow = _header(stream, name)
        if side and pillow.format == 'JPEG':
            pillow.draft(None, (side, side))
        try:
            pillow.load()
        except OSError:
            stream.seek(0)
            whole = jpeg_file.completed(stream.read()) if pillow.format in ('JPEG', 'MPO') else None
            if whole is None:
                raise
            pillow = _header(io.BytesIO(whole), name)
            pillow.load()
        yield pillow
        pillow.close()


@contextmanager
def opened_frames(path: Path) -> Iterator[Iterator[Image.Image]]:
    """A context: the frames of a picture file one after the other, decoded; `info` may hold the duration in
    milliseconds. Raises UserError as `opened` does."""
    with _errors_of(path, str(path)), _stream(path) as stream:
        yield _frames(stream, str(path))


def size_of(path: Path) -> Tuple[int, int]:
    """Height and width as the picture is to be seen, from its header. Raises UserError as `opened` does."""
    with _errors_of(path, str(path)), _stream(path) as stream:
        pillow = _header(stream, str(path))
        width, height = pillow.size
        return (width, height) if swaps_sides(orientation_of(pillow)) else (height, width)


def stated_size(path: Path) -> Tuple[int, int]:
    """Height and width that the header states, as they are stored, without any limit. Raises UserError if it is no
    picture."""
    with _errors_of(path, str(path)), _stream(path) as stream:
        if _needs_opencv(stream):
            width, height = webp_file.size_of(stream.read())
        else:
            width, height = _parsed(stream, str(path)).size
        return height, width


def is_animation(path: Path) -> bool:
    """Whether a file is a picture of several frames. False as well if it cannot be read."""
    try:
        with _errors_of(path, str(path)), _stream(path) as stream:
            if _needs_opencv(stream):
                return webp_file.is_animated(stream.read())
            return bool(getattr(_header(stream, str(path)), 'is_animated', False))
    except UserError:
        return False


def _frames(stream: BinaryIO, name: str) -> Iterator[Image.Image]:
    if _needs_opencv(stream):
        data = stream.read()
        _check_size(webp_file.size_of(data), 'RGBA', 'WEBP', False, len(data), name)
        yield from webp_file.frames(data)
        return
    pillow = _header(stream, name)
    for index in count():  # n_frames would walk through all of them first
        try:
            pillow.seek(index)
        except EOFError:
            return
        pillow.load()
        yield pillow


def _header(stream: BinaryIO, name: str) -> Image.Image:
    """The picture with its size and mode, not decoded (but for a WebP that OpenCV decodes)."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    if _needs_opencv(stream):
        data = stream.read()
        _check_size(webp_file.size_of(data), 'RGBA', 'WEBP', False, size, name)
        return next(webp_file.frames(data))
    pillow = _parsed(stream, name)
    _check_size(pillow.size, pillow.mode, pillow.format or '', bool(pillow.info.get('progressive')), size, name)
    return pillow


def _parsed(stream: BinaryIO, name: str) -> Image.Image:
    """The picture of a stream, which is at its start, with its header read. Broken EXIF data of a JPEG is put aside."""
    head = stream.read(formats.HEAD)
    stream.seek(0)
    if not head:
        raise UserError(f'cannot read {name} as a picture (the file is empty): replace or remove it')
    reader = formats.reader_of(head)
    if reader is None:
        raise UserError(f'cannot read {name} as a picture (it is no {formats.NAMES}): replace or remove it')
    try:
        return reader(stream, '')
    except Exception:  # see `_errors_of`
        stream.seek(0)
        data, exif = jpeg_file.without_exif(stream.read())
        if not exif:
            raise
        pillow = reader(io.BytesIO(data), '')
        pillow.info['exif'] = exif
        return pillow


def _needs_opencv(stream: BinaryIO) -> bool:
    """Whether the stream, which is at its start, holds a WebP that this Pillow should not read."""
    head = stream.read(formats.HEAD)
    stream.seek(0)
    if not formats.is_webp(head) or webp_file.pillow_is_safe():
        return False
    webp_file.check_opencv()
    return True


def _check_size(size: Tuple[int, int], mode: str, kind: str, progressive: bool, length: int, name: str) -> None:
    width, height = size
    most = MAX_PIXELS_OF_HUNGRY_FORMATS if progressive or kind == 'WEBP' else MAX_PIXELS
    if width * height > most:
        raise UserError(f'{name} is too large to open safely ({width}x{height} pixels; at most {most // 1000000} '
                        'megapixels are read): scale it down')
    claimed = width * height * _CHANNELS.get(mode, 3)
    if claimed > _FREE_BYTES and claimed > _MOST_COMPRESSED * length:
        raise UserError(f'{name} is too large to open safely ({width}x{height} pixels in {length} bytes, as no '
                        'photograph has): scale it down, or save it anew as JPEG')


@contextmanager
def _stream(source: Source) -> Iterator[BinaryIO]:
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    if source.exists() and not (source.is_dir() or stat.S_ISREG(os.stat(str(source)).st_mode)):
        raise UserError(f'cannot read {source} as a picture (it is no regular file): replace or remove it')
    with source.open('rb') as stream:
        yield stream


@contextmanager
def _errors_of(source: Source, name: str) -> Iterator[None]:
    try:
        yield
    except UserError:
        raise
    except FileNotFoundError:
        raise UserError(f'picture {name} does not exist: check the path') from None
    except IsADirectoryError:
        raise UserError(f'{name} is a folder, but one picture is needed') from None
    except PermissionError:
        raise UserError(f'no permission to read {name}: change its rights') from None
    except (Image.DecompressionBombError, MemoryError) as error:
        raise UserError(f"{name} is too large to open safely ({error or 'no memory'}): scale it down") from error
    except Exception as error:  # Pillow signals a damaged file by any exception, AttributeError and struct.error too
        raise UserError(f"cannot read {name} as a picture ({' '.join(str(error).split()) or type(error).__name__}): "
                        'replace or remove it') from error
