"""Clips over HTTP: as infer.py translates them, cancelled while they run, and those that are refused."""
import http.client
import struct
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dctnet.clips.opening import open_clip
from tests.clips.made_clips import call, described, sound_of, write_clip
from tests.web.conftest import clip_by_infer, encoded

FLAT = np.full((40, 56, 3), 120, np.uint8)


def frames_of(path):
    return list(open_clip(path, None, 25).frames())


def added(service, path, style='dark'):
    """The job of a file that is accepted."""
    status, job = service.add(path.read_bytes(), style, path.name)
    assert status == 202, job
    return job


def fetched(service, job, name, folder):
    status, headers, body = service.ask('GET', f"/api/jobs/{job['id']}/{name}")
    assert status == 200, body
    (folder / name).write_bytes(body)
    return folder / name


def programs_of(service):
    """The ffmpegs that the service runs now."""
    children = Path(f'/proc/{service.process.pid}/task').glob('*/children')
    names = [Path(f'/proc/{child}/comm').read_text() for path in children for child in path.read_text().split()]
    return [name for name in names if name.startswith('ffmpeg')]


def until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.long
def test_a_clip_is_the_one_of_infer_with_its_sound(service, clip, models, tmp_path):
    job = added(service, clip, 'inverted &')
    assert job['kind'] == 'clip' and job['frames']['total'] == 14
    done = service.finished(job)
    assert done['state'] == 'done' and done['notes'] == [] and done['working_size'] == [160, 160]
    assert done['frames'] == {'total': 14, 'done': 14, 'failed': 0, 'without_face': 0}
    result = fetched(service, job, 'result.mp4', tmp_path)
    expected = clip_by_infer(models, 'inverted &', clip, tmp_path)
    for one, other in zip(frames_of(result), frames_of(expected)):
        assert np.array_equal(one, other)
    assert sound_of(result) == sound_of(clip) and len(frames_of(result)) == 14
    assert 'h264' in described(result) and 'yuv420p' in described(result)
    photo = np.asarray(Image.open(str(fetched(service, job, 'photo.jpg', tmp_path))))
    assert np.abs(photo[:, :, ::-1].astype(int) - frames_of(clip)[0]).mean() < 4
    shown = np.asarray(Image.open(str(fetched(service, job, 'result.jpg', tmp_path))))
    assert np.abs(shown[:, :, ::-1].astype(int) - frames_of(result)[0]).mean() < 4
    assert service.ask('GET', f"/api/jobs/{job['id']}/result.png")[0] == 404


@pytest.mark.long
def test_players_ask_for_parts(service, clip):
    job = service.finished(added(service, clip))
    path = f"/api/jobs/{job['id']}/result.mp4"
    status, headers, whole = service.ask('GET', path)
    assert (status, headers['Accept-Ranges'], headers['Content-Type']) == (200, 'bytes', 'video/mp4')
    status, headers, part = service.ask('GET', path, Range='bytes=10-19')
    assert (status, headers['Content-Range'], part) == (206, f'bytes 10-19/{len(whole)}', whole[10:20])
    assert service.ask('GET', path, Range=f'bytes={len(whole)}-')[0] == 416
    assert service.ask('HEAD', path)[1]['Content-Length'] == str(len(whole))


@pytest.mark.long
def test_limits_are_told(service):
    told = service.json('GET', '/api')[1]['clips']
    assert told['offered'] and told['reason'] is None and told['formats'][:2] == ['MP4', 'MOV']
    assert (told['megabytes'], told['seconds'], told['frames'], told['megapixels']) == (200, 30, 1800, 9)
    assert (told['short_side'], told['result_short_side']) == (480, 1080)


@pytest.mark.long
def test_a_clip_that_runs_is_cancelled_within_a_frame_and_the_next_one_runs(service, clip, tmp_path):
    long = write_clip(tmp_path / 'long.mp4', frames=700, size='320x240')
    job, later = added(service, long), added(service, clip)
    until(lambda: service.json('GET', f"/api/jobs/{job['id']}")[1]['frames']['done'] > 3)
    running = service.json('GET', f"/api/jobs/{job['id']}")[1]
    assert running['state'] == 'running' and running['frames']['done'] < 600
    folder = next(service.folder.glob(f"*/{job['id']}"))
    assert (folder / 'result.mp4.unfinished').is_dir() and programs_of(service)
    assert service.ask('DELETE', f"/api/jobs/{job['id']}")[0] == 200
    until(lambda: not folder.exists(), 3)
    assert service.finished(later)['state'] == 'done' and programs_of(service) == []


@pytest.mark.long
def test_moving_pictures(service, tmp_path):
    pictures = [Image.fromarray(np.full((33, 47, 3), shade, np.uint8)) for shade in (10, 90, 200)]
    for name in ('a.gif', 'a.webp'):
        pictures[0].save(str(tmp_path / name), save_all=True, append_images=pictures[1:], duration=[40, 100, 500])
        job = service.finished(added(service, tmp_path / name))
        assert job['kind'] == 'clip' and job['frames']['without_face'] == 3, job
        result = open_clip(fetched(service, job, 'result.mp4', tmp_path), None, 25)
        assert list(result.times) == [0, 40000, 140000]
    pictures[0].save(str(tmp_path / 'still.gif'))
    assert service.finished(added(service, tmp_path / 'still.gif'))['kind'] == 'picture'


