"""Arrays are read as numpy writes them; what a file claims beyond its bytes is refused before room is made."""
import io
import struct
import zipfile

import numpy as np
import pytest

from dctnet.errors import UserError
from dctnet.files import arrays

KINDS = [np.arange(6, dtype='<f4').reshape(2, 3), np.array(5), np.zeros((0, 3)), np.array(['ab', 'é']),
         np.asfortranarray(np.arange(6.).reshape(2, 3)), np.array([True, False]), np.arange(3, dtype='>i8'),
         np.zeros((1, 1, 1, 1, 1)), np.array([1j]), np.array([b'x'])]


def header(text):
    data = text.encode('latin1')
    return b'\x93NUMPY\1\0' + struct.pack('<H', len(data)) + data


def write_zip(path, name, data, **changes):
    with zipfile.ZipFile(str(path), 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    if changes:
        raw = path.read_bytes()
        for place, values in changes.items():
            central = raw.index(b'PK\1\2') + {'method': 10, 'size': 24, 'packed': 20, 'flags': 8}[place]
            raw = raw[:central] + values + raw[central + len(values):]
        path.write_bytes(raw)


@pytest.mark.parametrize('array', KINDS, ids=lambda array: array.dtype.str)
def test_arrays_of_numpy_are_read_back(tmp_path, array):
    np.save(str(tmp_path / 'x.npy'), array)
    np.savez(str(tmp_path / 'x.npz'), a=array, b=array)
    np.savez_compressed(str(tmp_path / 'y.npz'), a=array)
    for found in (arrays.read_npy(tmp_path / 'x.npy', 'array'), arrays.read_npz(tmp_path / 'x.npz', 'arrays')['b'],
                  arrays.read_npz(tmp_path / 'y.npz', 'arrays')['a']):
        assert found.dtype == array.dtype and found.shape == array.shape
        np.testing.assert_array_equal(found, array)
        assert found.flags.writeable


BAD = [b'', b'\x93NUMPY', header("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999, 9999999999), }"),
       header("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }"),
       header("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }") + b'\x80\x02cos\nsystem\n.',
       header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }") + b'abcd',
       header("{'descr': __import__('os').getcwd(), 'fortran_order': False, 'shape': (1,), }") + b'abcd',
       header('{"\'\\'), header('(' * 5000),
       header("{'descr': '<f3', 'fortran_order': False, 'shape': (1,), }") + b'abc',
       header("{'descr': '<U999999999999', 'fortran_order': False, 'shape': (1,), }") + b'abc',
       header("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }") + b'abcdefgh',
       header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }") + b'abcd',
       b'\x93NUMPY\2\0' + struct.pack('<I', 0xfffffff0), b'\x93NUMPY\7\0' + b'x' * 99]


@pytest.mark.parametrize('data', BAD, ids=lambda data: repr(data[10:60]))
def test_what_is_no_plain_array_is_refused(tmp_path, data):
    (tmp_path / 'x.npy').write_bytes(data)
    with pytest.raises(UserError, match='x.npy is not a readable .npy'):
        arrays.read_npy(tmp_path / 'x.npy', 'array')
    write_zip(tmp_path / 'x.npz', 'a.npy', data)
    with pytest.raises(UserError, match='x.npz are not a readable .npz'):
        arrays.read_npz(tmp_path / 'x.npz', 'weights')


@pytest.mark.parametrize('changes', [{'method': b'\x62\0'}, {'size': b'\xff\xff\xff\x7f'},
                                     {'packed': b'\xff\xff\xff\x7f'},
                                     {'flags': b'\1\0'}, {'method': b'\0\0', 'size': b'\0\0\1\0'}])
def test_archives_that_state_what_they_do_not_hold_are_refused(tmp_path, changes):
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(100))
    write_zip(tmp_path / 'x.npz', 'a.npy', buffer.getvalue(), **changes)
    with pytest.raises(UserError, match='x.npz are not a readable .npz'):
        arrays.read_npz(tmp_path / 'x.npz', 'weights')


def test_a_small_archive_of_large_arrays_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, '_FREE_BYTES', 1000)
    np.savez_compressed(str(tmp_path / 'x.npz'), a=np.zeros(200000))
    monkeypatch.setattr(arrays, '_array', lambda *_: pytest.fail('it is unpacked'))
    with pytest.raises(UserError, match='claim to hold 1600'):
        arrays.read_npz(tmp_path / 'x.npz', 'weights')


def test_random_damage_is_a_user_error(tmp_path):
    rng = np.random.RandomState(0)
    np.savez_compressed(str(tmp_path / 'whole.npz'), a=np.arange(20.), b=np.zeros((2, 2)))
    whole = (tmp_path / 'whole.npz').read_bytes()
    for _ in range(300):
        data = bytearray(whole)
        for position in rng.randint(0, len(data), 3):
            data[position] = rng.randint(256)
        (tmp_path / 'x.npz').write_bytes(bytes(data[:rng.randint(1, len(data) + 1)]))
        try:
            arrays.read_npz(tmp_path / 'x.npz', 'weights')
        except UserError as error:
            assert 'x.npz' in str(error)
