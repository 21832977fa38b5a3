"""Pictures and clips that come from a browser: received within a limit, and looked at before they wait."""
from pathlib import Path
from typing import AsyncIterator, Tuple

from dctnet.errors import UserError
from dctnet.inference import fusion
from dctnet.pictures import opening
from dctnet.web import clips

MAX_BYTES = 40 << 20  # of a picture
MAX_MEGAPIXELS = 50
SHORT_SIDE = 720  # at which Stylizer works
_TELLING = 12  # bytes at the start that tell a video


class NoPicture(Exception):
    """A file that is no picture of a known kind."""


class TooLarge(Exception):
    """Too many bytes or too many pixels; the text says which."""


async def receive(chunks: AsyncIterator[bytes], path: Path, announced: int = 0) -> None:
    """Write a body to a file. Raises TooLarge as soon as it is known that there are more bytes than a picture may have,
    or a video if it begins like one.

    announced: its length, if the sender told it.
    """
    count, start = 0, b''
    with path.open('wb') as stream:
        async for chunk in chunks:
            start += chunk[:_TELLING - len(start)]
            count += len(chunk)
            _check_length(start, max(count, announced if len(start) == _TELLING else 0))
            stream.write(chunk)


def _check_length(start: bytes, count: int) -> None:
    if clips.is_video(start):
        if count > clips.MAX_BYTES:
            raise TooLarge(f'a clip may have {clips.MAX_BYTES >> 20} MB')
    elif count > MAX_BYTES:
        raise TooLarge(f'a picture may have {MAX_BYTES >> 20} MB')


def picture_size(path: Path) -> Tuple[int, int]:
    """Height and width as they are stored, read from the head of the file. Raises NoPicture or TooLarge."""
    try:
        height, width = opening.stated_size(path)
    except UserError as error:
        raise NoPicture('this is no picture and no clip that can be read here') from error
    if width * height > MAX_MEGAPIXELS * 1000000:
        raise TooLarge(f'a picture may have {MAX_MEGAPIXELS} megapixels')
    return height, width


def megapixels_to_compute(height: int, width: int) -> float:
    """At the size at which the background is translated."""
    working = fusion.reduced_size(height, width, SHORT_SIDE)
    return working[0] * working[1] / 1e6
