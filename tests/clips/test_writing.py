"""Segments and the files that they become: times, sound, colours, sizes, and writing that is stopped."""
import re

import numpy as np
import pytest

from dctnet.clips import segments
from dctnet.clips.formats import FORMATS, check_sound, format_of
from dctnet.clips.joining import join
from dctnet.clips.opening import open_clip
from dctnet.clips.segments import SegmentWriter, finished
from dctnet.errors import UserError
from tests.clips.made_clips import described, sound_of, write_clip, write_frames

TIMES = [0, 33333, 80000, 100000, 400000, 411111, 455556, 900000]


@pytest.fixture(autouse=True)
def short_segments(monkeypatch):
    monkeypatch.setattr(segments, 'LENGTH', 3)


def pictures(count, size=(48, 64)):
    """Red on the left, blue on the right, brighter from frame to frame."""
    frames = np.zeros((count,) + size + (3,), np.uint8)
    for index, frame in enumerate(frames):
        frame[:, :size[1] // 2, 2] = frame[:, size[1] // 2:, 0] = 100 + 10 * index
        frame[:4] = 255
    return list(frames)


def write(folder, clip, frames, suffix='.mp4'):
    folder.mkdir(exist_ok=True)
    with SegmentWriter(folder, clip, FORMATS[suffix], FORMATS[suffix].quality) as writer:
        for frame in frames[writer.next:]:
            writer.add(frame)


@pytest.mark.parametrize('suffix, tolerance', [('.mp4', 12), ('.mov', 12), ('.mkv', 25000)])
def test_times_and_colours_stay(tmp_path, suffix, tolerance):
    frames = pictures(8)
    clip = open_clip(write_frames(tmp_path / 'source.mp4', frames, TIMES), None, 25)
    write(tmp_path / 'parts', clip, frames, suffix)
    assert [(part.first, part.last) for part in finished(tmp_path / 'parts')] == [(0, 2), (3, 5), (6, 7)]
    join(finished(tmp_path / 'parts'), clip, tmp_path / f'out{suffix}', format_of(tmp_path / f'a{suffix}'), True)
    result = open_clip(tmp_path / f'out{suffix}', None, 25)
    np.testing.assert_allclose(result.times, TIMES, atol=tolerance)
    assert result.size == (48, 64)
    for expected, frame in zip(frames, result.frames()):
        np.testing.assert_allclose(frame[20, 8], expected[20, 8], atol=12)
        np.testing.assert_allclose(frame[20, 56], expected[20, 56], atol=12)
        assert frame[1].min() > 225
    assert re.search(r'h264.*yuv420p\(tv, bt709', described(tmp_path / f'out{suffix}'))


def test_the_sound_is_the_source_s_bit_for_bit(tmp_path):
    source = write_clip(tmp_path / 'source.mp4', sound=True)
    clip = open_clip(source, None, 25)
    write(tmp_path / 'parts', clip, pictures(12))
    for name, sound in (('with.mp4', True), ('without.mp4', False)):
        join(finished(tmp_path / 'parts'), clip, tmp_path / name, FORMATS['.mp4'], sound)
    assert sound_of(tmp_path / 'with.mp4') == sound_of(source)
    assert 'Audio' not in described(tmp_path / 'without.mp4')


def test_a_part_is_a_whole_file_and_the_rest_goes_on(tmp_path):
    clip = open_clip(write_clip(tmp_path / 'source.mp4', sound=True), None, 25)
    write(tmp_path / 'parts', clip, pictures(12)[:7])
    join(finished(tmp_path / 'parts'), clip, tmp_path / 'out.mp4', FORMATS['.mp4'], True)
    assert len(open_clip(tmp_path / 'out.mp4', None, 25).times) == 7
    duration = re.search(r'Duration: 00:00:00\.(\d\d)', described(tmp_path / 'out.mp4')).group(1)
    assert 28 <= int(duration) <= 38  # the sound ends, too
    write(tmp_path / 'parts', clip, pictures(12))
    assert [part.first for part in finished(tmp_path / 'parts')] == [0, 3, 6, 7, 10]
    join(finished(tmp_path / 'parts'), clip, tmp_path / 'out.mp4', FORMATS['.mp4'], True)
    assert list(open_clip(tmp_path / 'out.mp4', None, 25).times) == list(clip.times)


def test_a_failure_leaves_finished_segments_alone(tmp_path):
    clip = open_clip(write_clip(tmp_path / 'source.mp4'), None, 25)
    with pytest.raises(ZeroDivisionError):
        with SegmentWriter(tmp_path, clip, FORMATS['.mp4'], 18) as writer:
            for frame in pictures(4):
                writer.add(frame)
            raise ZeroDivisionError
    assert sorted(path.name for path in tmp_path.iterdir()) == ['0000000-0000002.mp4', 'source.mp4']
    (tmp_path / '0000005-0000007.mp4').write_bytes(b'after a gap')
    assert [part.last for part in finished(tmp_path)] == [2]


def test_odd_sizes_become_even_where_they_must(tmp_path):
    frames = pictures(2, (47, 63))
    clip = open_clip(write_frames(tmp_path / 'source.mkv', frames, [0, 40000]), None, 25)
    for suffix, size in (('.mp4', (48, 64)), ('.gif', (47, 63))):
        write(tmp_path / suffix, clip, frames, suffix)
        join(finished(tmp_path / suffix), clip, tmp_path / f'out{suffix}', FORMATS[suffix], False)
        assert open_clip(tmp_path / f'out{suffix}', None, 25).size == size


@pytest.mark.parametrize('suffix', ['.gif', '.webp', '.webm'])
def test_other_formats_hold_the_frames(tmp_path, suffix):
    frames = pictures(4)
    times = [0, 40000, 80000, 300000]
    clip = open_clip(write_frames(tmp_path / 'source.mp4', frames, times), None, 25)
    write(tmp_path / 'parts', clip, frames, suffix)
    join(finished(tmp_path / 'parts'), clip, tmp_path / f'out{suffix}', FORMATS[suffix], False)
    result = open_clip(tmp_path / f'out{suffix}', None, 25)
    np.testing.assert_allclose(result.times, times, atol=10000)
    for expected, frame in zip(frames, result.frames()):
        np.testing.assert_allclose(frame[20, 8], expected[20, 8], atol=16)


def test_pixels_stay_as_wide_as_they_were(tmp_path):
    clip = open_clip(write_clip(tmp_path / 'source.mp4', '-vf', 'setsar=16/15'), None, 25)
    write(tmp_path / 'parts', clip, pictures(3))
    join(finished(tmp_path / 'parts'), clip, tmp_path / 'out.mp4', FORMATS['.mp4'], False)
    assert open_clip(tmp_path / 'out.mp4', None, 25).pixel_aspect == '16:15'


@pytest.mark.parametrize('name, message', [
    ('out.gif', 'cannot hold the sound.*hold none.*--no-sound'), ('out.webm', 'cannot hold the sound.*--no-sound'),
    ('out.avi', 'cannot write a clip as'), ('out', 'cannot write a clip as')])
def test_names_that_cannot_hold_the_clip_are_refused(tmp_path, name, message):
    clip = open_clip(write_clip(tmp_path / 'source.mp4', sound=True), None, 25)  # AAC
    with pytest.raises(UserError, match=message):
        check_sound(clip, tmp_path / name)
    check_sound(clip, tmp_path / 'out.mkv')
    check_sound(clip, tmp_path / 'out.mov')


def test_a_full_disk_is_told(small_disk, tmp_path):
    clip = open_clip(write_clip(tmp_path / 'source.mp4'), None, 25)
    noise = np.random.RandomState(0).randint(0, 256, (1200, 1600, 3), dtype=np.uint8)
    with pytest.raises(UserError, match='cannot write .*free some space'):
        with SegmentWriter(small_disk, clip, FORMATS['.mp4'], 0) as writer:
            for _ in range(6):
                writer.add(noise)
    assert list(small_disk.iterdir()) == []