@pytest.mark.long
def test_a_damaged_clip_shows_what_can_be_read_and_odd_sound_is_left_out(service, tmp_path):
    data = write_clip(tmp_path / 'whole.mp4', '-movflags', '+faststart', frames=50).read_bytes()
    (tmp_path / 'cut.mp4').write_bytes(data[:len(data) * 2 // 3])
    cut = service.finished(added(service, tmp_path / 'cut.mp4'))
    assert cut['state'] == 'done' and cut['notes'] == ['damaged'] and 10 < cut['frames']['total'] < 50
    odd = write_clip(tmp_path / 'odd.mkv', '-c:a', 'pcm_s16le', sound=True)
    odd = service.finished(added(service, odd))
    assert odd['notes'] == ['no_sound']
    assert 'Audio' not in described(fetched(service, odd, 'result.mp4', tmp_path))


def refused_clips(folder):
    """(name, status, code, words) of files that cannot be translated."""
    write_clip(folder / 'long.mp4', frames=32, rate='1')
    write_clip(folder / 'many.mp4', frames=1801, rate='100', size='16x16')
    write_clip(folder / 'large.mp4', frames=1, size='3840x2400')
    call('-f', 'lavfi', '-i', 'sine=440:duration=1', folder / 'sound.mp4')
    whole = write_clip(folder / 'whole.mp4').read_bytes()
    (folder / 'headless.mp4').write_bytes(whole[:len(whole) // 2])
    write_clip(folder / 'encrypted.mp4', '-encryption_scheme', 'cenc-aes-ctr', '-encryption_key', '76' * 16,
               '-encryption_kid', 'a7' * 16)
    (folder / 'empty.mkv').write_bytes(b'\x1a\x45\xdf\xa3' + bytes(100))
    (folder / 'other.mp4').write_bytes(struct.pack('>I4s4s', 24, b'ftyp', b'isom') + bytes(500))
    slow = [Image.new('L', (8, 8), shade) for shade in range(8)]
    slow[0].save(str(folder / 'slow.gif'), save_all=True, append_images=slow[1:], duration=5000)
    secret = folder / 'secret.mp4'
    (folder / 'list.m3u8').write_text(f'#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n')
    (folder / 'list.ffconcat').write_text(f'ffconcat version 1.0\nfile {secret}\n')
    yield from [('long.mp4', 413, 'clip_too_large', '30 seconds'), ('many.mp4', 413, 'clip_too_large', '1800'),
                ('large.mp4', 413, 'clip_too_large', '9 megapixels'), ('slow.gif', 413, 'clip_too_large', '30 sec'),
                ('sound.mp4', 415, 'bad_clip', 'sound.mp4 holds sound but no pictures'),
                ('headless.mp4', 415, 'bad_clip', 'cannot read headless.mp4'),
                ('encrypted.mp4', 415, 'bad_clip', 'encrypted.mp4 is encrypted'),
                ('empty.mkv', 415, 'bad_clip', 'empty.mkv'), ('other.mp4', 415, 'bad_clip', 'other.mp4'),
                ('list.m3u8', 415, 'no_picture', 'no clip'), ('list.ffconcat', 415, 'no_picture', 'no clip')]


@pytest.mark.long
def test_clips_that_are_refused_leave_nothing_and_the_service_goes_on(service, tmp_path):
    before = set(service.folder.glob('*/*'))
    for name, status, code, words in refused_clips(tmp_path):
        found, answer = service.add((tmp_path / name).read_bytes(), 'dark', name)
        assert (found, answer['error']['code']) == (status, code), (name, answer)
        assert words in answer['error']['message'] and '/tmp' not in answer['error']['message']
    assert set(service.folder.glob('*/*')) <= before
    assert service.finished(service.add(encoded(FLAT))[1])['state'] == 'done'


@pytest.mark.long
@pytest.mark.parametrize('start, status', [
    (b'\x00\x00\x00\x18ftypisom', 415), (b'\x00\x00\x00\x18ftypheic', 413), (b'GIF89a' + bytes(6), 413)])
def test_a_video_may_be_larger_than_a_picture(service, start, status):
    """What follows is not waited for if too much is announced."""
    connection = http.client.HTTPConnection('127.0.0.1', service.port, timeout=20)
    connection.putrequest('POST', '/api/jobs?style=dark')
    connection.putheader('Content-Length', str(41 << 20))
    connection.endheaders(start)
    if status == 415:
        connection.send(bytes((41 << 20) - len(start)))
    answer = connection.getresponse()
    assert answer.status == status, answer.read()
    assert status == 415 or b'40 MB' in answer.read()
    connection.close()


@pytest.mark.long
def test_without_ffmpeg_clips_are_not_offered_and_pictures_go_on(service_without_ffmpeg, clip):
    running = service_without_ffmpeg
    told = running.json('GET', '/api')[1]['clips']
    assert not told['offered'] and 'need ffmpeg' in told['reason']
    status, answer = running.add(clip.read_bytes(), 'dark', 'clip.mp4')
    assert (status, answer['error']['code']) == (415, 'no_clips') and 'imageio-ffmpeg' in answer['error']['message']
    assert running.finished(running.add(encoded(FLAT))[1])['state'] == 'done'


@pytest.mark.long
def test_the_end_of_the_service_ends_a_clip(own_service, tmp_path):
    job = added(own_service, write_clip(tmp_path / 'long.mp4', frames=700, size='320x240'))
    until(lambda: own_service.json('GET', f"/api/jobs/{job['id']}")[1]['frames']['done'] > 3)
    start = time.monotonic()
    assert own_service.end() == 0 and time.monotonic() - start < 10
    assert list(own_service.folder.iterdir()) == [] and 'Traceback' not in own_service.log.read_text()
