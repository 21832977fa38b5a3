"""Video files: sizes, exact times, rotation, depth, and files that are none."""
import struct

import numpy as np
import pytest

from dctnet.clips import video_file
from dctnet.errors import UserError
from tests.clips.made_clips import call, write_clip, write_frames


def turned(path, target):
    """A copy of an .mp4 that says: turn me by 90 degrees."""
    data = bytearray(path.read_bytes())
    matrix = data.index(b'tkhd') + 4 + 40
    data[matrix:matrix + 36] = struct.pack('>9i', 0, 1 << 16, 0, -(1 << 16), 0, 0, 48 << 16, 0, 1 << 30)
    target.write_bytes(data)
    return target


def test_size_times_and_frames(tmp_path):
    clip = video_file.open_clip(write_clip(tmp_path / 'clip.mp4', frames=5, rate='30000/1001', sound=True))
    assert clip.size == (48, 64) and clip.has_sound and clip.damage == '' and clip.pixel_aspect == '1:1'
    assert list(clip.times) == [0, 33367, 66733, 100100, 133467] and clip.timescale == 30000
    assert clip.end == 166833 or clip.end == 166834
    frames = list(clip.frames())
    assert len(frames) == 5 and all(frame.shape == (48, 64, 3) for frame in frames)
    assert all((one != other).any() for one, other in zip(frames, frames[1:]))
    assert len(list(clip.every(2).frames())) == 3 and list(clip.every(2).times) == [0, 66733, 133467]


def test_times_that_vary_are_exact(tmp_path):
    frames = [np.full((48, 64, 3), 20 * index, np.uint8) for index in range(8)]
    times = [0, 33333, 80000, 100000, 400000, 411111, 455556, 900000]
    clip = video_file.open_clip(write_frames(tmp_path / 'clip.mp4', frames, times))
    assert list(clip.times) == times and clip.timescale == 90000
    for expected, frame in zip(frames, clip.frames()):
        assert abs(frame.astype(int) - expected).max() <= 1


def test_a_turned_clip_is_turned_once(tmp_path):
    plain = write_clip(tmp_path / 'plain.mp4')
    clip = video_file.open_clip(turned(plain, tmp_path / 'turned.mp4'))
    assert clip.size == (64, 48)
    upright = next(video_file.open_clip(plain).frames())
    assert np.abs(np.rot90(upright, -1).astype(int) - next(clip.frames())).mean() < 3


@pytest.mark.parametrize('options, size', [
    (('-c:v', 'libx265', '-x265-params', 'log-level=none', '-pix_fmt', 'yuv420p10le'), '64x48'),
    (('-pix_fmt', 'yuv444p'), '63x47')])
def test_deep_and_odd_clips_look_the_same(tmp_path, options, size):
    plain = next(video_file.open_clip(write_clip(tmp_path / 'plain.mkv', '-pix_fmt', 'yuv444p', size=size)).frames())
    clip = video_file.open_clip(write_clip(tmp_path / 'clip.mp4', *options, size=size))
    assert clip.size == plain.shape[:2] and len(clip.times) == 12
    assert np.abs(next(clip.frames()).astype(int) - plain).mean() < 8


def test_pixels_that_are_not_square_are_told(tmp_path):
    clip = video_file.open_clip(write_clip(tmp_path / 'clip.mp4', '-vf', 'setsar=16/15'))
    assert clip.pixel_aspect == '16:15'


def test_large_clips_without_colour_marks_have_the_colours_of_hd(tmp_path):
    red = np.full((720, 16, 3), (0, 0, 255), np.uint8)
    marks = ('-c:v', 'libx264', '-qp', '4', '-pix_fmt', 'yuv444p')
    convert = 'scale=out_color_matrix=bt709'
    (tmp_path / 'red.bgr').write_bytes(red.tobytes())
    call('-f', 'rawvideo', '-pix_fmt', 'bgr24', '-s', '16x720', '-i', tmp_path / 'red.bgr', '-vf', convert, *marks,
         tmp_path / 'clip.mp4')
    assert np.abs(next(video_file.open_clip(tmp_path / 'clip.mp4').frames()).astype(int) - red).max() < 8


def test_a_clip_that_is_cut_off_gives_what_is_there(tmp_path):
    whole = write_clip(tmp_path / 'whole.mp4', '-movflags', '+faststart', frames=50)
    data = whole.read_bytes()
    (tmp_path / 'cut.mp4').write_bytes(data[:len(data) * 2 // 3])
    clip = video_file.open_clip(tmp_path / 'cut.mp4')
    assert 10 < len(clip.times) < 50 and clip.damage
    frames = list(clip.frames())
    assert len(frames) == len(clip.times) and frames[0] is not None


def bad_clip(folder, kind):
    path = folder / 'bad.mp4'
    if kind == 'text':
        path.write_text('this is no clip')
    elif kind == 'empty':
        path.write_bytes(b'')
    elif kind == 'without its index':
        data = write_clip(folder / 'whole.mp4').read_bytes()
        path.write_bytes(data[:len(data) // 2])
    elif kind == 'sound only':
        call('-f', 'lavfi', '-i', 'sine=440:duration=1', path)
    elif kind == 'encrypted':
        write_clip(path, '-encryption_scheme', 'cenc-aes-ctr', '-encryption_key', '76a6c65c5ea762046bd749a2e632ccbb',
                   '-encryption_kid', 'a7e61c373e219033c21091fa607bf3b8')
    elif kind == 'no frames':
        write_clip(folder / 'whole.mp4', frames=12)
        call('-i', folder / 'whole.mp4', '-c', 'copy', '-frames:v', 0, path)
    return path


@pytest.mark.parametrize('kind, message', [
    ('text', 'cannot read .*bad.mp4 as a clip'), ('empty', 'cannot read .*bad.mp4 as a clip'),
    ('without its index', 'cannot read .*bad.mp4 as a clip .*moov'), ('sound only', 'holds sound but no pictures'),
    ('encrypted', 'bad.mp4 is encrypted'), ('no frames', 'bad.mp4.*(no frame|as a clip)')])
def test_files_that_are_no_clips_are_refused_in_one_line(tmp_path, kind, message):
    with pytest.raises(UserError, match=message) as error:
        video_file.open_clip(bad_clip(tmp_path, kind))
    assert '\n' not in str(error.value) and len(str(error.value)) < 400 + len(str(tmp_path))


def test_playlists_do_not_reach_the_network(tmp_path):
    (tmp_path / 'list.m3u8').write_text('#EXTM3U\n#EXTINF:1,\nhttp://192.0.2.1/a.ts\n#EXT-X-ENDLIST\n')
    with pytest.raises(UserError, match='cannot read|no frame'):
        video_file.open_clip(tmp_path / 'list.m3u8')
