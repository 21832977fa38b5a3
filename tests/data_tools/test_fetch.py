"""Downloads from a server on the loopback interface: checked, continued, from several sources, never by surprise."""
import errno
import hashlib
import io
import os
import socket
import sys
import threading
import time

import numpy as np
import pytest
import yaml

from data_tools import download, fetch, part_file
from dctnet.errors import UserError, exit_with
from tests.data_tools import file_server

DATA = np.random.RandomState(0).bytes(300000)
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture()
def server(monkeypatch):
    """Serves net.bin; the environment names neither proxy nor mirror, and nobody waits before a new attempt."""
    for name in ('http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY', fetch.MIRROR):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(download, 'PAUSES', (0, 0))
    with file_server.running() as running:
        running.files['net.bin'] = DATA
        yield running


@pytest.fixture()
def bring(server, tmp_path):
    """fetch() of an entry that knows everything, or what the arguments say, into OUT/."""
    def call(folder=tmp_path / 'out', **changes):
        entry = {'file': 'net.bin', 'source': 'https://example.org/page', 'urls': [server.url('net.bin')],
                 'sha256': SHA256, 'md5': None, 'size': len(DATA), 'verified_by': 'the test', 'licence': 'CC0-1.0',
                 'used_by': 'a test', 'import': 'python -m data_tools.import_weights vgg19 net.bin', 'makes': None}
        entry.update(changes)
        manifest = tmp_path / 'checkpoints' / 'manifest.yaml'
        manifest.parent.mkdir(exist_ok=True)
        manifest.write_text(yaml.safe_dump({'net': entry}))
        return fetch.fetch('net', folder, manifest)
    call.target = tmp_path / 'out' / 'net.bin'
    call.part = tmp_path / 'out' / 'net.bin.part'
    return call


def ranges(server):
    return [asked for _, asked in server.requests]


def test_a_whole_download(bring, server, capsys):
    assert bring() == bring.target
    assert bring.target.read_bytes() == DATA
    assert os.listdir(str(bring.target.parent)) == ['net.bin']
    text = capsys.readouterr().out
    for part in (server.url('net.bin'), '0.3 MB', 'CC0-1.0', '0.3 of 0.3 MB', 'sha256 is right',
                 'next: python -m data_tools.import_weights vgg19 {}'.format(bring.target)):
        assert part in text
    (bring.target.parent / 'plain').write_text('')
    assert bring.target.stat().st_mode == (bring.target.parent / 'plain').stat().st_mode


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


@pytest.mark.parametrize('known', [{'sha256': '0' * 64}, {'sha256': None, 'md5': '0' * 32}])
def test_a_wrong_checksum(bring, server, known):
    with pytest.raises(UserError) as caught:
        bring(**known)
    found = SHA256 if known['sha256'] else hashlib.md5(DATA).hexdigest()
    assert '000, found {}'.format(found) in str(caught.value)
    assert os.listdir(str(bring.target.parent)) == []


def test_a_wrong_size_is_refused_before_anything_is_loaded(bring, server):
    with pytest.raises(UserError, match='offers 300000 bytes where 299999 are expected'):
        bring(size=299999)
    assert len(server.requests) == 1 and os.listdir(str(bring.target.parent)) == []


def test_an_md5_is_enough(bring, server, capsys):
    bring(sha256=None, md5=hashlib.md5(DATA).hexdigest())
    assert 'its md5 is right' in capsys.readouterr().out


def test_without_a_checksum_it_says_so(bring, server, capsys):
    bring(sha256=None)
    assert 'UNVERIFIED' in capsys.readouterr().out.split(SHA256)[0]


def closed_port():
    with socket.socket() as unused:
        unused.bind(('127.0.0.1', 0))
        return unused.getsockname()[1]


def test_dead_and_bad_mirrors_are_passed_by(bring, server, capsys):
    server.files['other.bin'] = DATA[::-1]
    bring(urls=['http://127.0.0.1:{}/net.bin'.format(closed_port()), server.url('gone.bin'), server.url('other.bin'),
                server.url('net.bin')])
    assert bring.target.read_bytes() == DATA
    text = capsys.readouterr().out
    for part in ('Connection refused', 'HTTP 404', 'damaged one (expected sha256 ' + SHA256):
        assert part in text
    assert [path for path, _ in server.requests] == ['/gone.bin', '/other.bin', '/net.bin']


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


def test_errors_that_pass(bring, server):
    server.statuses = [503, 429]
    bring()
    assert len(server.requests) == 3 and bring.target.read_bytes() == DATA


def test_a_web_page_is_no_file(bring, server):
    server.content_type = 'text/html; charset=utf-8'
    with pytest.raises(UserError, match='a web page instead of the file'):
        bring(sha256=None, size=None)
    assert not bring.target.exists()


