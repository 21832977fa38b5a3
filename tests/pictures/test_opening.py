"""Formats are told by content, limits from the header, and nothing is decoded that claims more than it can hold."""
import io
import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image
from skimage import data as pictures

from dctnet import images
from dctnet.errors import UserError
from dctnet.pictures import formats, opening

POSTSCRIPT = b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n(x) print showpage\n'
PHOTOSHOP = b'8BPS' + struct.pack('>H6xHIIHH', 1, 3, 8, 8, 8, 3) + b'\0' * 14 + b'\x44' * 192
ICON = b'\0\0\1\0\1\0\x08\x08\0\0\1\0\x20\0\x40\0\0\0\x16\0\0\0' + b'\0' * 64


def refusal(path):
    with pytest.raises(UserError) as caught:
        images.read_bgr(path)
    assert '\n' not in str(caught.value) and str(path) in str(caught.value)
    return str(caught.value)


def write_png(path, width, height, depth, data):
    def chunk(kind, body):
        return struct.pack('>I', len(body)) + kind + body + struct.pack('>I', zlib.crc32(kind + body))
    path.write_bytes(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, depth, 0, 0, 0, 0))
                     + chunk(b'IDAT', data) + chunk(b'IEND', b''))


@pytest.mark.parametrize('data', [POSTSCRIPT, PHOTOSHOP, ICON, b'P6 4 4 255 ' + b'a' * 48,
                                  b'\xc5\xd0\xd3\xc6' + b'\0' * 60])
@pytest.mark.parametrize('name', ['x.jpg', 'x.png', 'x.tif'])
def test_a_format_that_is_not_on_the_list_is_refused_whatever_its_name(tmp_path, monkeypatch, data, name):
    monkeypatch.setattr(subprocess, 'Popen', lambda *_, **__: pytest.fail('a program is started'))
    (tmp_path / name).write_bytes(data)
    assert 'is no JPEG, PNG' in refusal(tmp_path / name)
    with pytest.raises(UserError, match='is no JPEG'):
        images.decode_bgr(data, name)
    with pytest.raises(UserError, match='is no JPEG'):
        opening.size_of(tmp_path / name)
    assert not opening.is_animation(tmp_path / name)


def test_every_format_of_the_list_is_told_by_its_content(tmp_path):
    drawn = Image.fromarray(np.full((8, 8, 3), 99, np.uint8))
    for kind in ('JPEG', 'PNG', 'WEBP', 'BMP', 'GIF', 'TIFF'):
        drawn.save(str(tmp_path / 'x.png'), kind)
        assert np.abs(images.read_bgr(tmp_path / 'x.png').astype(int) - 99).max() < 4, kind
        assert kind in formats.readable()


def test_a_small_file_that_claims_many_pixels_is_refused_from_its_header(tmp_path, monkeypatch):
    monkeypatch.setattr(Image.Image, 'load', lambda self: pytest.fail('it is decoded'))
    side = 7000
    write_png(tmp_path / 'x.png', side, side, 16, zlib.compress(b'\0' * (side * (2 * side + 1)), 9))
    assert (tmp_path / 'x.png').stat().st_size < 200000
    assert 'too large to open safely (7000x7000 pixels in' in refusal(tmp_path / 'x.png')
    write_png(tmp_path / 'x.png', 100000, 3000, 8, b'')
    assert 'at most 256 megapixels' in refusal(tmp_path / 'x.png')
    with pytest.raises(UserError, match='too large'):
        opening.size_of(tmp_path / 'x.png')
    assert opening.stated_size(tmp_path / 'x.png') == (3000, 100000)


def test_the_limit_is_this_project_s_and_not_that_of_pillow(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 100)
    images.write_bgr(tmp_path / 'x.png', np.full((40, 60, 3), 7, np.uint8))
    assert (images.read_bgr(tmp_path / 'x.png') == 7).all()


def test_a_picture_in_several_strips_is_that_of_one(tmp_path, monkeypatch):
    rng = np.random.RandomState(0)
    for mode, channels in (('L', 1), ('RGB', 3), ('RGBA', 4), ('CMYK', 4)):
        noise = Image.fromarray(rng.randint(0, 256, (61, 33, channels)).astype(np.uint8).squeeze(), mode)
        noise.save(str(tmp_path / 'x.tif'))
        whole = images.read_with_alpha(tmp_path / 'x.tif')
        with monkeypatch.context() as patch:
            patch.setattr('dctnet.pictures.conversion._STRIP', 200)
            parts = images.read_with_alpha(tmp_path / 'x.tif')
        np.testing.assert_array_equal(whole[0], parts[0])
        assert (whole[1] is None) == (parts[1] is None) == (mode != 'RGBA')
        if mode == 'RGBA':
            np.testing.assert_array_equal(whole[1], parts[1])
            np.testing.assert_array_equal(whole[1], np.asarray(noise)[:, :, 3])


