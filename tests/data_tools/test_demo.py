"""What `make demo` does around its training: the folder that it may remove, and the curves that it draws."""
import numpy as np
import pytest

from data_tools import demo
from dctnet.errors import UserError


def test_a_folder_with_other_files_is_not_removed(tmp_path):
    (tmp_path / 'letter.txt').write_text('mine')
    with pytest.raises(UserError, match='holds other files'):
        demo.main(['--out', str(tmp_path)])
    assert (tmp_path / 'letter.txt').read_text() == 'mine'


def test_curves_leave_out_the_steps_of_the_start():
    """Pixel L1 has no loss of G or D to draw."""
    translation = [{'step': step, 'g/loss': 1.0 / step, 'd/loss': 0.5, 'g/content': 2.0} for step in (20, 30)]
    drawn = demo._curves([{'step': 10, 'pixel/loss': 0.3}] + translation, 64)
    np.testing.assert_array_equal(drawn, demo._curves(translation, 64))
    assert (drawn != drawn[0, 0]).any()
