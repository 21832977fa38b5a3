"""Bodies are received within the limit, whatever their headers say."""
import asyncio

import pytest

from dctnet.web import uploads


async def chunks(sizes):
    for size in sizes:
        yield b'x' * size


def test_a_body_is_stored(tmp_path):
    asyncio.run(uploads.receive(chunks([3, 4]), tmp_path / 'photo'))
    assert (tmp_path / 'photo').read_bytes() == b'x' * 7


def test_a_body_without_length_ends_at_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(uploads, 'MAX_BYTES', 10)
    with pytest.raises(uploads.TooLarge):
        asyncio.run(uploads.receive(chunks([6, 6, 10 ** 9]), tmp_path / 'photo'))
    assert (tmp_path / 'photo').stat().st_size <= 10


def test_work_is_counted_at_the_working_size():
    assert uploads.megapixels_to_compute(100, 200) == 0.02
    assert uploads.megapixels_to_compute(3000, 6000) == pytest.approx(720 * 1440 / 1e6)
