"""Commands on paths with odd names."""
import subprocess
import sys

import pytest


@pytest.mark.long
def test_every_command_takes_them_or_says_no():
    told = subprocess.run([sys.executable, '-m', 'tests.names', 'brackets', 'no UTF-8'],
                          stdout=subprocess.PIPE, universal_newlines=True)
    assert told.returncode == 0, told.stdout
    assert told.stdout.count(' commands ok') == 2
