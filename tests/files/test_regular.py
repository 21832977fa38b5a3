"""Whoever opens a fifo waits for ever: each reader says no instead."""
import os
import signal

import pytest

from data_tools.weights import manifest, nvidia, torch_file
from dctnet.clips import video_file
from dctnet.errors import UserError
from dctnet.files import arrays, hashing, pickled_arrays, regular
from dctnet.nets import vgg19_file
from dctnet.runs import checkpoint, checkpoint_files


@pytest.fixture(autouse=True)
def no_waiting():
    def handle(number, frame):
        raise AssertionError('it waits')
    former = signal.signal(signal.SIGALRM, handle)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, former)


def test_a_file_is_opened_and_other_errors_stay(tmp_path):
    (tmp_path / 'file').write_bytes(b'content')
    with regular.opened(tmp_path / 'file') as stream:
        assert stream.read() == b'content'
    with pytest.raises(FileNotFoundError):
        regular.opened(tmp_path / 'none')
    with pytest.raises(IsADirectoryError):
        regular.opened(tmp_path)


@pytest.mark.parametrize('read', [
    lambda path: arrays.read_npz(path, 'it'), lambda path: arrays.read_npy(path, 'it'), hashing.sha256_of_file,
    lambda path: pickled_arrays.read_array_lists(path, ['conv1_1']), vgg19_file.read, nvidia.read_networks,
    torch_file.read_states, video_file.open_clip])
def test_a_fifo_is_refused(tmp_path, read):
    os.mkfifo(str(tmp_path / 'pipe'))
    with pytest.raises(UserError, match='pipe.*is no regular file'):
        read(tmp_path / 'pipe')


def test_a_fifo_has_no_checksum(tmp_path):
    os.mkfifo(str(tmp_path / 'pipe'))
    with pytest.raises(OSError, match='is no regular file'):
        manifest.digest(tmp_path / 'pipe', 'sha256')


@pytest.mark.parametrize('fifo', ['.index', checkpoint_files.SHARD])
def test_fifos_are_no_checkpoint(tmp_path, fifo):
    for suffix in ('.index', checkpoint_files.SHARD):
        (tmp_path / f'model-2{suffix}').write_bytes(b'')
    assert checkpoint_files.latest(tmp_path) == tmp_path / 'model-2'
    (tmp_path / f'model-2{fifo}').unlink()
    os.mkfifo(str(tmp_path / f'model-2{fifo}'))
    assert checkpoint_files.latest(tmp_path) is None
    with pytest.raises(UserError, match='model-2'):
        checkpoint.read_arrays(tmp_path / 'model-2')
