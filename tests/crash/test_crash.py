"""Commands that are interrupted go on to the same result."""
import pytest

from tests.crash.interruptions import Crashes, Failure, _compare, may_mount


def test_differences_and_leftovers_are_seen(tmp_path):
    _compare({'a': '1'}, {'a': '1'}, tmp_path)
    for found in ({'a': '2'}, {}, {'a': '1', 'b': '1'}):
        with pytest.raises(Failure, match='differ'):
            _compare(found, {'a': '1'}, tmp_path)
    (tmp_path / '.x.host-5.tmpabcd1234').write_text('')
    with pytest.raises(Failure, match='left behind'):
        _compare({}, {}, tmp_path)


@pytest.mark.long
def test_four_interrupted_commands(tmp_path):
    failures = [failure for failure in Crashes(tmp_path, 2026).failures(4, may_mount(tmp_path)) if failure]
    assert not failures, failures
