"""Files of what was computed once: whole ones are read, damaged and outdated ones are not, a refusal is a warning."""
import json

import numpy as np
import pytest

from dctnet.errors import UserError
from dctnet.files import atomic, kept_file


@pytest.mark.parametrize('text, value, warned', [
    ('{"version": 2, "a": 5}', 5, False), ('{"version": 1, "a": 5}', None, False), ('{"version": 2}', None, True),
    ('{"version": 2, "a"', None, True), ('[]', None, True), (None, None, False)])
def test_json_of_the_version_is_read_and_damage_is_a_warning(tmp_path, caplog, text, value, warned):
    if text:
        (tmp_path / 'kept.json').write_text(text)
    assert kept_file.read_json(tmp_path / 'kept.json', 2, lambda content: content['a']) == value
    assert ('kept.json cannot be used' in caplog.text) == warned


def test_arrays_are_read_and_damage_is_a_warning(tmp_path, caplog):
    array = np.arange(3.0)
    np.save(str(tmp_path / 'a.npy'), array)
    np.savez(str(tmp_path / 'a.npz'), x=array)
    reads = {'a.npy': kept_file.read_array,
             'a.npz': lambda path: kept_file.read_arrays(path, lambda arrays: arrays['x'])}
    for name, read in reads.items():
        assert np.array_equal(read(tmp_path / name), array)
        assert read(tmp_path / ('no_' + name)) is None and not caplog.records
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-60])
        assert read(tmp_path / name) is None and f'{name} cannot be used' in caplog.text
        caplog.clear()


def test_arrays_that_hold_objects_are_not_unpickled(tmp_path, caplog):
    np.save(str(tmp_path / 'a.npy'), np.array([{}], object), allow_pickle=True)
    np.savez(str(tmp_path / 'a.npz'), x=np.array([{}], object))
    assert kept_file.read_array(tmp_path / 'a.npy') is None
    assert kept_file.read_arrays(tmp_path / 'a.npz', lambda arrays: arrays['x']) is None
    assert len(caplog.records) == 2


def test_a_refused_file_is_a_warning(tmp_path, caplog, monkeypatch):
    assert kept_file.write_text(tmp_path / 'kept.json', json.dumps({})) and not caplog.records
    assert (tmp_path / 'kept.json').read_text() == '{}'

    def refuse(path, data):
        raise UserError(f'cannot write {path}: the disk is full')
    monkeypatch.setattr(atomic, 'write_text', refuse)
    assert not kept_file.write_text(tmp_path / 'kept.json', '[]')
    assert 'the disk is full' in caplog.text and (tmp_path / 'kept.json').read_text() == '{}'
