"""Broken downloads go on; what has arrived is never mixed with another file."""

import io
import os
import shutil
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from data_tools.weights import download, part_file
from dctnet.errors import UserError
from tests.data_tools.file_server import DATA


def ranges(server):
    return [asked for _, asked in server.requests]


def test_a_cut_connection_is_continued(bring, server, capsys):
    server.cuts = [100000, 0, 50000]
    bring()
    assert bring.target.read_bytes() == DATA
    assert ranges(server) == [None, 'bytes=100000-', 'bytes=100000-', 'bytes=150000-']
    assert 'ended after 100000 of 300000 bytes; trying again' in capsys.readouterr().out


def test_the_next_call_continues(bring, server):
    server.cuts = [100000, 0, 0]
    with pytest.raises(UserError, match='no source gave net.bin .*ended after 100000 of 300000 bytes.*https://example'):
        bring()
    assert bring.part.read_bytes() == DATA[:100000] and not bring.target.exists()
    bring()
    assert ranges(server)[3:] == ['bytes=100000-'] and server.conditions[3:] == ['"first"']
    assert bring.target.read_bytes() == DATA
    assert os.listdir(str(bring.target.parent)) == ['net.bin']


def test_a_server_without_ranges_begins_anew(bring, server):
    server.ranges, server.cuts = False, [100000]
    bring()
    assert ranges(server) == [None, 'bytes=100000-'] and bring.target.read_bytes() == DATA


@pytest.mark.parametrize('new', [DATA[::-1], DATA[:50000]], ids=['as long', 'shorter'])
@pytest.mark.parametrize('ranges, if_range', [(True, True), (True, False), (False, False)])
def test_a_file_that_has_changed_begins_anew(bring, server, new, ranges, if_range):
    server.cuts = [100000, 0, 0]
    with pytest.raises(UserError):
        bring()
    server.files['net.bin'], server.etag, server.ranges, server.if_range = new, '"second"', ranges, if_range
    bring(sha256=None, size=None)
    assert bring.target.read_bytes() == new


def test_a_changed_file_can_be_continued_too(bring, server):
    for server.etag in ('"first"', '"second"'):
        server.cuts = [100000, 0, 0]
        with pytest.raises(UserError):
            bring()
    bring()
    assert server.requests[-1] == ('/net.bin', 'bytes=100000-') and server.conditions[-1] == '"second"'
    assert bring.target.read_bytes() == DATA


def test_a_changed_size_is_noticed_without_an_etag(bring, server):
    server.cuts, server.etag = [100000, 0, 0], None
    with pytest.raises(UserError):
        bring(size=None)
    server.files['net.bin'] = DATA[::-1] + b'more'
    bring(sha256=None, size=None)
    assert bring.target.read_bytes() == DATA[::-1] + b'more'


def test_a_part_of_unknown_origin_is_not_continued(bring, server):
    bring.part.parent.mkdir()
    bring.part.write_bytes(b'something else')
    bring(sha256=None)
    assert ranges(server) == [None] and bring.target.read_bytes() == DATA


def test_a_part_that_is_complete_is_not_fetched_again(bring, server):
    bring.part.parent.mkdir()
    bring.part.write_bytes(DATA)
    part_file.write_origin(bring.part, part_file.Origin(server.url('net.bin'), server.etag, None, len(DATA)))
    bring()
    assert ranges(server) == ['bytes=300000-'] and bring.target.read_bytes() == DATA


def test_a_mirror_continues_another_ones_part_where_the_result_is_checked(bring, server):
    server.cuts = [100000, 0, 0]
    server.files['copy.bin'] = DATA
    bring(urls=[server.url('net.bin'), server.url('copy.bin')])
    assert server.requests[3:] == [('/copy.bin', 'bytes=100000-')] and bring.target.read_bytes() == DATA
    assert server.conditions[3:] == [None]  # the copy has an ETag of its own


@pytest.mark.parametrize('other, noticed', [(DATA[::-1], 'found'), (DATA[::-1] + b'more', 'before is of another')],
                         ids=['as long, by its checksum', 'longer, at once'])
def test_a_part_of_another_file_does_not_spoil_the_right_one(bring, server, other, noticed, capsys):
    server.cuts = [100000, 0, 0]
    server.files['other.bin'] = other
    bring(urls=[server.url('other.bin'), server.url('net.bin')], size=None)
    assert server.requests[3:] == [('/net.bin', 'bytes=100000-'), ('/net.bin', None)]
    assert bring.target.read_bytes() == DATA
    text = capsys.readouterr().out
    assert noticed in text and 'from the start' in text


def test_a_disk_without_room_is_told_before_and_while_writing(bring, small_disk, monkeypatch):
    (small_disk / 'filler').write_bytes(b'\0' * 900000)
    with pytest.raises(UserError, match='disk: 0.3 MB are still to come and 0.1 MB are free'):
        bring(folder=small_disk)
    assert os.listdir(str(small_disk)) == ['filler']
    roomy = SimpleNamespace(free=10 ** 9)  # another program fills it meanwhile
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: roomy)
    with pytest.raises(UserError, match='cannot write .*net.bin.part: the disk is full'):
        bring(folder=small_disk)
    assert 0 < (small_disk / 'net.bin.part').stat().st_size < len(DATA)
    (small_disk / 'filler').unlink()
    assert bring(folder=small_disk).read_bytes() == DATA and os.listdir(str(small_disk)) == ['net.bin']


@pytest.mark.parametrize('statuses, requests', [([], 1), ([404], 2)], ids=['the first succeeds', 'the first fails'])
def test_of_two_at_once_the_second_waits(bring, server, monkeypatch, statuses, requests):
    def call():
        try:
            results.append(bring())
        except UserError as error:
            results.append(str(error))
    server.gate.clear()
    server.statuses, results, said = statuses, [], io.StringIO()
    monkeypatch.setattr(sys, 'stdout', said)  # capsys loses what another thread prints while it is read
    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    limit = time.monotonic() + 15
    while 'another process is downloading' not in said.getvalue() and time.monotonic() < limit:
        time.sleep(0.01)
    server.gate.set()
    for thread in threads:
        thread.join()
    assert 'another process is downloading' in said.getvalue()
    assert results[-1] == bring.target and (results[0] == bring.target or 'HTTP 404' in results[0])
    assert len(server.requests) == requests
    assert os.listdir(str(bring.target.parent)) == ['net.bin'] and bring.target.read_bytes() == DATA


def test_an_interrupt_keeps_what_has_arrived(bring, server, monkeypatch, capsys):
    def interrupt(seconds):
        raise KeyboardInterrupt
    server.cuts = [100000]
    monkeypatch.setattr(download.time, 'sleep', interrupt)
    with pytest.raises(KeyboardInterrupt):
        bring()
    assert 'kept' in capsys.readouterr().out and bring.part.read_bytes() == DATA[:100000]
