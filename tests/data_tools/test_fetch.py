"""Downloads from a server on the loopback interface: checked, from several sources, never by surprise."""

import errno
import hashlib
import os
import socket

import pytest

from data_tools import fetch
from data_tools.weights import part_file
from dctnet.errors import UserError, exit_with
from tests.data_tools.file_server import DATA, SHA256


def test_a_download_is_checked_and_says_what_comes_next(bring, server, capsys):
    assert bring() == bring.target
    assert bring.target.read_bytes() == DATA
    assert os.listdir(str(bring.target.parent)) == ['net.bin']
    text = capsys.readouterr().out
    for part in (server.url('net.bin'), '0.3 MB', 'CC0-1.0', '0.3 of 0.3 MB', 'sha256 is right',
                 f'next: python -m data_tools.import_weights vgg19 {bring.target}'):
        assert part in text
    (bring.target.parent / 'plain').write_text('')
    assert bring.target.stat().st_mode == (bring.target.parent / 'plain').stat().st_mode


@pytest.mark.parametrize('known', [{'sha256': '0' * 64}, {'sha256': None, 'md5': '0' * 32}])
def test_a_wrong_checksum_leaves_nothing(bring, server, known):
    with pytest.raises(UserError) as caught:
        bring(**known)
    found = SHA256 if known['sha256'] else hashlib.md5(DATA).hexdigest()
    assert f'000, found {found}' in str(caught.value)
    assert os.listdir(str(bring.target.parent)) == []


def test_a_wrong_size_is_refused_before_anything_is_loaded(bring, server):
    with pytest.raises(UserError, match='offers 300000 bytes where 299999 are expected'):
        bring(size=299999)
    assert len(server.requests) == 1 and os.listdir(str(bring.target.parent)) == []


def test_an_md5_alone_is_compared(bring, server, capsys):
    bring(sha256=None, md5=hashlib.md5(DATA).hexdigest())
    assert 'its md5 is right' in capsys.readouterr().out and bring.target.read_bytes() == DATA


def test_without_a_checksum_it_says_so(bring, server, capsys):
    bring(sha256=None)
    assert 'UNVERIFIED' in capsys.readouterr().out.split(SHA256)[0] and bring.target.read_bytes() == DATA


def closed_port():
    with socket.socket() as unused:
        unused.bind(('127.0.0.1', 0))
        return unused.getsockname()[1]


def test_dead_and_bad_mirrors_are_passed_by(bring, server, capsys):
    server.files['other.bin'] = DATA[::-1]
    bring(urls=[f'http://127.0.0.1:{closed_port()}/net.bin', server.url('gone.bin'), server.url('other.bin'),
                server.url('net.bin')])
    assert bring.target.read_bytes() == DATA
    text = capsys.readouterr().out
    for part in ('Connection refused', 'HTTP 404', 'damaged one (expected sha256 ' + SHA256):
        assert part in text
    assert [path for path, _ in server.requests] == ['/gone.bin', '/other.bin', '/net.bin']


def test_errors_that_pass_are_tried_again(bring, server):
    server.statuses = [503, 429]
    bring()
    assert len(server.requests) == 3 and bring.target.read_bytes() == DATA


def test_a_web_page_is_not_taken_for_the_file(bring, server):
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


def test_the_list_says_what_is_there(tmp_path, monkeypatch):
    def states():
        return {line.split()[0]: line for line in fetch.listing(tmp_path / 'out').splitlines()}
    monkeypatch.setenv('DCTNET_CHECKPOINTS', str(tmp_path / 'checkpoints'))
    assert 'imported' not in states()['vgg19_keras'] and '  installed  ' in states()['face_landmarks']
    (tmp_path / 'checkpoints').mkdir()
    (tmp_path / 'checkpoints' / 'vgg19.pb').write_bytes(b'')
    assert '  imported  ' in states()['vgg19_keras'] and '  no  ' in states()['inception_2015']


def test_the_proxy_of_the_environment_is_used(bring, server, monkeypatch):
    monkeypatch.setenv('http_proxy', server.url(''))
    bring(urls=['http://weights.invalid/net.bin'])
    assert server.requests == [('http://weights.invalid/net.bin', None)] and bring.target.read_bytes() == DATA


def test_a_file_that_is_there_is_checked_and_not_fetched(bring, server, capsys):
    bring.target.parent.mkdir()
    bring.target.write_bytes(DATA)
    assert bring() == bring.target
    assert 'net.bin is there, its sha256 is right\nnext: ' in capsys.readouterr().out
    bring.target.write_bytes(b'mine')
    with pytest.raises(UserError, match='not the file of the manifest .expected 300000 bytes, found 4.*move it away'):
        bring()
    assert bring.target.read_bytes() == b'mine' and server.requests == []


def test_an_entry_without_an_address_says_how_to_get_it(bring, server):
    with pytest.raises(UserError, match='no address.*https://example.org/page; put it into .*out, then: python -m '
                                        'data_tools.import_weights vgg19 .*out/net.bin'):
        bring(urls=[])
    assert not bring.target.parent.exists()


@pytest.mark.parametrize('number, advice', [(errno.EROFS, 'read-only'), (errno.EACCES, 'no permission')])
def test_a_read_only_target_is_an_error_in_words(bring, server, monkeypatch, number, advice):
    def refuse(*arguments):  # the tests may run as root, who may everything
        raise OSError(number, os.strerror(number))
    monkeypatch.setattr(part_file.os, 'open', refuse)
    with pytest.raises(UserError, match='cannot write .*net.bin.part: .*' + advice):
        bring()
    assert server.requests == []


def test_the_command_fetches_and_exits_with_0_or_2(tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        exit_with(lambda: fetch.main(['vgg19_kers', '--out', str(tmp_path)]))
    assert left.value.code == 2
    assert capsys.readouterr().err == 'error: the manifest has no entry vgg19_kers: did you mean vgg19_keras?\n'
    with pytest.raises(SystemExit) as left:
        fetch.parse([])
    assert left.value.code == 2
    assert fetch.main(['face_landmarks', '--out', str(tmp_path)]) == 0  # comes with a package: nothing to do
    assert 'came with the installation' in capsys.readouterr().out


def test_the_list_shows_every_entry(tmp_path, capsys):
    (tmp_path / 'vgg19.npy').write_bytes(b'short')
    (tmp_path / '550000.pt').write_bytes(b'of any size')
    (tmp_path / 'ffhq.pkl.part').write_bytes(b'')
    assert fetch.main(['--list', '--out', str(tmp_path)]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    for name, words in {'vgg19_npy': ' 574.7 MB  another file ', 'stylegan2_ffhq_256': ' size unknown  yes ',
                        'stylegan2_ada_ffhq_1024': ' partly ', 'face_landmarks': ' installed ',
                        'vgg19_keras': 'CC BY 4.0', 'alpha_mask': ' no '}.items():
        assert ' '.join(words.split()) in ' '.join(lines[name].split())


def test_a_damaged_manifest_is_refused(tmp_path):
    (tmp_path / 'manifest.yaml').write_text('net: {file: net.bin}\n')
    with pytest.raises(UserError, match="manifest.yaml is no manifest of weights .'sha256' is missing."):
        fetch.fetch('net', tmp_path, tmp_path / 'manifest.yaml')
    with pytest.raises(UserError, match='missing.yaml is missing'):
        fetch.listing(tmp_path, tmp_path / 'missing.yaml')
