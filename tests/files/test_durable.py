"""File systems that lack fsync, renaming or rights: warnings, and the files are there."""
import errno

import pytest

from dctnet.errors import UserError
from dctnet.files import atomic, durable


@pytest.fixture(autouse=True)
def not_warned_yet(monkeypatch):
    monkeypatch.setattr(durable, '_warned', set())


def refusal(code):
    def refuse(*_):
        raise OSError(code, 'not here')
    return refuse


@pytest.mark.parametrize('name, code, warning', [
    ('fsync', errno.EINVAL, 'cannot tell when a file is safe'),
    ('fsync', errno.ENOSYS, 'cannot tell when a file is safe'),
    ('chmod', errno.EPERM, ''),
    ('replace', errno.EPERM, 'cannot rename files'),
    ('replace', errno.ENOSYS, 'cannot rename files'),
])
def test_what_is_missing_is_a_warning_once(tmp_path, monkeypatch, caplog, name, code, warning):
    monkeypatch.setattr(durable.os, name, refusal(code))
    for content in ('first', 'second'):
        atomic.write_text(tmp_path / 'x', content)
        assert (tmp_path / 'x').read_text() == content
    assert [entry.name for entry in tmp_path.iterdir()] == ['x']
    assert len(caplog.records) == bool(warning) and warning in caplog.text


@pytest.mark.parametrize('name, code, advice', [
    ('fsync', errno.EIO, 'the disk or the network has failed'),
    ('fsync', errno.ENOSPC, 'the disk is full'),
    ('replace', errno.EROFS, 'read-only'),
])
def test_what_fails_is_an_error_and_leaves_nothing(tmp_path, monkeypatch, name, code, advice):
    atomic.write_text(tmp_path / 'x', 'before')
    monkeypatch.setattr(durable.os, name, refusal(code))
    with pytest.raises(UserError, match=advice):
        atomic.write_text(tmp_path / 'x', 'after')
    assert [entry.name for entry in tmp_path.iterdir()] == ['x'] and (tmp_path / 'x').read_text() == 'before'
