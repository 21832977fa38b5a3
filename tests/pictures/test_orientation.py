"""The picture is turned by its orientation, whatever else its EXIF data holds."""
import io
import struct

import numpy as np
import pytest
from PIL import Image

from dctnet import images


def tiff(*entries):
    """EXIF data of entries (tag, type, count, four bytes)."""
    packed = b''.join(struct.pack('<HHI', *entry[:3]) + entry[3] for entry in entries)
    return b'II*\0' + struct.pack('<IH', 8, len(entries)) + packed + b'\0' * 4


TURNED = (0x0112, 3, 1, b'\6\0\0\0')
ODD = {
    'nothing': [TURNED],
    'text for the width': [(0x0100, 2, 3, b'wid\0'), TURNED],
    'unknown type': [(0x0100, 77, 1, b'\1\2\3\4'), TURNED],
    'offset behind the end': [TURNED, (0x010f, 2, 400, b'\xff\xff\0\0')],
    'a rational behind the end': [TURNED, (0x011b, 5, 1, b'\xf0\xff\0\0')],
    'bytes for the time': [TURNED, (0x0132, 7, 4, b'\0\1\2\3')],
    'a signed number below 0': [(0x0101, 8, 1, b'\xff\xff\0\0'), TURNED],
    'a sub-folder that is nowhere': [TURNED, (0x8769, 4, 1, b'\0\0\xff\0')],
}


@pytest.mark.parametrize('entries', list(ODD.values()), ids=list(ODD))
def test_odd_entries_neither_refuse_nor_hide_the_turn(tmp_path, entries):
    drawn = np.random.RandomState(0).randint(0, 256, (4, 6, 3)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
    buffer = io.BytesIO()
    Image.fromarray(drawn[:, :, ::-1]).save(buffer, 'JPEG', quality=98, subsampling=0)
    segment = b'Exif\0\0' + tiff(*entries)
    data = buffer.getvalue()
    (tmp_path / 'x.jpg').write_bytes(data[:2] + b'\xff\xe1' + struct.pack('>H', len(segment) + 2) + segment + data[2:])
    assert np.abs(images.read_bgr(tmp_path / 'x.jpg').astype(int) - np.rot90(drawn, -1)).mean() < 5


@pytest.mark.parametrize('exif', [b'Exif\0\0II*\0', b'Exif\0\0' + tiff((0x0112, 3, 1, b'\x63\0\0\0')),
                                  b'Exif\0\0' + tiff((0x0112, 2, 4, b'six\0')), b'Exif\0\0no TIFF at all'])
def test_an_orientation_that_makes_no_sense_turns_nothing(tmp_path, exif):
    drawn = Image.new('RGB', (30, 20))
    for suffix in ('.png', '.jpg', '.webp'):
        drawn.save(str(tmp_path / ('x' + suffix)), exif=exif)
        assert images.read_bgr(tmp_path / ('x' + suffix)).shape == (20, 30, 3)
