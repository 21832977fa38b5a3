"""JSON is read within limits, and whatever else a file holds is one UserError."""
import json

import numpy as np
import pytest

from dctnet.errors import UserError
from dctnet.files import json_file

BAD = ['', '{', 'nul', '[1,]', '"x', '[' * 99999, '{"a":' * 99999, '[' + '[],' * 4100000 + '1]', '1' * 50000,
       '{"a": -' + '7' * 41 + '}', '\x00', '{"\\ud800": 1', '[' * 65 + ']' * 65]


@pytest.mark.parametrize('text', BAD, ids=lambda text: text[:12])
def test_what_is_no_json_or_too_much_is_a_value_error(tmp_path, text):
    with pytest.raises(ValueError):
        json_file.parse(text)
    (tmp_path / 'x.json').write_text(text)
    with pytest.raises(UserError, match='x.json is not valid JSON'):
        json_file.read(tmp_path / 'x.json', 'file')


def test_sound_json_is_what_it_is():
    value = {'a': [1, 2.5, None, True, 'x[[["\\', {'[' * 500: ']'}], 'b': -10 ** 30}
    assert json_file.parse(json.dumps(value)) == value
    deepest = '[' * 64 + ']' * 64
    assert json_file.parse(deepest) is not None
    assert len(json_file.parse(json.dumps(['[{' * 9] * 500))) == 500  # brackets inside texts do not count as depth
    assert np.isnan(json_file.parse('[NaN]')[0])


def test_an_object_is_needed(tmp_path):
    (tmp_path / 'x.json').write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert json_file.read_object(tmp_path / 'x.json', 'card') == {'a': 1}
    for text in ('[]', 'null', '3', '"x"'):
        (tmp_path / 'x.json').write_text(text)
        with pytest.raises(UserError, match='must be a JSON object'):
            json_file.read_object(tmp_path / 'x.json', 'card')
        with pytest.raises(ValueError):
            json_file.parse_object(text)


def test_random_damage_is_a_value_error():
    rng = np.random.RandomState(0)
    whole = json.dumps({'names': ['a', 'b'], 'values': [[1.5, -2e7], {'deep': None}], 'text': 'é\n'}).encode()
    for _ in range(300):
        data = bytearray(whole)
        for position in rng.randint(0, len(data), 3):
            data[position] = rng.randint(256)
        try:
            json_file.parse(bytes(data).decode('latin1'))
        except ValueError:
            pass
