"""Parts of a file, as players of videos ask for them (RFC 9110, section 14)."""
import re
from pathlib import Path
from typing import IO, Iterator, Optional, Tuple

from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse

_CHUNK = 1 << 16


def file_response(path: Path, media_type: str, asked: Headers) -> Response:
    """A file, or the one part of it that the request's headers ask for. Several parts, and those of a version of the
    file that the asker knows, are answered by the whole file. Raises OSError if the file is not there."""
    stream = path.open('rb')
    size = stream.seek(0, 2)
    headers = {'accept-ranges': 'bytes', 'content-length': str(size)}
    wanted = None if 'if-range' in asked else asked.get('range')
    known = re.match(r'bytes=(\d*)-(\d*)$', wanted.replace(' ', '')) if wanted else None
    if not known or known.group(1) == known.group(2) == '':
        return StreamingResponse(_part(stream, 0, size), 200, headers, media_type)
    part = _limits(known.group(1), known.group(2), size)
    if part is None:
        stream.close()
        return Response(status_code=416, headers={'content-range': f'bytes */{size}'})
    first, last = part
    headers.update({'content-length': str(last - first + 1), 'content-range': f'bytes {first}-{last}/{size}'})
    return StreamingResponse(_part(stream, first, last - first + 1), 206, headers, media_type)


def _limits(first: str, last: str, size: int) -> Optional[Tuple[int, int]]:
    """The first and the last byte of a part, or None if nothing lies there. Without `first` it is the end of the file,
    `last` bytes long."""
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    return (start, end) if start <= end else None


def _part(stream: IO[bytes], start: int, length: int) -> Iterator[bytes]:
    with stream:
        stream.seek(start)
        while length > 0:
            data = stream.read(min(_CHUNK, length))
            if not data:
                return
            length -= len(data)
            yield data
