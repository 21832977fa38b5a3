"""Clips of strangers: refused as soon as they pass a limit, whatever they claim; larger ones reduced."""
import numpy as np
import pytest
from PIL import Image

from dctnet.clips import animation, video_file
from dctnet.clips.limits import ClipTooLarge, Limits
from tests.clips.made_clips import write_clip


def animated(path, count=8, size=(16, 8)):
    pictures = [Image.new('L', size, 30 * shade) for shade in range(count)]
    pictures[0].save(str(path), save_all=True, append_images=pictures[1:], duration=100)
    return path


@pytest.mark.parametrize('limits, words', [
    (Limits(frames=7), 'too many frames: up to 7'), (Limits(seconds=0.2), 'too long: up to 0.2 seconds'),
    (Limits(pixels=127), '16x8 are too large: up to 0.000127 megapixels')])
def test_each_limit(tmp_path, limits, words):
    video = write_clip(tmp_path / 'a.mp4', frames=8, size='16x8', rate='10')
    for opened, path in ((video_file.open_clip, video), (animation.open_clip, animated(tmp_path / 'a.gif')),
                         (animation.open_clip, animated(tmp_path / 'a.webp'))):
        with pytest.raises(ClipTooLarge, match=words):
            opened(path, limits)
        assert len(opened(path, Limits(128, 8, 0.7)).times) == 8


def test_a_video_that_grows_on_the_way_is_not_decoded(tmp_path):
    """A stream may change its size in the middle."""
    small, large = (write_clip(tmp_path / f'{size}.h264', frames=30, size=size) for size in ('64x48', '640x480'))
    (tmp_path / 'both.h264').write_bytes(small.read_bytes() + large.read_bytes())
    assert len(video_file.open_clip(tmp_path / 'both.h264').times) > 55
    limited = video_file.open_clip(tmp_path / 'both.h264', Limits(pixels=64 * 48))
    assert len(limited.times) <= 30 and 'exceeds' in limited.damage
    assert {frame.shape for frame in limited.frames()} == {(48, 64, 3)}


def test_reduced_frames(tmp_path):
    clip = video_file.open_clip(write_clip(tmp_path / 'a.mp4', frames=2, size='64x48'))
    small = clip.reduced(24)
    assert small.size == (24, 32) and clip.reduced(48) is clip
    for frame, whole in zip(small.frames(), clip.frames()):
        expected = whole.reshape(24, 2, 32, 2, 3).mean(axis=(1, 3))
        assert frame.shape == (24, 32, 3) and np.abs(frame - expected).max() <= 1


def test_an_unreadable_frame_stays_one(tmp_path):
    clip = video_file.open_clip(write_clip(tmp_path / 'a.mp4', frames=2))
    assert list(clip._replace(frames=lambda: iter_of([None, np.zeros((48, 64, 3), np.uint8)])).reduced(24).frames()
                )[0] is None


def iter_of(frames):
    yield from frames


def test_the_kinds_of_sound_are_known(tmp_path):
    assert video_file.open_clip(write_clip(tmp_path / 'a.mkv', '-c:a', 'pcm_s16le', sound=True)).sounds == (
        'pcm_s16le',)
