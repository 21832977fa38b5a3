"""Figures of a row: of one run with errors over pictures, of several with their deviation."""
import pytest

from data_tools.reproduction.figures import Value, difference, read_row
from dctnet.errors import UserError
from tests.data_tools.reproduction.reports import write_report


def test_one_run_has_the_errors_of_the_pictures(tmp_path):
    write_report(tmp_path, 'paper', fid=0.5, warning='few')
    row = read_row(tmp_path, 'paper')
    assert row.values['fid'] == Value(0.5, 0.05, 1) and row.values['id'] == Value(0.9, 0.01, 1)
    assert row.values['style'].mean == pytest.approx(0.4) and row.values['style'].error is None
    assert 'lpips' not in row.values and row.pictures == 4 and row.warnings == ['few']
    assert row.networks == {'fid': 'dlib abcdef00', 'kid': 'dlib abcdef00', 'id': 'dlib abcdef00'}


def test_several_runs_have_their_deviation(tmp_path):
    for seed, fid in enumerate((0.4, 0.5, 0.6)):
        write_report(tmp_path, 'paper', seed, fid=fid)
    write_report(tmp_path, 'paper-2nd', fid=9)  # another row whose name begins the same way
    found = read_row(tmp_path, 'paper').values['fid']
    assert (found.mean, found.error, found.runs) == (pytest.approx(0.5), pytest.approx(0.1), 3)
    assert read_row(tmp_path, 'without') is None


def test_a_difference_has_the_errors_of_both():
    found = difference(Value(0.7, 0.03, 2), Value(0.5, 0.04, 3))
    assert (found.mean, found.error, found.runs) == (pytest.approx(0.2), pytest.approx(0.05), 2)
    assert difference(Value(0.7, None, 1), Value(0.5, 0.04, 1)).error is None


def test_a_damaged_file_is_told(tmp_path):
    (tmp_path / 'paper-0.json').write_text('{"results": {}}')
    with pytest.raises(UserError, match='paper-0.json is damaged'):
        read_row(tmp_path, 'paper')
