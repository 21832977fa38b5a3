"""WebP files taken apart and decoded by OpenCV give what Pillow's own decoder gives."""
import io

import numpy as np
import pytest
from PIL import Image

from dctnet import images
from dctnet.errors import UserError
from dctnet.pictures import opening, webp_file

pytestmark = pytest.mark.filterwarnings('ignore')


def noise(mode, seed=0, size=(24, 16)):
    channels = {'RGB': 3, 'RGBA': 4}[mode]
    levels = np.random.RandomState(seed).randint(0, 256, (size[1], size[0], channels)).astype(np.uint8)
    return Image.fromarray(levels, mode)


def saved(*frames, **options):
    buffer = io.BytesIO()
    more = dict(save_all=True, append_images=frames[1:], duration=80) if len(frames) > 1 else {}
    frames[0].save(buffer, 'WEBP', **dict(more, **options))
    return buffer.getvalue()


def by_pillow(data):
    pillow = Image.open(io.BytesIO(data))
    for index in range(getattr(pillow, 'n_frames', 1)):
        pillow.seek(index)
        yield np.asarray(pillow.convert('RGBA')).astype(int)


def shown(rgba):
    """Where it is transparent, colours do not count."""
    return rgba * np.where(rgba[:, :, 3:] == 0, 0, 1)


@pytest.mark.parametrize('mode', ['RGB', 'RGBA'])
@pytest.mark.parametrize('lossless', [True, False])
@pytest.mark.parametrize('count', [1, 3])
def test_frames_are_those_of_pillow(mode, lossless, count):
    data = saved(*[noise(mode, seed) for seed in range(count)], lossless=lossless, quality=90)
    assert webp_file.size_of(data) == (24, 16) and webp_file.is_animated(data) == (count > 1)
    found = list(webp_file.frames(data))
    expected = list(by_pillow(data))
    assert len(found) == len(expected) == count
    for frame, right in zip(found, expected):
        difference = shown(np.asarray(frame.convert('RGBA')).astype(int)) - shown(right)
        assert np.abs(difference).max() <= (0 if lossless else 2)
        assert count == 1 or frame.info['duration'] == 80


def test_frames_that_change_a_part_are_laid_over_the_former(tmp_path):
    first, second = noise('RGB'), noise('RGB')
    second.paste((9, 200, 30), (6, 4, 12, 10))
    data = saved(first, second, lossless=True, minimize_size=True)
    for frame, right in zip(webp_file.frames(data), by_pillow(data)):
        np.testing.assert_array_equal(shown(np.asarray(frame.convert('RGBA')).astype(int)), shown(right))


def test_an_unsafe_pillow_is_not_used(tmp_path, monkeypatch):
    exif = Image.Exif()
    exif[0x0112] = 6
    noise('RGBA').save(str(tmp_path / 'x.webp'), lossless=True, exif=exif.tobytes())
    (tmp_path / 'm.webp').write_bytes(saved(noise('RGB'), noise('RGB', 1)))
    right = images.read_bgr(tmp_path / 'x.webp')
    monkeypatch.setattr(webp_file, 'pillow_is_safe', lambda: False)
    monkeypatch.setattr('PIL.WebPImagePlugin.WebPImageFile', lambda *_: pytest.fail('Pillow decodes it'))
    np.testing.assert_array_equal(images.read_bgr(tmp_path / 'x.webp'), right)
    assert opening.is_animation(tmp_path / 'm.webp') and not opening.is_animation(tmp_path / 'x.webp')
    with opening.opened_frames(tmp_path / 'm.webp') as frames:
        assert len(list(frames)) == 2
    monkeypatch.setattr('cv2.__version__', '4.5.5')
    with pytest.raises(UserError, match='4.8.1.78 or later'):
        images.read_bgr(tmp_path / 'x.webp')


def test_damaged_files_never_end_in_another_error(tmp_path, monkeypatch):
    monkeypatch.setattr(webp_file, 'pillow_is_safe', lambda: False)
    monkeypatch.setattr(opening, 'MAX_PIXELS_OF_HUNGRY_FORMATS', 10 ** 6)
    rng = np.random.RandomState(0)
    for whole in (saved(noise('RGB')), saved(noise('RGBA'), noise('RGBA', 1), lossless=True)):
        for _ in range(150):
            data = bytearray(whole)
            for position in rng.randint(0, min(len(data), 120), 3):
                data[position] = rng.randint(256)
            (tmp_path / 'x.webp').write_bytes(bytes(data[:rng.randint(1, len(data) + 1)]))
            try:
                images.read_bgr(tmp_path / 'x.webp')
                with opening.opened_frames(tmp_path / 'x.webp') as frames:
                    list(frames)
            except UserError as error:
                assert 'x.webp' in str(error)
