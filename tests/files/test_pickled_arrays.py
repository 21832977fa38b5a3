"""Reading pickled arrays: every way they are written, and nothing else."""
import os
import pickle

import numpy as np
import pytest

from dctnet.errors import UserError
from dctnet.files.pickled_arrays import read_array_lists
from tests.files.python2_pickle import write_npy, write_python2

KERNEL = np.arange(48, dtype=np.float32).reshape(2, 2, 3, 4) / 7
BIAS = np.array([1.5, -2.25, 3e-20, 200.0], np.float32)


def pickled(content, protocol):
    return pickle.dumps(np.array(content, dtype=object), protocol=protocol)


def check(path):
    found = read_array_lists(path, ['a', 'absent'])
    assert list(found) == ['a']
    for array, expected in zip(found['a'], (KERNEL, BIAS)):
        assert array.dtype == np.float32 and array.flags.c_contiguous
        assert np.array_equal(array, expected)


@pytest.mark.parametrize('protocol', [0, 2, 3, 4])
def test_pickles_of_python3_are_read_in_every_protocol(tmp_path, protocol):
    check(write_npy(tmp_path / 'x.npy', pickled({'a': [KERNEL, BIAS], 'fc6': ['ignored']}, protocol)))


def test_files_of_numpy_itself_are_read(tmp_path):
    np.save(str(tmp_path / 'x.npy'), {'a': [KERNEL, BIAS]})
    check(tmp_path / 'x.npy')


def test_pickles_of_python2_are_read(tmp_path):
    check(write_python2(tmp_path / 'x.npy', {'a': [KERNEL, BIAS]}))


@pytest.mark.parametrize('layout', [b'numpy.core.multiarray', b'numpy._core.multiarray'])
def test_names_of_both_numpy_layouts_are_known(tmp_path, layout):
    data = pickled({'a': [KERNEL, BIAS]}, 2)
    for written in (b'numpy._core.multiarray', b'numpy.core.multiarray'):
        data = data.replace(written, layout)
    check(write_npy(tmp_path / 'x.npy', data))


def test_column_order_other_endianness_and_double_are_converted(tmp_path):
    content = {'a': [np.asfortranarray(KERNEL.astype('>f8')), BIAS.astype('>f4')]}
    check(write_npy(tmp_path / 'x.npy', pickled(content, 2)))


