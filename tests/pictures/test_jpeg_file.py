"""JPEG files that lack their end marker alone are read, half ones are refused."""
import io

import numpy as np
import pytest
from PIL import Image

from dctnet import images
from dctnet.errors import UserError


def jpeg(mode='RGB', **options):
    noise = np.random.RandomState(0).randint(0, 256, (12, 13, 3)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).resize((101, 90), Image.BICUBIC).convert(mode).save(buffer, 'JPEG', **options)
    return buffer.getvalue()


VARIANTS = [dict(quality=95), dict(quality=40, progressive=True), dict(optimize=True, subsampling=0),
            dict(mode='L'), dict(mode='CMYK')]


@pytest.mark.parametrize('options', VARIANTS)
def test_without_its_end_marker_every_pixel_is_there(options):
    data = jpeg(**options)
    whole = images.decode_bgr(data, 'x.jpg')
    for cut in (1, 2):
        np.testing.assert_array_equal(images.decode_bgr(data[:-cut], 'x.jpg'), whole)


@pytest.mark.parametrize('options', VARIANTS)
@pytest.mark.parametrize('share', [0.3, 0.5, 0.9, 0.98])
def test_a_part_of_a_picture_is_refused(options, share):
    data = jpeg(**options)
    with pytest.raises(UserError, match='replace or remove it'):
        images.decode_bgr(data[:int(len(data) * share)], 'x.jpg')


def test_a_progressive_picture_without_its_last_scan_is_refused():
    data = jpeg(progressive=True)
    with pytest.raises(UserError, match='replace or remove it'):
        images.decode_bgr(data[:data.rfind(b'\xff\xda')], 'x.jpg')
