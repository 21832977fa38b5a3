"""What is handled for both runtimes in one place."""
import pytest

from dctnet import compat
from dctnet.compat import tf


@pytest.mark.parametrize('text, expected', [
    ('Graph execution error:\n\nDetected at node \'save/SaveV2\' defined at (most recent call last):\n    File "x.py", '
     'line 8, in <module>\nNode: \'save/SaveV2\'\n/run/x; No space left on device\n\t [[{{node save/SaveV2}}]]',
     '/run/x; No space left on device'),
    ('/run/x; No space left on device\n\t [[node save/SaveV2 ]]', '/run/x; No space left on device'),
    ('', 'ResourceExhaustedError'),
])
def test_the_reason_of_an_error_is_one_line(text, expected):
    assert compat.reason(tf.errors.ResourceExhaustedError(None, None, text)) == expected
