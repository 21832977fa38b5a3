"""YAML of plain values within limits; whatever else a file holds is one UserError."""
import numpy as np
import pytest
import yaml

from dctnet.errors import UserError
from dctnet.files import yaml_file

BAD = ['a: &x 1\nb: *x\n', 'x: &x [*x]\n', '<<: &d {a: 1}\nb: {<<: *d}\n', '[' * 30 + ']' * 30, 'a: ' + '[' * 500,
       'a: !!bool perhaps\n', 'a: !!int x\n', '!!python/object:os.system {}\n',
       'a: !!python/name:os.system\n', 'a: !!binary xx\n', 'a: !!set {x}\n', '? [a]\n: 1\n', '? {a: 1}\n: 1\n',
       'a: b: c', '\x00', '--- 1\n--- 2\n', '"\\ud8"', '[' + '1,' * 10001 + ']', '%YAML 9\n']


@pytest.mark.parametrize('text', BAD, ids=lambda text: text[:20])
@pytest.mark.parametrize('keep_text', [False, True])
def test_what_is_no_plain_yaml_or_too_much_is_refused(tmp_path, text, keep_text):
    with pytest.raises(ValueError):
        yaml_file.parse(text, keep_text)
    (tmp_path / 'x.yaml').write_text(text)
    with pytest.raises(UserError, match='x.yaml is not valid YAML of plain values'):
        yaml_file.read(tmp_path / 'x.yaml', 'config', keep_text)


def test_plain_values_are_those_of_yaml():
    text = 'a: [1, 2.5, ~, yes, "no", x]\nb: {c: {d: -3}}\ne: |\n  two\n  lines\n'
    assert yaml_file.parse(text) == yaml.safe_load(text)
    assert yaml_file.parse('') is None


def test_dates_are_text():
    assert yaml_file.parse('[2020-02-31, 2020-02-03 10:00:00, =]') == ['2020-02-31', '2020-02-03 10:00:00', '=']


def test_numbers_and_truth_values_keep_their_text():
    found = yaml_file.parse('{a: 010, 1: on, b: "010", c: ~, d: x}', keep_text=True)
    assert found == {'a': yaml_file.Written(8, '010'), '1': yaml_file.Written(True, 'on'), 'b': '010', 'c': None,
                     'd': 'x'}


def test_random_damage_is_a_value_error():
    rng = np.random.RandomState(0)
    whole = b'extends: a.yaml\ndata: {photo: /x, size: 256}\nloss:\n  - [1, 2]\n  - "text": !!int 5\n  - 2001-01-01\n'
    for _ in range(300):
        data = bytearray(whole)
        for position in rng.randint(0, len(data), 3):
            data[position] = rng.randint(256)
        for keep_text in (False, True):
            try:
                yaml_file.parse(bytes(data).decode('latin1'), keep_text)
            except ValueError:
                pass
