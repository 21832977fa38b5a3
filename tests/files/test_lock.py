"""Locks between processes, and file systems and systems that have none."""
import errno
import subprocess
import sys

import pytest

from dctnet.errors import UserError
from dctnet.files import lock

HOLD = '''
import sys
from pathlib import Path
from dctnet.files import lock
with lock.locked(Path(sys.argv[1]), 'x'):
    print('held', flush=True)
    sys.stdin.read()
'''


def test_another_process_holds_it(tmp_path):
    path = tmp_path / '.lock'
    holder = subprocess.Popen([sys.executable, '-c', HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b'held\n'
    with pytest.raises(lock.Taken):
        with lock.locked(path, 'x'):
            pass
    holder.kill()
    holder.communicate()
    with lock.locked(path, 'x'):
        pass


@pytest.mark.parametrize('code', [errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP])
def test_a_file_system_without_locks_is_a_warning(tmp_path, monkeypatch, caplog, code):
    def refuse(*_):
        raise OSError(code, 'no locks here')
    monkeypatch.setattr(lock.fcntl, 'flock', refuse)
    with lock.locked(tmp_path / '.lock', 'start no second training'):
        pass
    assert 'no locks here' in caplog.text and 'start no second training' in caplog.text


def test_a_system_without_locks_is_a_warning(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(lock, 'fcntl', None)
    with lock.locked(tmp_path / '.lock', 'start no second training'):
        pass
    assert 'this system has no locks: start no second training' in caplog.text


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / '.lock').symlink_to(tmp_path / 'elsewhere')
    with pytest.raises(UserError, match='.lock: a link stands there'):
        with lock.locked(tmp_path / '.lock', 'x'):
            pass
    assert not (tmp_path / 'elsewhere').exists()
