"""The command: mistakes are one line and exit code 2, before TensorFlow loads."""
import socket

import pytest

from dctnet.errors import UserError
from dctnet.web import __main__ as web


def test_a_folder_without_styles(tmp_path):
    for folder, words in ((tmp_path / 'no', 'does not exist'), (tmp_path, 'no style in')):
        with pytest.raises(UserError, match=words):
            web.main(['--models', str(folder)])


def test_a_port_that_is_taken(models):
    pytest.importorskip('starlette', reason='requirements/web-*.txt pin it for the two runtimes alone')
    with socket.socket() as other:
        other.bind(('127.0.0.1', 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=f'port {port}.*--port'):
            web.main(['--models', str(models), '--port', str(port)])


def test_an_address_that_is_not_this_machine(models):
    pytest.importorskip('starlette', reason='requirements/web-*.txt pin it for the two runtimes alone')
    with pytest.raises(UserError, match='cannot listen on 192.0.2.1'):
        web.main(['--models', str(models), '--host', '192.0.2.1'])


def test_missing_packages_are_named(models, monkeypatch):
    find = web.importlib.util.find_spec
    monkeypatch.setattr(web.importlib.util, 'find_spec', lambda name: None if name == 'uvicorn' else find(name))
    with pytest.raises(UserError, match="uvicorn.*extra 'web'|starlette, uvicorn"):
        web.main(['--models', str(models)])


@pytest.mark.parametrize('words', [['--port', '70000'], ['--static', 'out'], ['--runtime', 'dist']])
def test_mistakes_in_options(words):
    with pytest.raises(SystemExit) as end:
        web.parse(['--models', 'x'] + words)
    assert end.value.code == 2
