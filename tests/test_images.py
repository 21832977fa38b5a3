"""Pictures of every kind that people have, broken ones, and the sheets of samples."""
import os

import cv2
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from dctnet import images
from dctnet.errors import UserError
from dctnet.pictures import opening

BLUE, GREEN, RED = (255, 0, 0), (0, 255, 0), (0, 0, 255)  # BGR


def noise(height, width, seed=0):
    return np.random.RandomState(seed).randint(0, 256, (height, width, 3)).astype(np.uint8)


def message(path):
    with pytest.raises(UserError) as caught:
        images.read_bgr(path)
    text = str(caught.value)
    assert path.name in text and '\n' not in text
    return text


@pytest.mark.parametrize('suffix', images.SUFFIXES + ('.PNG', '.JPEG', '.TIF'))
def test_what_is_written_is_read_again(tmp_path, suffix):
    picture = np.zeros((24, 40, 3), np.uint8)
    picture[:, :20], picture[:12, 20:] = (200, 30, 90), (10, 160, 240)
    images.write_bgr(tmp_path / ('x' + suffix), picture)
    again = images.read_bgr(tmp_path / ('x' + suffix))
    lossy = suffix.lower() in ('.jpg', '.jpeg', '.jpe', '.jfif', '.webp')
    assert again.dtype == np.uint8 and again.shape == picture.shape and again.flags['C_CONTIGUOUS']
    assert np.abs(again.astype(int) - picture).mean() < (6 if lossy else 1e-9)
    assert os.listdir(str(tmp_path)) == ['x' + suffix]


def test_a_name_that_is_no_picture_is_refused(tmp_path):
    for name in ('x', 'x.txt', 'x.gif'):
        with pytest.raises(UserError, match='use a name that ends in'):
            images.write_bgr(tmp_path / name, noise(4, 4))
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.parametrize('orientation', range(1, 9))
def test_exif_orientation_turns_the_picture_upright(tmp_path, orientation):
    upright = np.zeros((16, 24, 3), np.uint8)
    upright[:8, :12], upright[:8, 12:], upright[8:, :12] = BLUE, GREEN, RED
    stored = {1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
              5: upright.transpose(1, 0, 2), 6: np.rot90(upright, 1), 7: upright[::-1, ::-1].transpose(1, 0, 2),
              8: np.rot90(upright, -1)}[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored[:, :, ::-1])).save(str(tmp_path / 'x.png'), exif=exif.tobytes())
    assert np.array_equal(images.read_bgr(tmp_path / 'x.png'), upright)


def test_every_mode_becomes_bgr(tmp_path):
    path = tmp_path / 'x.png'
    Image.new('L', (4, 4), 77).save(str(path))
    assert (images.read_bgr(path) == 77).all()
    Image.new('1', (4, 4), 1).save(str(path))
    assert (images.read_bgr(path) == 255).all()
    Image.new('RGBA', (4, 4), (255, 0, 0, 0)).save(str(path))
    assert (images.read_bgr(path) == 255).all()  # transparent: white
    Image.new('RGBA', (4, 4), (255, 0, 0, 255)).save(str(path))
    assert (images.read_bgr(path) == RED).all()
    Image.new('RGBA', (4, 4), (255, 0, 0, 51)).save(str(path))
    assert (images.read_bgr(path) == (204, 204, 255)).all()
    Image.new('LA', (4, 4), (0, 51)).save(str(path))
    assert (images.read_bgr(path) == 204).all()


def test_palettes_become_bgr(tmp_path):
    palette = Image.new('P', (4, 4), 1)
    palette.putpalette([9, 9, 9, 10, 20, 30] + [0] * 762)
    palette.save(str(tmp_path / 'plain.png'))
    assert (images.read_bgr(tmp_path / 'plain.png') == (30, 20, 10)).all()
    palette.save(str(tmp_path / 'transparent.png'), transparency=1)
    assert (images.read_bgr(tmp_path / 'transparent.png') == 255).all()


