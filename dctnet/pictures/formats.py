"""The picture formats that are read and written: a closed list, told by the first bytes of a file and not by its name.

Pillow alone would also start Ghostscript for PostScript, and try rarely used parsers, whatever a file is called.
"""
from importlib.util import find_spec
from typing import Any, Callable, Dict, List, Optional, Tuple

from PIL import BmpImagePlugin, GifImagePlugin, Image, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

# Of files that are read in every installation, and of names that can be written.
SUFFIXES = ('.png', '.jpg', '.jpeg', '.jpe', '.jfif', '.webp', '.bmp', '.tif', '.tiff')
JPEG_SUFFIXES = ('.jpg', '.jpeg', '.jpe', '.jfif')
ALPHA_SUFFIXES = ('.png', '.webp')  # that keep transparency when written
HEIF_SUFFIXES = ('.heic', '.heif', '.hif')  # read if pillow_heif is installed
# Pictures that people have, too, but that are not read in a folder.
OTHER_SUFFIXES = HEIF_SUFFIXES + (
    '.avif', '.jxl', '.jp2', '.j2k', '.gif', '.apng', '.mpo', '.psd', '.xcf', '.svg', '.eps', '.ai', '.ico', '.tga',
    '.ppm', '.pgm', '.pnm', '.exr', '.hdr', '.dng', '.raw', '.cr2', '.cr3', '.crw', '.nef', '.nrw', '.arw', '.sr2',
    '.srf', '.orf', '.raf', '.rw2', '.pef', '.srw', '.x3f', '.3fr', '.iiq', '.kdc', '.dcr', '.erf', '.mef', '.mrw',
    '.rwl')
LONGEST_WRITTEN = {'.webp': 16383, **{suffix: 65500 for suffix in JPEG_SUFFIXES}}  # pixels; others: memory ends first

Reader = Callable[[Any, str], Image.Image]
_READERS: Dict[bytes, Reader] = {
    b'\xff\xd8\xff': JpegImagePlugin.jpeg_factory,
    b'\x89PNG\r\n\x1a\n': PngImagePlugin.PngImageFile,
    b'BM': BmpImagePlugin.BmpImageFile,
    b'GIF87a': GifImagePlugin.GifImageFile,
    b'GIF89a': GifImagePlugin.GifImageFile,
    b'II*\0': TiffImagePlugin.TiffImageFile,
    b'MM\0*': TiffImagePlugin.TiffImageFile,
    b'II+\0': TiffImagePlugin.TiffImageFile,
    b'MM\0+': TiffImagePlugin.TiffImageFile,
}
NAMES = 'JPEG, PNG, WebP, BMP, GIF or TIFF'
HEAD = 32  # bytes that `reader_of` needs


def reader_of(head: bytes) -> Optional[Reader]:
    """What opens a file that begins with `head`; None if it is of no format of the list.

    HEIF is on the list if the package pillow_heif is installed, AVIF if Pillow has it.
    """
    for magic, reader in _READERS.items():
        if head.startswith(magic):
            return reader
    if is_webp(head):
        return WebPImagePlugin.WebPImageFile
    if head[4:8] == b'ftyp':
        return _installed_reader('AVIF' if head[8:12] in (b'avif', b'avis') else 'HEIF')
    return None


def folder_suffixes() -> Tuple[str, ...]:
    """Of the files that are read in a folder, in this installation."""
    return SUFFIXES + (HEIF_SUFFIXES if find_spec('pillow_heif') else ())


def is_webp(head: bytes) -> bool:
    """Whether a file that begins with `head` is a WebP."""
    return head[:4] == b'RIFF' and head[8:12] == b'WEBP'


def _installed_reader(name: str) -> Optional[Reader]:
    if name == 'HEIF':
        try:
            import pillow_heif
        except ImportError:
            return None
        pillow_heif.register_heif_opener()
    else:
        Image.init()
    return Image.OPEN[name][0] if name in Image.OPEN else None


def readable() -> List[str]:
    """Names of the formats that are read in this installation."""
    installed = [name for name in ('HEIF', 'AVIF') if _installed_reader(name)]
    return ['JPEG', 'PNG', 'WEBP', 'BMP', 'GIF', 'TIFF'] + installed
