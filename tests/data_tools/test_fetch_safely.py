"""fetch writes into its folder alone, and passwords in addresses are neither printed nor kept."""
import base64

import pytest

from data_tools import fetch
from data_tools.weights.part_file import part_of
from dctnet import addresses
from dctnet.errors import UserError
from tests.data_tools.file_server import DATA

SECRET = 'hush-hush'


@pytest.mark.parametrize('name', ['../net.bin', '/tmp/net.bin', 'a/net.bin', '..', '.', '.net.bin', 'a\\net.bin',
                                  'C:net.bin', 'net.bin\n', '', 'ok.bin, ../net.bin', 5])
def test_a_name_that_leads_out_of_the_folder_is_refused(bring, server, name):
    with pytest.raises(UserError, match='is no manifest of weights'):
        bring(file=name)
    assert not server.requests


@pytest.mark.parametrize('url', ['file:///etc/hostname', 'ftp://127.0.0.1/net.bin', 'net.bin', 7])
def test_other_addresses_are_refused(bring, server, url):
    with pytest.raises(UserError, match='is no manifest of weights'):
        bring(urls=[url])


def test_a_link_at_the_part_is_not_followed(bring, server, tmp_path):
    outside = tmp_path / 'outside.txt'
    outside.write_text('mine')
    part = part_of(bring.target)
    part.parent.mkdir(parents=True, exist_ok=True)
    part.symlink_to(outside)
    with pytest.raises(UserError, match='a link stands there: remove it'):
        bring()
    assert outside.read_text() == 'mine' and not bring.target.exists()


def mirror_with_user(server):
    return server.url('').rstrip('/').replace('http://', f'http://me:{SECRET}@')


def test_user_and_password_reach_the_server_and_nothing_else(bring, server, monkeypatch, capsys):
    monkeypatch.setenv(fetch.MIRROR, mirror_with_user(server))
    server.cuts = [1000, 0, 0, 0]
    with pytest.raises(UserError) as caught:
        bring(urls=[])
    kept = [path.read_text() for path in bring.target.parent.iterdir() if path.suffix == '.json']
    assert len(kept) == 1 and '127.0.0.1' in kept[0]
    bring(urls=[])  # goes on
    assert bring.target.read_bytes() == DATA and server.requests[-1][1].startswith('bytes=')
    expected = 'Basic ' + base64.b64encode(f'me:{SECRET}'.encode()).decode()
    assert set(server.authorizations) == {expected}
    for text in kept + [str(caught.value), ''.join(capsys.readouterr())]:
        assert SECRET not in text and '127.0.0.1' in text


@pytest.mark.parametrize('mirror', [
    f'ftp://me:{SECRET}@x', f'http://me:{SECRET}@[x', f'http://me:{SECRET}@127.0.0.1:x',
    f'http://me:{SECRET}@127.0.0.1:1', f'me:{SECRET}@x', f'http://me:{SECRET}/{SECRET}@x'])
def test_mirrors_that_fail_are_told_without_their_password(bring, server, monkeypatch, capsys, mirror):
    monkeypatch.setenv(fetch.MIRROR, mirror)
    with pytest.raises(UserError) as caught:
        bring(urls=[])
    assert SECRET not in str(caught.value) + ''.join(capsys.readouterr())


def test_redirections_go_to_the_web_alone_and_without_the_password(bring, server, monkeypatch):
    monkeypatch.setenv(fetch.MIRROR, mirror_with_user(server))
    server.redirects = ['ftp://127.0.0.1/net.bin']
    with pytest.raises(UserError, match='redirects to something else'):
        bring(urls=[])
    server.redirects = [server.url('net.bin')]
    bring(urls=[])
    assert server.authorizations[-2] and server.authorizations[-1] is None


def test_addresses_are_shown_without_secrets():
    assert addresses.shown(f'https://me:{SECRET}@host:8/a/b?token={SECRET}#{SECRET}') == 'https://host:8/a/b'
    assert addresses.shown('http://host/a') == 'http://host/a'
    assert SECRET not in addresses.shown(f'http://me:{SECRET}@[x?{SECRET}') + addresses.shown(f'me:{SECRET}@host/a')
    assert addresses.without_users(f"port: '{SECRET}' at http://a:b@x") == f"port: '{SECRET}' at http://x"
    assert addresses.split_user('http://a:b%40c@x/y?z') == ('http://x/y?z', 'a:b@c')
    assert addresses.split_user('http://x/y') == ('http://x/y', None)