class Call:
    """Pickles as the call of a function."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize('protocol', [0, 2, 4])
@pytest.mark.parametrize('place', ['asked for', 'ignored'])
@pytest.mark.parametrize('function, named', [(os.system, 'system'), (eval, 'eval'), (np.load, 'load'), (open, 'open')])
def test_a_malicious_pickle_runs_nothing(tmp_path, protocol, place, function, named):
    trace = tmp_path / 'trace'
    words = {os.system: f'touch {trace}', eval: f'open({str(trace)!r}, "w")'}
    argument = words.get(function, str(trace))
    call = Call(function, argument, 'w') if function is open else Call(function, argument)
    content = {'a': call, 'b': [KERNEL]} if place == 'asked for' else {'a': [KERNEL, BIAS], 'fc6': [call]}
    write_npy(tmp_path / 'x.npy', pickled(content, protocol))
    with pytest.raises(UserError, match='refused.*' + named):
        read_array_lists(tmp_path / 'x.npy', ['a'])
    assert not trace.exists()


def test_the_malicious_pickle_would_have_run(tmp_path):
    """The test above proves something only if its pickles work where they are executed."""
    write_npy(tmp_path / 'x.npy', pickled({'a': Call(os.system, f"touch {tmp_path / 'trace'}")}, 2))
    np.load(str(tmp_path / 'x.npy'), allow_pickle=True)
    assert (tmp_path / 'trace').exists()


def test_stand_ins_lead_nowhere(tmp_path):
    """Attributes of an allowed name are no way to another one (protocol 4 asks for dotted names)."""
    data = b'\x80\x04\x8c\x05numpy\x8c\x13ndarray.__class__.x\x93.'
    with pytest.raises(UserError, match='refused'):
        read_array_lists(write_npy(tmp_path / 'x.npy', data), ['a'])


@pytest.mark.parametrize('content, reason', [
    ([KERNEL], 'no dict'), ({'a': KERNEL}, 'no list'), ({'a': ['text']}, 'else than arrays'),
    ({'a': [np.array(['text'])]}, 'no floating-point'), ({'a': [np.arange(3)]}, 'no floating-point')])
def test_other_content_is_told(tmp_path, content, reason):
    whole = np.empty((), object)
    whole[()] = content
    write_npy(tmp_path / 'x.npy', pickle.dumps(whole, protocol=2))
    with pytest.raises(UserError, match=reason):
        read_array_lists(tmp_path / 'x.npy', ['a'])


def test_numbers_that_do_not_fill_the_shape_are_told(tmp_path):
    data = pickled({'a': [KERNEL, BIAS]}, 4)
    assert data.count(b'(K\x02K\x02K\x03K\x04t') == 1
    write_npy(tmp_path / 'x.npy', data.replace(b'(K\x02K\x02K\x03K\x04t', b'(K\x02K\x02K\x03K\x05t'))
    with pytest.raises(UserError, match='entry a'):
        read_array_lists(tmp_path / 'x.npy', ['a'])


def test_damage_at_any_place_is_told(tmp_path):
    data = write_python2(tmp_path / 'x.npy', {'a': [KERNEL, BIAS]}).read_bytes()
    for length in range(0, len(data), 7):
        (tmp_path / 'x.npy').write_bytes(data[:length])
        with pytest.raises(UserError, match='x.npy'):
            read_array_lists(tmp_path / 'x.npy', ['a'])
    for place in range(0, len(data), 3):
        (tmp_path / 'x.npy').write_bytes(data[:place] + bytes([data[place] ^ 0x15]) + data[place + 1:])
        try:
            read_array_lists(tmp_path / 'x.npy', ['a'])
        except UserError:
            pass


@pytest.mark.parametrize('body', [
    pickle.NONE + pickle.LONG_BINPUT + b'\0\0\0\x40', pickle.NONE + b'p99999999\n', b'I' + b'9' * 200 + b'\n',
    pickle.BINBYTES8 + b'\xff' * 7 + b'\x7f', pickle.BINUNICODE + b'\xff\xff\xff\x7fx', b'\x80\x04\x95' + b'\xff' * 8])
def test_what_would_take_room_for_nothing_is_refused(tmp_path, body):
    path = write_npy(tmp_path / 'x.npy', b'\x80\x04' + body + b'.')
    with pytest.raises(UserError, match='x.npy is not a readable .npy'):
        read_array_lists(path, ['a'])


def test_one_text_that_is_encoded_again_and_again_is_refused(tmp_path):
    once = b'c_codecs\nencode\nq\1(X\xa0\0\0\0' + b'a' * 160 + b'q\2X\6\0\0\0latin1q\3tR'
    again = b'h\1(h\2h\3tR'
    path = write_npy(tmp_path / 'x.npy', b'\x80\2](' + once + again * 99 + b'e.')
    with pytest.raises(UserError, match='the same text again and again'):
        read_array_lists(path, ['a'])


def test_an_array_named_often_is_decoded_once(tmp_path):
    array = np.ones((9, 9), np.float64)
    found = read_array_lists(write_python2(tmp_path / 'x.npy', {'a': [array] * 50}), ['a'])['a']
    assert len(found) == 50 and len({id(entry) for entry in found}) == 1


def test_a_plain_array_and_a_missing_file_are_refused(tmp_path):
    np.save(str(tmp_path / 'x.npy'), KERNEL)
    with pytest.raises(UserError, match='one array'):
        read_array_lists(tmp_path / 'x.npy', ['a'])
    with pytest.raises(UserError, match='does not exist|do not exist'):
        read_array_lists(tmp_path / 'y.npy', ['a'])
