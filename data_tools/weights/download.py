"""One file over HTTP into a part file, going on where that ends: after a cut, and in the next call.

A part is continued only if its origin still fits, so that a file that has changed meanwhile is not joined to the
old one (RFC 7233: Range, If-Range).
"""
import base64
import http.client
import re
import shutil
import ssl
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from typing import Any, Callable, Iterator, Optional, Tuple

from tqdm import tqdm

from dctnet.addresses import shown, split_user, without_users
from dctnet.errors import UserError
from dctnet.files import durable
from dctnet.files.atomic import storage_errors

from .part_file import Origin, empty, read_origin, write_origin

PAUSES = (1, 2, 4)       # seconds before each new attempt; progress resets the count
TIMEOUT = 30             # seconds without an answer
_SECONDS_A_LINE = 10     # of progress, if there is no terminal
_BLOCK = 1 << 16
_PASSING = {408, 425, 429, 500, 502, 503, 504}


class SourceFailed(Exception):
    """This address does not give the file; another one may."""


def download(url: str, part: Path, size: Optional[int], checked: bool) -> None:
    """Complete the locked file `part` from `url`, trying again after errors that may pass.

    url: of the file.
    part: what has arrived of it so far.
    size: bytes that the file must have, if known.
    checked: whether the result will be compared with a checksum, so that what came from another address may be
        continued.
    Raises SourceFailed with the reason, or UserError if the disk refuses; what has arrived stays in `part`.
    """
    failures, furthest = 0, part.stat().st_size
    while True:
        try:
            return _receive(url, part, size, checked)
        except (urllib.error.URLError, http.client.HTTPException) as error:
            reason = _reason(error)
            if not _may_pass(error):
                raise SourceFailed(reason) from error
        reached = part.stat().st_size
        failures = 1 if reached > furthest else failures + 1
        furthest = max(furthest, reached)
        if failures > len(PAUSES):
            raise SourceFailed(reason)
        print(f'  {reason}; trying again in {PAUSES[failures - 1]} s', flush=True)
        time.sleep(PAUSES[failures - 1])


def _may_pass(error: Exception) -> bool:
    if isinstance(error, urllib.error.HTTPError):
        return error.code in _PASSING
    return not isinstance(getattr(error, 'reason', error), ssl.SSLCertVerificationError)


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f'HTTP {error.code} {error.reason}'
    reason = getattr(error, 'reason', error)
    if isinstance(reason, http.client.InvalidURL):
        return 'the address is none'  # the message repeats it, with its password
    return without_users(str(reason)) or type(reason).__name__


def _receive(url: str, part: Path, size: Optional[int], checked: bool) -> None:
    before = read_origin(part)
    old = before if before and (before.url == shown(url) or checked and before.size) else None
    start = part.stat().st_size if old else 0
    try:
        response = _open(url, start, old)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not start:
            raise
        error.close()
        if _content_range(error.headers)[1] == start:
            return  # nothing is left to send
        empty(part)
        return _receive(url, part, size, checked)
    with response:
        new = _origin(url, response)
        if start and old and response.status == 206 and not _continues(start, old, new, response):
            print('  what had arrived before is of another file: from the start', flush=True)
            empty(part)
            return _receive(url, part, size, checked)
        if response.status not in ((200, 206) if start else (200,)):
            raise SourceFailed(f'answers with status {response.status} instead of the file')
        _check(response, new, size)
        start = start if response.status == 206 else 0
        _check_space(part, start, new.size)
        if new != before:
            write_origin(part, new)
        _write(response, part, start, new.size)


def _open(url: str, start: int, old: Optional[Origin]) -> http.client.HTTPResponse:
    address, user = _split_user(url)
    request = urllib.request.Request(address, headers={'User-Agent': 'dctnet', 'Accept-Encoding': 'identity'})
    if user:  # for this host alone: it is not sent on to where it redirects
        request.add_unredirected_header('Authorization', 'Basic ' + base64.b64encode(user.encode()).decode())
    if start and old:
        request.add_header('Range', f'bytes={start}-')
        strong = old.etag if old.etag and not old.etag.startswith('W/') else old.last_modified
        if strong and old.url == shown(url):
            request.add_header('If-Range', strong)
    with _network_errors():
        # An opener of its own reads the proxies of the environment now, not when urllib was first used.
        return urllib.request.build_opener(_HttpAlone).open(request, timeout=TIMEOUT)


