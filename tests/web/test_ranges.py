"""Parts of a file, as players ask for them."""
import asyncio

import pytest

pytest.importorskip('starlette', reason='requirements/web-*.txt pin it for the two runtimes alone')

from starlette.datastructures import Headers  # noqa: E402

from dctnet.web.ranges import file_response  # noqa: E402


def answer(tmp_path, **headers):
    """(status, headers, body)."""
    (tmp_path / 'clip').write_bytes(b'0123456789')
    response = file_response(tmp_path / 'clip', 'video/mp4', Headers(
        {name.replace('_', '-'): value for name, value in headers.items()}))

    async def body():
        return b''.join([chunk async for chunk in response.body_iterator])
    return response.status_code, response.headers, asyncio.run(body()) if response.status_code != 416 else b''


@pytest.mark.parametrize('asked, told, body', [
    ('bytes=0-', '0-9', b'0123456789'), ('bytes=0-1', '0-1', b'01'), ('bytes=4-', '4-9', b'456789'),
    ('bytes=8-99', '8-9', b'89'), ('bytes=-3', '7-9', b'789'), ('bytes=-99', '0-9', b'0123456789')])
def test_a_part(tmp_path, asked, told, body):
    status, headers, found = answer(tmp_path, Range=asked)
    assert (status, headers['content-range'], found) == (206, f'bytes {told}/10', body)
    assert headers['content-length'] == str(len(body)) and headers['content-type'] == 'video/mp4'


@pytest.mark.parametrize('asked', ['bytes=10-', 'bytes=5-4', 'bytes=-0'])
def test_nothing_lies_there(tmp_path, asked):
    status, headers, _ = answer(tmp_path, Range=asked)
    assert (status, headers['content-range']) == (416, 'bytes */10')


@pytest.mark.parametrize('headers', [{}, {'Range': 'bytes=0-1,4-5'}, {'Range': 'lines=1-2'}, {'Range': 'bytes=-'},
                                     {'Range': 'bytes=x-1'}, {'Range': 'bytes=0-1', 'If_Range': '"old"'}])
def test_the_whole_file(tmp_path, headers):
    status, told, body = answer(tmp_path, **headers)
    assert (status, body, told['accept-ranges'], told['content-length']) == (200, b'0123456789', 'bytes', '10')


def test_a_file_that_is_gone(tmp_path):
    with pytest.raises(OSError):
        file_response(tmp_path / 'none', 'video/mp4', Headers({}))
