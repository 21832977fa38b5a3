"""Text that people edit is read whatever their editor made of it; what is no text is told in one line."""
import os

import pytest

from dctnet.errors import UserError
from dctnet.files import text_file


@pytest.mark.parametrize('data', [b'a\nb \xc3\xa9\n', b'\xef\xbb\xbfa\r\nb \xc3\xa9\r\n', b'a\rb \xc3\xa9',
                                  '\ufeffa\r\nb é'.encode('utf-16-le'), '\ufeffa\nb é'.encode('utf-16-be'),
                                  'a\u2028b é'.encode('utf-8')])
def test_marks_and_line_breaks_do_not_count(tmp_path, data):
    (tmp_path / 'x').write_bytes(data)
    assert text_file.lines(tmp_path / 'x', 'list') == ['a', 'b é']


def test_what_is_no_text_is_told(tmp_path):
    (tmp_path / 'bytes').write_bytes(b'\xfe\xfe\x80')
    (tmp_path / 'large').write_bytes(b'x' * 11)
    os.mkfifo(str(tmp_path / 'pipe'))
    for name, part in (('bytes', 'no UTF-8 text'), ('none', 'does not exist'), ('', 'is a folder'),
                       ('large', 'at most 10 make sense'), ('pipe', 'no regular file'), ('nul\0', 'check the path'),
                       ('x' * 300, 'check the path'), ('bytes/x', 'check the path')):
        with pytest.raises(UserError, match=part) as caught:
            text_file.read(tmp_path / name, 'list', most=10)
        assert 'list' in str(caught.value)
