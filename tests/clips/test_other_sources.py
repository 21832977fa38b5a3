"""Animated pictures and folders of numbered pictures as clips, and which input is what."""
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dctnet import images
from dctnet.clips import animation, frame_folder
from dctnet.clips.opening import is_clip, open_clip
from dctnet.errors import UserError
from tests.clips.made_clips import write_clip


def write_animation(path, milliseconds=(40, 100, 500)):
    frames = [Image.new('RGB', (30, 20), (80 * index, 200, 20)) for index in range(len(milliseconds))]
    frames[0].save(str(path), save_all=True, append_images=frames[1:], duration=list(milliseconds), lossless=True)
    return path


@pytest.mark.parametrize('suffix', ['.gif', '.webp'])
def test_animations_keep_their_times(tmp_path, suffix):
    path = write_animation(tmp_path / f'a{suffix}')
    assert animation.is_animation(path)
    clip = open_clip(path, None, 25)
    assert clip.size == (20, 30) and list(clip.times) == [0, 40000, 140000] and clip.end == 640000
    greens_and_reds = [frame[0, 0, 1:].tolist() for frame in clip.frames()]
    np.testing.assert_allclose(greens_and_reds, [[200, 0], [200, 80], [200, 160]], atol=4)


def test_times_that_no_browser_shows_count_as_a_tenth_of_a_second(tmp_path):
    clip = animation.open_clip(write_animation(tmp_path / 'a.gif', (0, 10, 20)))
    assert list(clip.times) == [0, 100000, 200000] and clip.end == 220000


def write_numbered(folder, numbers, size=(20, 30)):
    for number in numbers:
        images.write_bgr(folder / f'frame-{number:06d}.png', np.full(size + (3,), number, np.uint8))
    return folder


def test_numbered_pictures_come_in_the_order_of_their_numbers(tmp_path):
    write_numbered(tmp_path, (9, 10, 2))
    (tmp_path / 'frame-000011.png').write_bytes(b'broken')
    images.write_bgr(tmp_path / 'other.png', np.zeros((5, 5, 3), np.uint8))
    clip = open_clip(tmp_path, 'frame-%06d.png', 50)
    assert list(clip.times) == [0, 20000, 40000, 60000] and clip.end == 80000 and clip.size == (20, 30)
    assert [frame if frame is None else frame[0, 0, 0] for frame in clip.frames()] == [2, 9, 10, None]


@pytest.mark.parametrize('pattern, message', [
    ('frame.png', 'write it as frame-%06d.png'), ('other-%d.png', 'fits other-%d.png'), ('a/%d.png', 'write it as')])
def test_patterns_that_fit_nothing_are_refused(tmp_path, pattern, message):
    write_numbered(tmp_path, (1,))
    with pytest.raises(UserError, match=message):
        frame_folder.open_clip(tmp_path, pattern, 25)


def test_what_is_a_clip(tmp_path):
    moving, still = write_animation(tmp_path / 'a.webp'), write_animation(tmp_path / 'b.webp', (40,))
    video = write_clip(tmp_path / 'c.mkv')
    assert is_clip(moving, Path('o.webp'), None) and not is_clip(still, Path('o.webp'), None)
    assert not is_clip(moving, Path('o.png'), None)  # its first frame, as ever
    assert is_clip(video, Path('o.png'), None) and is_clip(still, Path('o.mp4'), None)
    assert not is_clip(tmp_path, Path('out'), None) and is_clip(tmp_path, Path('o.mp4'), 'f%d.png')
    with pytest.raises(UserError, match='is one picture'):
        open_clip(still, None, 25)
    with pytest.raises(UserError, match='--pattern'):
        open_clip(tmp_path, None, 25)
