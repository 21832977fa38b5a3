"""PyTorch's files are read without PyTorch; nothing in them is executed, and no room is made for what they lack."""
import pickle
import struct
import zipfile

import numpy as np
import pytest

from data_tools.weights import torch_file
from data_tools.weights.torch_file import read_states
from dctnet.errors import UserError
from tests.data_tools.weights.torch_pickle import write_torch

CONTENT = {'g': {'a.weight': np.arange(24, dtype=np.float32).reshape(2, 3, 4), 'b': np.array(3.5, np.float64),
                 'empty': np.zeros((0, 3), np.float32), 'half': np.ones((2, 2), np.float16)},
           'count': np.array(7), 'step': 5, 'name': 'x', 'mask': np.array([True, False])}


@pytest.mark.parametrize('old', [False, True])
def test_tensors_come_out_as_arrays(tmp_path, old):
    found = read_states(write_torch(tmp_path / 'x.pt', CONTENT, old))
    assert set(found) == {'g', 'count', 'mask'} and set(found['g']) == set(CONTENT['g'])
    for name, array in CONTENT['g'].items():
        assert found['g'][name].dtype == np.float32
        np.testing.assert_array_equal(found['g'][name], array)
    assert found['count'] == 7 and list(found['mask']) == [1, 0]


def refusal(path):
    with pytest.raises(UserError) as caught:
        read_states(path)
    assert str(path) in str(caught.value) and '\n' not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize('old', [False, True])
def test_what_asks_for_other_names_is_refused_and_not_run(tmp_path, old):
    class Planted:
        def __reduce__(self):
            return (open, (str(tmp_path / 'ran'), 'w'))
    assert 'is refused: it asks for ' in refusal(write_torch(tmp_path / 'x.pt', {'a': Planted()}, old))
    assert not (tmp_path / 'ran').exists()


def test_other_files_are_refused(tmp_path):
    path = tmp_path / 'x.pt'
    assert 'do not exist' in refusal(path)
    for data in (b'', b'nothing', pickle.dumps({'a': 1}), pickle.dumps(0x1950a86a20f9469cfc6c, 2)):
        path.write_bytes(data)
        assert 'is not a PyTorch file of plain tensors' in refusal(path)
    with zipfile.ZipFile(str(path), 'w') as archive:
        archive.writestr('x/other', b'')
    assert 'another zip archive' in refusal(path)
    write_torch(path, {'a': [1]})
    with zipfile.ZipFile(str(path), 'w') as archive:
        archive.writestr('x/data.pkl', pickle.dumps([1], 2))
    assert 'no dictionary of tensors' in refusal(path)


@pytest.mark.parametrize('size, stride, offset, stated', [
    ((100000, 100000), (0, 0), 0, 4), ((5,), (1,), 0, 4), ((2,), (1,), 3, 4), ((2,), (-1,), 0, 4), ((2, 2), (2,), 0, 4),
    ((4,), (1,), 0, 10 ** 12), ((2,), (10 ** 15,), 0, 4), ((1.5,), (1,), 0, 4), ('ab', (1, 1), 0, 4),
    ((4,), (1,), 0, 5), ((1,) * 99, (0,) * 99, 0, 4)])
def test_a_tensor_that_states_more_than_its_numbers_is_refused(tmp_path, monkeypatch, size, stride, offset, stated):
    write_torch(tmp_path / 'x.pt', {'a': np.zeros(4, np.float32)})
    monkeypatch.setitem(torch_file._STAND_INS, ('torch._utils', '_rebuild_tensor_v2'), lambda storage, *_: (
        torch_file._Tensor(storage._replace(length=stated), offset, size, stride)))
    assert 'is not a PyTorch file of plain tensors' in refusal(tmp_path / 'x.pt')


def test_a_memo_place_far_away_is_refused_before_room_is_made(tmp_path):
    far = pickle.PROTO + b'\2' + pickle.NONE + pickle.LONG_BINPUT + struct.pack('<I', 0x30000000) + pickle.STOP
    (tmp_path / 'old.pt').write_bytes(far)
    assert 'no pickle of a few arrays' in refusal(tmp_path / 'old.pt')
    with zipfile.ZipFile(str(tmp_path / 'new.pt'), 'w') as archive:
        archive.writestr('x/data.pkl', far)
    assert 'no pickle of a few arrays' in refusal(tmp_path / 'new.pt')


@pytest.mark.parametrize('old', [False, True])
def test_random_damage_is_a_user_error(tmp_path, old):
    whole = write_torch(tmp_path / 'x.pt', CONTENT, old).read_bytes()
    rng = np.random.RandomState(0)
    for _ in range(400):
        data = bytearray(whole)
        for position in rng.randint(0, len(data), 2):
            data[position] = rng.randint(256)
        (tmp_path / 'x.pt').write_bytes(bytes(data[:rng.randint(1, len(data) + 1)]))
        try:
            read_states(tmp_path / 'x.pt')
        except UserError as error:
            assert 'x.pt' in str(error)
