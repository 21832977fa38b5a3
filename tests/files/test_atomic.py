"""Files exist whole or not at all, and errors of the disk are reported in words."""
import errno
import os
import stat

import pytest

from dctnet.errors import UserError
from dctnet.files import atomic, durable


def test_writes_folders_bytes_and_text(tmp_path):
    atomic.write_bytes(tmp_path / 'a' / 'b' / 'c.bin', b'\x00\x01')
    assert (tmp_path / 'a' / 'b' / 'c.bin').read_bytes() == b'\x00\x01'
    atomic.write_text(tmp_path / 'a' / 'b' / 'c.bin', 'grün')
    assert (tmp_path / 'a' / 'b' / 'c.bin').read_bytes() == 'grün'.encode('utf-8')
    assert os.listdir(str(tmp_path / 'a' / 'b')) == ['c.bin']
    atomic.write_text(tmp_path / 'names', 'ü' + os.fsdecode(b'q\xff'))
    assert (tmp_path / 'names').read_bytes() == 'ü'.encode('utf-8') + b'q\\udcff'


def test_new_files_have_the_usual_rights(tmp_path):
    (tmp_path / 'plain').write_text('')
    atomic.write_text(tmp_path / 'ours', '')
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ('plain', 'ours')]
    assert modes[0] == modes[1]


@pytest.mark.parametrize('function', ['fsync', 'replace'])
@pytest.mark.parametrize('number, advice', [(errno.ENOSPC, 'the disk is full'), (errno.EROFS, 'read-only'),
                                            (errno.EDQUOT, 'quota'), (errno.EACCES, 'no permission')])
def test_a_refusal_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, function, number, advice):
    path = tmp_path / 'file.txt'
    path.write_text('old')

    def refuse(*arguments):
        raise OSError(number, os.strerror(number))
    monkeypatch.setattr(durable.os, function, refuse)
    with pytest.raises(UserError, match=advice) as caught:
        atomic.write_text(path, 'new')
    monkeypatch.undo()
    assert str(path) in str(caught.value)
    assert path.read_text() == 'old' and os.listdir(str(tmp_path)) == ['file.txt']


def test_an_interrupt_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt
    monkeypatch.setattr(durable.os, 'replace', interrupt)
    with pytest.raises(KeyboardInterrupt):
        atomic.write_text(tmp_path / 'file.txt', 'new')
    assert os.listdir(str(tmp_path)) == []


def test_places_where_no_file_can_be(tmp_path):
    (tmp_path / 'file').write_text('')
    (tmp_path / 'folder').mkdir()
    for path, advice in [(tmp_path / 'file' / 'x', 'file'), (tmp_path / 'file' / 'x' / 'y', 'is a file'),
                         (tmp_path / 'folder', 'a folder stands where'), (tmp_path / ('n' * 300), 'too long')]:
        with pytest.raises(UserError, match=advice) as caught:
            atomic.write_text(path, '')
        assert str(tmp_path) in str(caught.value)
    assert sorted(os.listdir(str(tmp_path))) == ['file', 'folder']


def test_places_are_checked_without_making_them(tmp_path):
    atomic.check_place(tmp_path / 'new' / 'folder')
    (tmp_path / 'file').write_text('')
    (tmp_path / 'link').symlink_to(tmp_path / 'none')
    for path, what in ((tmp_path / 'file', 'file is a file'), (tmp_path / 'file' / 'x', 'file is a file'),
                       (tmp_path / 'link', 'link is a link to nothing'), (tmp_path / 'link' / 'x', 'to nothing')):
        with pytest.raises(UserError, match=what):
            atomic.check_place(path)
    assert sorted(os.listdir(str(tmp_path))) == ['file', 'link']


def test_errors_that_are_no_refusal_stay_what_they_are(tmp_path):
    with pytest.raises(OSError):
        with atomic.storage_errors(tmp_path):
            raise OSError(errno.EBADF, 'a bug')
    with pytest.raises(ZeroDivisionError):
        with atomic.storage_errors(tmp_path):
            raise ZeroDivisionError
