"""The command line with clips: options, bad input, exit codes, Ctrl-C."""
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dctnet import images, infer
from dctnet.clips import ffmpeg
from dctnet.clips.opening import open_clip
from dctnet.errors import UserError
from dctnet.video import faces
from tests.clips.made_clips import call, described, sound_of, write_clip

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='module', autouse=True)
def quick_start():
    """All commands of the module share one loaded landmarks model."""
    one = faces.steady_detector()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(faces, 'steady_detector', lambda: one)
        yield


@pytest.fixture(autouse=True)
def log(caplog):
    caplog.set_level('INFO')
    return caplog


def run(model, source, target, *options):
    return infer.main(['--model', str(model), '--input', str(source), '--output', str(target), '--device', 'cpu',
                       *options])


def test_a_clip_keeps_its_sound_and_its_frames(model, tmp_path, capsys):
    source = write_clip(tmp_path / 'clip.mp4', sound=True)
    assert run(model, source, tmp_path / 'out.mp4', '--crf', '4', '--short-side', '32') == 0
    assert '12 of 12 frames in' in capsys.readouterr().out
    result = open_clip(tmp_path / 'out.mp4', None, 25)
    assert list(result.times) == list(open_clip(source, None, 25).times) and result.size == (48, 64)
    assert sound_of(tmp_path / 'out.mp4') == sound_of(source)
    photographed = next(open_clip(source, None, 25).frames())
    assert np.abs(next(result.frames()).astype(int) - photographed // 2 - 32).mean() < 10
    assert sorted(path.name for path in tmp_path.iterdir()) == ['clip.mp4', 'out.mp4']


def test_every_second_frame_without_sound(model, tmp_path):
    source = write_clip(tmp_path / 'clip.mp4', sound=True)
    assert run(model, source, tmp_path / 'out.gif', '--every', '2', '--no-sound') == 0
    assert list(open_clip(tmp_path / 'out.gif', None, 25).times) == [0, 80000, 160000, 240000, 320000, 400000]


def test_an_animation_becomes_one(model, tmp_path):
    frames = [Image.new('RGB', (31, 21), (80 * index, 100, 20)) for index in range(3)]
    frames[0].save(str(tmp_path / 'a.webp'), save_all=True, append_images=frames[1:], duration=[40, 100, 500])
    assert run(model, tmp_path / 'a.webp', tmp_path / 'b.webp') == 0
    result = open_clip(tmp_path / 'b.webp', None, 25)
    assert result.size == (21, 31) and list(result.times) == [0, 40000, 140000]


def test_a_damaged_clip_gives_what_is_there_and_1(model, tmp_path, log):
    data = write_clip(tmp_path / 'whole.mp4', '-movflags', '+faststart', frames=50).read_bytes()
    (tmp_path / 'cut.mp4').write_bytes(data[:len(data) * 2 // 3])
    assert run(model, tmp_path / 'cut.mp4', tmp_path / 'out.mp4') == 1
    assert 'cut.mp4 is damaged' in log.text
    assert 10 < len(open_clip(tmp_path / 'out.mp4', None, 25).times) < 50


def test_mistakes_are_told_before_tensorflow_is_loaded_and_leave_nothing(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'dctnet.inference.stylizer', None)  # importing it would now fail
    clip = write_clip(tmp_path / 'clip.mp4', sound=True)
    call('-f', 'lavfi', '-i', 'sine=440:duration=1', tmp_path / 'sound.mp4')
    (tmp_path / 'text.mp4').write_text('no clip')
    images.write_bgr(tmp_path / 'photo.png', np.zeros((8, 8, 3), np.uint8))
    before = sorted(path.name for path in tmp_path.iterdir())
    out = tmp_path / 'new' / 'out.mp4'
    for source, target, options, message in [
            (tmp_path / 'sound.mp4', out, [], 'sound but no pictures'), (tmp_path / 'text.mp4', out, [], 'cannot read'),
            (tmp_path / 'nowhere.mp4', out, [], 'does not exist'), (clip, tmp_path / 'o.png', [], 'write a clip as'),
            (clip, tmp_path / 'o.gif', [], 'cannot hold the sound'), (clip, clip, [], 'is the input itself'),
            (clip, tmp_path, [], 'is the input itself'), (clip, tmp_path / 'text.mp4' / 'o.mp4', [], 'is a file'),
            (tmp_path / 'photo.png', out, [], 'is one picture'), (tmp_path, out, [], '--pattern'),
            (tmp_path, out, ['--pattern', 'f-%d.png'], 'fits f-%d.png'),
            (clip, out, ['--mode', 'single'], 'fusion only'),
            (clip, out, ['--every', '0'], '--every 0'), (clip, out, ['--crf', '99'], '--crf 99'),
            (clip, out, ['--fps', '0'], '--fps 0'), (clip, out, ['--side-by-side'], 'are for pictures')]:
        with pytest.raises(UserError, match=message) as error:
            run(model, source, target, *options)
        assert '\n' not in str(error.value)
    monkeypatch.setattr(ffmpeg, 'program', lambda: (_ for _ in ()).throw(UserError('clips need ffmpeg')))
    with pytest.raises(UserError, match='need ffmpeg'):
        run(model, clip, out)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.long
def test_ctrl_c_leaves_a_file_that_plays_and_the_same_command_goes_on(model, tmp_path):
    source = write_clip(tmp_path / 'clip.mp4', frames=300, sound=True)
    words = [sys.executable, str(ROOT / 'infer.py'), '--model', str(model), '--input', str(source), '--output',
             str(tmp_path / 'out.mp4'), '--device', 'cpu']
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    end = time.monotonic() + 120
    while not list(tmp_path.glob('out.mp4.unfinished/0*.mp4')) and time.monotonic() < end:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 75, err
    part = open_clip(tmp_path / 'out.mp4', None, 25)
    assert 60 <= len(part.times) < 300 and f'{len(part.times)} of 300 frames' in out
    assert 'Audio' in described(tmp_path / 'out.mp4') and part.damage == ''
    again = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    assert again.returncode == 0 and f'going on after {len(part.times)} of 300' in again.stderr, again.stderr
    assert len(open_clip(tmp_path / 'out.mp4', None, 25).times) == 300
    assert sound_of(tmp_path / 'out.mp4') == sound_of(source)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['clip.mp4', 'out.mp4']