def test_transparency_of_a_png_lies_over_white(tmp_path):
    Image.new('RGB', (4, 4), (1, 2, 3)).save(str(tmp_path / 'x.png'), transparency=(1, 2, 3))
    assert (images.read_bgr(tmp_path / 'x.png') == 255).all()


def test_sixteen_bits_are_scaled_to_eight(tmp_path):
    ramp = np.linspace(0, 65535, 64).reshape(8, 8).astype(np.uint16)
    for name in ('x.png', 'x.tif'):
        cv2.imwrite(str(tmp_path / name), ramp)
        assert np.array_equal(images.read_bgr(tmp_path / name)[:, :, 1], np.rint(ramp / 257.0).astype(np.uint8))
    cv2.imwrite(str(tmp_path / 'rgb.png'), np.stack([ramp, ramp[::-1], ramp // 2], axis=2))
    found = images.read_bgr(tmp_path / 'rgb.png').astype(int)
    assert np.abs(found - np.stack([ramp, ramp[::-1], ramp // 2], axis=2) / 257.0).max() <= 1


def test_a_floating_point_tiff_is_scaled(tmp_path):
    for top in (1.0, 255.0):
        grey = np.linspace(0, top, 64).reshape(8, 8).astype(np.float32)
        Image.fromarray(grey).save(str(tmp_path / 'x.tif'))
        assert np.abs(images.read_bgr(tmp_path / 'x.tif')[:, :, 0] - grey * 255 / top).max() <= 0.5


def test_cmyk_becomes_bgr(tmp_path):
    Image.new('CMYK', (16, 16), (255, 0, 0, 0)).save(str(tmp_path / 'x.jpg'), quality=100)
    assert np.abs(images.read_bgr(tmp_path / 'x.jpg').astype(int) - (255, 255, 0)).max() < 20  # cyan


@pytest.mark.parametrize('name, kind', [('x.png', 'GIF'), ('x.webp', 'WEBP'), ('x.png', 'PNG')])
def test_animations_give_their_first_frame(tmp_path, name, kind):
    frames = [Image.new('RGB', (16, 16), colour) for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255))]
    options = {'lossless': True} if kind == 'WEBP' else {}
    frames[0].save(str(tmp_path / name), kind, save_all=True, append_images=frames[1:], duration=100, **options)
    assert np.abs(images.read_bgr(tmp_path / name).astype(int) - RED).max() < 3


def test_one_pixel_is_a_picture(tmp_path):
    images.write_bgr(tmp_path / 'x.png', noise(1, 1))
    assert np.array_equal(images.read_bgr(tmp_path / 'x.png'), noise(1, 1))
    assert images.square(noise(1, 1), 32).shape == (32, 32, 3)
    assert images.square(noise(1, 5000), 32).shape == (32, 32, 3)


def test_files_that_are_no_picture_are_refused(tmp_path):
    (tmp_path / 'empty.png').write_bytes(b'')
    assert 'the file is empty' in message(tmp_path / 'empty.png')
    (tmp_path / 'text.jpg').write_text('no picture')
    assert 'cannot read' in message(tmp_path / 'text.jpg')
    assert 'does not exist' in message(tmp_path / 'gone.png')
    (tmp_path / 'folder.png').mkdir()
    assert 'is a folder' in message(tmp_path / 'folder.png')
    assert 'x.png' in message(tmp_path / 'text.jpg' / 'x.png')


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('suffix', ['.png', '.jpg', '.webp', '.bmp', '.tif'])
def test_truncated_pictures_are_refused(tmp_path, suffix):
    images.write_bgr(tmp_path / ('x' + suffix), noise(64, 64))
    whole = (tmp_path / ('x' + suffix)).read_bytes()
    for share in (0.02, 0.3, 0.9):
        (tmp_path / ('cut' + suffix)).write_bytes(whole[:int(len(whole) * share)])
        assert 'replace or remove it' in message(tmp_path / ('cut' + suffix))


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('suffix', ['.png', '.jpg', '.webp', '.bmp', '.tif', '.gif'])
def test_damaged_pictures_never_end_in_another_error(tmp_path, suffix, monkeypatch):
    monkeypatch.setattr(opening, 'MAX_PIXELS', 10 ** 6)
    rng = np.random.RandomState(0)
    path = tmp_path / 'x.png'
    exif = Image.Exif()
    exif[0x0112] = 6
    options = {'exif': exif.tobytes()} if suffix in ('.png', '.jpg', '.webp') else {}
    Image.fromarray(noise(24, 24)).save(str(tmp_path / ('x' + suffix)), **options)
    whole = (tmp_path / ('x' + suffix)).read_bytes()
    for _ in range(120):
        data = bytearray(whole)
        for position in rng.randint(0, min(len(data), 200), 3):
            data[position] = rng.randint(256)
        path.write_bytes(bytes(data))
        try:
            assert images.read_bgr(path).ndim == 3
        except UserError as error:
            assert 'x.png' in str(error)


def test_a_decompression_bomb_is_refused(tmp_path):
    ihdr = b'\x00\x01\x00\x00\x00\x01\x00\x00\x08\x02\x00\x00\x00'  # 65536 x 65536
    with (tmp_path / 'x.png').open('wb') as stream:
        stream.write(b'\x89PNG\r\n\x1a\n')
        PngImagePlugin.putchunk(stream, b'IHDR', ihdr)
        PngImagePlugin.putchunk(stream, b'IDAT', b'')
        PngImagePlugin.putchunk(stream, b'IEND', b'')
    assert 'too large to open safely' in message(tmp_path / 'x.png')


def test_units_go_there_and_back():
    levels = np.arange(256, dtype=np.uint8)
    unit = images.to_unit(levels)
    assert unit.dtype == np.float32 and unit[0] == -1 and unit[-1] == 1
    assert np.abs(images.to_uint8(unit).astype(int) - levels).max() <= 1  # truncated as the published cast does
    assert list(images.to_uint8(np.array([-9.0, 9.0, 0.0]))) == [0, 255, 127]


def test_scaling_and_the_centre_square_have_the_asked_size():
    picture = np.zeros((20, 40, 3), np.uint8)
    picture[:, 10:30] = 200
    assert images.scale(picture, 40, 20) is picture
    assert images.scale(picture, 10, 8).shape == (8, 10, 3)
    assert (images.square(picture, 20) == 200).all()  # the middle
    checks = np.indices((8, 8)).sum(0) % 2 * 255
    smaller = images.scale(np.repeat(checks[:, :, None], 3, 2).astype(np.uint8), 4, 4)
    assert np.abs(smaller.astype(int) - 127.5).max() <= 1  # the area's mean, no aliasing


def test_padding_continues_the_border_to_a_multiple():
    picture = noise(5, 8)
    padded = images.pad_to_multiple(picture, 4)
    assert padded.shape == (8, 8, 3) and np.array_equal(padded[:5], picture)
    assert np.array_equal(padded[5:], np.repeat(picture[4:], 3, axis=0))
    assert images.pad_to_multiple(padded, 4) is padded


def test_bytes_and_pictures_of_pillow_are_read_as_files_are(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    drawn = Image.fromarray(noise(16, 24))
    drawn.putalpha(Image.fromarray(noise(16, 24, 1)[:, :, 0]))
    drawn.save(str(tmp_path / 'x.png'), exif=exif.tobytes())
    expected = images.read_bgr(tmp_path / 'x.png')
    assert expected.shape == (24, 16, 3)
    data = (tmp_path / 'x.png').read_bytes()
    np.testing.assert_array_equal(images.decode_bgr(data, 'x'), expected)
    np.testing.assert_array_equal(images.read_pillow(Image.open(str(tmp_path / 'x.png'))), expected)
    np.testing.assert_array_equal(np.asarray(images.to_pillow(expected))[:, :, ::-1], expected)


@pytest.mark.parametrize('data, said', [(b'', 'the file is empty'), (b'no picture', 'cannot read sent.png')])
def test_bytes_that_are_no_picture(data, said):
    with pytest.raises(UserError, match=said):
        images.decode_bgr(data, 'sent.png')