def test_the_mirror_of_the_environment_is_asked_first(bring, server, monkeypatch):
    monkeypatch.setenv(fetch.MIRROR, server.url('mirror/'))
    bring(urls=[])
    assert [path for path, _ in server.requests] == ['/mirror/net.bin'] and bring.target.read_bytes() == DATA
    bring.target.unlink()
    server.statuses = [404]
    bring()
    assert [path for path, _ in server.requests][1:] == ['/mirror/net.bin', '/net.bin']
    bring.target.unlink()
    monkeypatch.setenv(fetch.MIRROR, 'mirror/folder')
    with pytest.raises(UserError, match='DCTNET_MIRROR=mirror/folder: give an address'):
        bring()


def test_the_proxy_of_the_environment(bring, server, monkeypatch):
    monkeypatch.setenv('http_proxy', server.url(''))
    bring(urls=['http://weights.invalid/net.bin'])
    assert server.requests == [('http://weights.invalid/net.bin', None)] and bring.target.read_bytes() == DATA


def test_a_file_that_is_there(bring, server, capsys):
    bring.target.parent.mkdir()
    bring.target.write_bytes(DATA)
    assert bring() == bring.target
    assert 'net.bin is there, its sha256 is right\nnext: ' in capsys.readouterr().out
    bring.target.write_bytes(b'mine')
    with pytest.raises(UserError, match='not the file of the manifest .expected 300000 bytes, found 4.*move it away'):
        bring()
    assert bring.target.read_bytes() == b'mine' and server.requests == []


def test_no_address(bring, server):
    with pytest.raises(UserError, match='no address.*https://example.org/page; put it into .*out, then: python -m '
                                        'data_tools.import_weights vgg19 .*out/net.bin'):
        bring(urls=[])
    assert not bring.target.parent.exists()


@pytest.mark.parametrize('number, advice', [(errno.EROFS, 'read-only'), (errno.EACCES, 'no permission')])
def test_a_read_only_target(bring, server, monkeypatch, number, advice):
    def refuse(*arguments):  # the tests may run as root, who may everything
        raise OSError(number, os.strerror(number))
    monkeypatch.setattr(part_file.os, 'open', refuse)
    with pytest.raises(UserError, match='cannot write .*net.bin.part: .*' + advice):
        bring()
    assert server.requests == []


def test_a_disk_without_room(bring, small_disk, monkeypatch):
    (small_disk / 'filler').write_bytes(b'\0' * 900000)
    with pytest.raises(UserError, match='disk: 0.3 MB are still to come and 0.1 MB are free'):
        bring(folder=small_disk)
    assert os.listdir(str(small_disk)) == ['filler']
    monkeypatch.setattr(download, '_check_space', lambda *arguments: None)  # another program fills it meanwhile
    with pytest.raises(UserError, match='cannot write .*net.bin.part: the disk is full'):
        bring(folder=small_disk)
    assert 0 < (small_disk / 'net.bin.part').stat().st_size < len(DATA)
    (small_disk / 'filler').unlink()
    assert bring(folder=small_disk).read_bytes() == DATA and os.listdir(str(small_disk)) == ['net.bin']


@pytest.mark.parametrize('statuses, requests', [([], 1), ([404], 2)], ids=['the first succeeds', 'the first fails'])
def test_two_at_once(bring, server, monkeypatch, statuses, requests):
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


def test_the_command(tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        exit_with(lambda: fetch.main(['vgg19_kers', '--out', str(tmp_path)]))
    assert left.value.code == 2
    assert capsys.readouterr().err == 'error: the manifest has no entry vgg19_kers: did you mean vgg19_keras?\n'
    with pytest.raises(SystemExit) as left:
        fetch.parse([])
    assert left.value.code == 2
    assert fetch.main(['face_landmarks', '--out', str(tmp_path)]) == 0  # comes with a package: nothing to do
    assert 'came with the installation' in capsys.readouterr().out


def test_the_list(tmp_path, capsys):
    (tmp_path / 'vgg19.npy').write_bytes(b'short')
    (tmp_path / '550000.pt').write_bytes(b'of any size')
    (tmp_path / 'ffhq.pkl.part').write_bytes(b'')
    assert fetch.main(['--list', '--out', str(tmp_path)]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    for name, words in {'vgg19_npy': ' 574.7 MB  another file ', 'stylegan2_ffhq_256': ' size unknown  yes ',
                        'stylegan2_ada_ffhq_1024': ' partly ', 'face_landmarks': ' installed ',
                        'vgg19_keras': 'CC BY 4.0', 'alpha_mask': ' no '}.items():
        assert ' '.join(words.split()) in ' '.join(lines[name].split())


def test_a_damaged_manifest(tmp_path):
    (tmp_path / 'manifest.yaml').write_text('net: {file: net.bin}\n')
    with pytest.raises(UserError, match='manifest.yaml is no manifest of weights .KeyError'):
        fetch.fetch('net', tmp_path, tmp_path / 'manifest.yaml')
    with pytest.raises(UserError, match='missing.yaml is missing'):
        fetch.listing(tmp_path, tmp_path / 'missing.yaml')
