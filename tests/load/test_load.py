"""Many threads give what one gives, and the harness sees it if they do not."""
import numpy as np
import pytest

from tests.load import __main__ as loaded

pytestmark = pytest.mark.long


def test_twenty_portraits(model, capsys):
    assert loaded.load(model, 20, 4) == 0
    assert '20 portraits, 4 threads: 0 not as by one alone' in capsys.readouterr().out


def test_one_wrong_answer_is_counted(model, monkeypatch, capsys):
    class Forgetful(loaded.Stylizer):
        """Mixes up one answer of many, as a shared buffer would."""
        answers = 0

        def __call__(self, picture):
            Forgetful.answers += 1
            return np.flip(super().__call__(picture)) if Forgetful.answers == 30 else super().__call__(picture)

    monkeypatch.setattr(loaded, 'Stylizer', Forgetful)
    assert loaded.load(model, 20, 1) == 1
    assert '1 not as by one alone' in capsys.readouterr().out


def test_a_process_that_grows_is_told(model, monkeypatch):
    held = iter([500, 510, 520, 600])
    monkeypatch.setattr(loaded, 'memory', lambda: next(held))
    assert loaded.load(model, 4, 1) == 1
