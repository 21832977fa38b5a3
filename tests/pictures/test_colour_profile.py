"""Pictures with an embedded profile have the colours of sRGB, in every format and mode."""
import io
import logging
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from dctnet import images

D50 = (0.9642, 1.0, 0.8249)
WIDE = {'rXYZ': (0.71, 0.30, 0.02), 'gXYZ': (0.15, 0.65, 0.08), 'bXYZ': (0.1042, 0.05, 0.7249)}  # sums are D50


def fixed(value):
    return struct.pack('>i', int(round(value * 65536)))


def profile(space=b'RGB ', gamma=1.8):
    """A matrix profile with wider primaries, or one of greys."""
    def xyz(values):
        return b'XYZ \0\0\0\0' + b''.join(fixed(value) for value in values)
    curve = b'curv\0\0\0\0' + struct.pack('>IH', 1, int(round(gamma * 256))) + b'\0\0'
    tags = {'desc': b'desc\0\0\0\0' + struct.pack('>I', 5) + b'test\0' + b'\0' * 79, 'wtpt': xyz(D50)}
    if space == b'GRAY':
        tags['kTRC'] = curve
    else:
        tags.update({name: xyz(values) for name, values in WIDE.items()})
        tags.update({name + 'TRC': curve for name in 'rgb'})
    offset, table, body = 132 + 12 * len(tags), struct.pack('>I', len(tags)), b''
    for name, data in tags.items():
        data += b'\0' * (-len(data) % 4)
        table += name.encode() + struct.pack('>II', offset + len(body), len(data))
        body += data
    head = struct.pack('>I4sI4s4s4s', offset + len(body), b'lcms', 0x02400000, b'mntr', space, b'XYZ ')
    head += b'\0' * 12 + b'acsp' + b'\0' * 28 + b''.join(fixed(value) for value in D50) + b'\0' * 48
    return head + table + body


def shades():
    coarse = np.random.RandomState(0).randint(60, 190, (6, 6, 3)).astype(np.uint8)
    return Image.fromarray(coarse.repeat(16, 0).repeat(16, 1))


def in_profile(picture, data, mode):
    return ImageCms.profileToProfile(picture, ImageCms.createProfile('sRGB'),
                                     ImageCms.ImageCmsProfile(io.BytesIO(data)), renderingIntent=1, outputMode=mode)


def distance(image, picture):
    return np.abs(image[:, :, ::-1].astype(int) - np.asarray(picture.convert('RGB'))).mean()


@pytest.mark.parametrize('suffix', ['.png', '.jpg', '.webp', '.tif'])
def test_colours_of_a_wide_profile_become_srgb(tmp_path, suffix):
    data = profile()
    stored = in_profile(shades(), data, 'RGB')
    stored.save(str(tmp_path / ('x' + suffix)), icc_profile=data, quality=97)
    assert distance(images.read_bgr(tmp_path / ('x' + suffix)), shades()) < 3
    Image.fromarray(np.asarray(stored)).save(str(tmp_path / ('y' + suffix)), quality=97)
    assert distance(images.read_bgr(tmp_path / ('y' + suffix)), shades()) > 6  # it does make a difference
    assert distance(images.read_pillow(Image.open(str(tmp_path / ('x' + suffix)))), shades()) < 3


def test_alpha_and_palettes_and_greys_are_converted(tmp_path):
    data = profile()
    stored = in_profile(shades(), data, 'RGB')
    stored.putalpha(255)
    stored.save(str(tmp_path / 'alpha.png'), icc_profile=data)
    assert distance(images.read_bgr(tmp_path / 'alpha.png'), shades()) < 2
    in_profile(shades(), data, 'RGB').quantize(64).save(str(tmp_path / 'palette.png'), icc_profile=data)
    assert distance(images.read_bgr(tmp_path / 'palette.png'), shades()) < 4
    grey_data, grey = profile(b'GRAY', 1.2), shades().convert('L')
    stored = ImageCms.profileToProfile(grey.convert('RGB'), ImageCms.createProfile('sRGB'),
                                       ImageCms.ImageCmsProfile(io.BytesIO(grey_data)), 1, 'L')
    stored.save(str(tmp_path / 'grey.png'), icc_profile=grey_data)
    assert distance(images.read_bgr(tmp_path / 'grey.png'), grey) < 2
    Image.fromarray(np.asarray(stored).astype(np.uint16) * 257).save(str(tmp_path / 'deep.tif'))
    deep = Image.open(str(tmp_path / 'deep.tif'))
    deep.load()
    deep.info['icc_profile'] = grey_data
    assert distance(images.read_pillow(deep), grey) < 2


def test_a_profile_of_srgb_changes_no_bit(tmp_path):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
    shades().save(str(tmp_path / 'x.png'), icc_profile=srgb)
    assert distance(images.read_bgr(tmp_path / 'x.png'), shades()) == 0


@pytest.mark.parametrize('data', [b'no profile', profile()[:200], profile(b'GRAY'),
                                  profile().replace(b'acsp', b'xxxx')])
def test_a_damaged_or_foreign_profile_is_as_none(tmp_path, caplog, data):
    shades().save(str(tmp_path / 'x.png'), icc_profile=data)
    with caplog.at_level(logging.WARNING):
        assert distance(images.read_bgr(tmp_path / 'x.png'), shades()) == 0