class _HttpAlone(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        """Called for every redirection: not to files and other services."""
        if not newurl.lower().startswith(('http://', 'https://')):
            raise SourceFailed('redirects to something else than http:// or https://')
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _split_user(url: str) -> Tuple[str, Optional[str]]:
    try:
        return split_user(url)
    except ValueError as error:
        raise SourceFailed(f'is no address ({type(error).__name__})') from error


@contextmanager
def _network_errors() -> Iterator[None]:
    """All that a socket raises as URLError, so that it is not taken for an error of the disk."""
    try:
        yield
    except urllib.error.URLError:
        raise
    except OSError as error:
        raise urllib.error.URLError(error) from error


def _blocks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while True:
        with _network_errors():
            block = response.read(_BLOCK)
        if not block:
            return
        yield block


def _origin(url: str, response: http.client.HTTPResponse) -> Origin:
    length = response.headers.get('Content-Length', '')
    whole = int(length) if length.isdigit() else None
    return Origin(shown(url), response.headers.get('ETag'), response.headers.get('Last-Modified'),
                  _content_range(response.headers)[1] if response.status == 206 else whole)


def _continues(start: int, old: Origin, new: Origin, response: http.client.HTTPResponse) -> bool:
    """Whether a partial answer is the rest of what is there: some servers do not heed If-Range."""
    if _content_range(response.headers)[0] != start or new.size != old.size:
        return False
    return old == new or old.url != new.url


def _content_range(headers: Message) -> Tuple[Optional[int], Optional[int]]:
    """First byte and size of the whole file, None if not said."""
    match = re.match(r'bytes (?:(\d+)-\d+|\*)/(\d+|\*)$', headers.get('Content-Range', ''))
    first, whole = match.groups() if match else (None, None)
    return int(first) if first else None, int(whole) if whole and whole != '*' else None


def _check(response: http.client.HTTPResponse, new: Origin, size: Optional[int]) -> None:
    """Before anything that has arrived is given up for this answer."""
    if response.headers.get_content_type() == 'text/html':
        raise SourceFailed('answers with a web page instead of the file (a login, a quota or a question): open it in a '
                           'browser')
    if size is not None and new.size not in (None, size):
        raise SourceFailed(f'offers {new.size} bytes where {size} are expected: another file')


def _check_space(part: Path, start: int, whole: Optional[int]) -> None:
    free = shutil.disk_usage(str(part.parent)).free
    if whole is not None and whole - part.stat().st_size > free:
        raise UserError(f'{part.parent}: {(whole - start) / 1e6:.1f} MB are still to come and {free / 1e6:.1f} MB are '
                        'free: free some space, or choose another place with --out')


def _write(response: http.client.HTTPResponse, part: Path, start: int, whole: Optional[int]) -> None:
    position = start
    # Unbuffered: closing must not try again to write what the disk has refused.
    with part.open('r+b', buffering=0) as stream, _progress(start, whole) as advance:
        with storage_errors(part):
            stream.truncate(start)
            stream.seek(start)
        for block in _blocks(response):
            position += len(block)
            advance(len(block))
            with storage_errors(part):
                while block:
                    block = block[stream.write(block):]
    with storage_errors(part):
        durable.flush(part)
    if whole is not None and position != whole:
        raise urllib.error.URLError(f'the connection ended after {position} of {whole} bytes')


@contextmanager
def _progress(start: int, whole: Optional[int]) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, lines elsewhere."""
    if start:
        print(f'  going on at {start / 1e6:.1f} MB', flush=True)
    if sys.stderr.isatty():
        with tqdm(total=whole, initial=start, unit='B', unit_scale=True, dynamic_ncols=True) as bar:
            yield bar.update
        return
    began = spoken = time.monotonic()
    position = start

    def advance(count: int) -> None:
        nonlocal position, spoken
        position += count
        now = time.monotonic()
        if now - spoken >= _SECONDS_A_LINE or position == whole:
            spoken = now
            print(f"  {position / 1e6:.1f}{(f' of {whole / 1e6:.1f}' if whole else '')} MB, "
                  f'{(position - start) / 1e6 / max(now - began, 1e-3):.1f} MB/s', flush=True)
    yield advance
