"""Freed memory goes back to the system, also where threads have used it."""
import subprocess
import sys
from pathlib import Path

import pytest

from dctnet import process

_ROOT = Path(__file__).parents[1]
_HELD = """
import sys, threading
import numpy as np
from pathlib import Path
from dctnet import process
if sys.argv[1] == 'asked':
    assert process.give_back_freed()
for size in (30 << 20, 16 << 20):  # once 30 MB are freed, glibc takes 16 MB from the heap, below something that stays
    kept = [np.ones(size, np.uint8) for _ in range(8)]
    small = [np.ones(1000) for _ in range(10)]
    del kept
    kept = small
print(int(Path('/proc/self/statm').read_text().split()[1]) * 4 // 1024)
"""


def held(how):
    return int(subprocess.check_output([sys.executable, '-c', _HELD, how], cwd=str(_ROOT)))


@pytest.mark.skipif(not process.give_back_freed(), reason='the C library is not glibc')
def test_large_arrays_leave_nothing_behind():
    assert held('asked') < held('unasked') - 50


def test_another_c_library_is_no_obstacle(monkeypatch):
    monkeypatch.setattr(process.ctypes, 'CDLL', lambda name: object())
    assert process.give_back_freed() is False