def test_deep_grey_in_strips(tmp_path, monkeypatch):
    monkeypatch.setattr('dctnet.pictures.conversion._STRIP', 1000)
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    Image.fromarray(levels).save(str(tmp_path / 'x.png'))
    np.testing.assert_array_equal(images.read_bgr(tmp_path / 'x.png')[:, :, 2], np.rint(levels / 257.0))


@pytest.mark.skipif(sys.platform != 'linux', reason='ru_maxrss is in kB on Linux alone')
def test_deep_grey_needs_no_more_than_its_pixels_and_the_result(tmp_path):
    noise = np.random.RandomState(0).randint(0, 65536, (1, 4000)).astype(np.uint16).repeat(4000, 0)
    Image.fromarray(noise).save(str(tmp_path / 'x.png'), compress_level=1)
    text = ('import resource, sys; from dctnet import images; from pathlib import Path;'
            'a = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; images.read_bgr(Path(sys.argv[1]));'
            'print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - a)')
    grown = int(subprocess.check_output([sys.executable, '-c', text, str(tmp_path / 'x.png')])) * 1024
    assert grown < 16e6 * 14  # mode I has 4 bytes, their copy 4, the result 3; three copies in float64 would be 24 more


@pytest.mark.parametrize('wanted, decoded', [(300, (512, 480)), (256, (512, 480)), (240, (256, 240)), (60, (64, 60)),
                                             (20, (64, 60))])
def test_a_jpeg_that_is_wanted_small_is_decoded_smaller_with_the_same_look(tmp_path, monkeypatch, wanted, decoded):
    photograph = pictures.astronaut()[:480, :, ::-1]
    images.write_bgr(tmp_path / 'x.jpg', photograph)
    sizes = []
    monkeypatch.setattr(images.conversion, 'to_bgr', lambda pillow, then=images.conversion.to_bgr: (
        sizes.append(pillow.size), then(pillow))[1])
    small = images.read_square(tmp_path / 'x.jpg', wanted)
    assert sizes == [decoded] and small.shape == (wanted, wanted, 3)
    whole = images.square(images.read_bgr(tmp_path / 'x.jpg'), wanted)
    assert np.abs(small.astype(int) - whole).mean() < 0.8


def test_sizes_come_from_the_header_and_are_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    for suffix in ('.jpg', '.png', '.webp'):
        path = tmp_path / ('x' + suffix)
        Image.new('RGB', (30, 20)).save(str(path), exif=exif.tobytes())
        assert opening.size_of(path) == (30, 20) == images.read_bgr(path).shape[:2]
        assert opening.stated_size(path) == (20, 30)


def test_a_pipe_is_no_picture(tmp_path):
    os.mkfifo(str(tmp_path / 'x.png'))
    assert 'no regular file' in refusal(tmp_path / 'x.png')


@pytest.mark.parametrize('name, most', [('x.webp', 16383), ('x.jpg', 65500), ('x.jfif', 65500)])
def test_a_format_without_room_is_told(tmp_path, name, most):
    images.check_writable_size(tmp_path / name, 3, most)
    with pytest.raises(UserError, match='write it as .png'):
        images.write_bgr(tmp_path / name, np.zeros((1, most + 1, 3), np.uint8))
    images.write_bgr(tmp_path / 'x.png', np.zeros((1, most + 1, 3), np.uint8))
    assert images.read_bgr(tmp_path / 'x.png').shape == (1, most + 1, 3)


def test_what_is_written_with_alpha_shows_the_picture_over_white(tmp_path):
    rng = np.random.RandomState(0)
    alpha = rng.randint(0, 256, (16, 16)).astype(np.uint8)
    alpha[0], alpha[1] = 0, 255
    over = np.clip(rng.randint(0, 256, (16, 16, 3)), 255 - alpha[:, :, None].astype(int), 255).astype(np.uint8)
    for suffix in formats.ALPHA_SUFFIXES:
        data = images.encoded(tmp_path / ('x' + suffix), images.with_alpha(over, alpha))
        (tmp_path / ('x' + suffix)).write_bytes(data)
        assert Image.open(io.BytesIO(data)).mode == 'RGBA'
        again, kept = images.read_with_alpha(tmp_path / ('x' + suffix))
        np.testing.assert_array_equal(kept, alpha)
        assert suffix == '.webp' or np.abs(again.astype(int) - over).max() <= 1
