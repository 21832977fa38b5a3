"""Finding and running the program."""
import pytest

from dctnet.clips import ffmpeg
from dctnet.errors import UserError


def test_without_ffmpeg_the_way_to_get_it_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    monkeypatch.delenv('IMAGEIO_FFMPEG_EXE', raising=False)
    monkeypatch.setattr(ffmpeg, '_packaged', lambda: None)
    with pytest.raises(UserError, match='pip install imageio-ffmpeg'):
        ffmpeg.program()
    monkeypatch.setenv('IMAGEIO_FFMPEG_EXE', str(tmp_path / 'nowhere'))
    with pytest.raises(UserError, match='pip install imageio-ffmpeg'):
        ffmpeg.program()


def test_the_program_of_the_path_goes_before_the_package(monkeypatch, tmp_path):
    own = tmp_path / 'ffmpeg'
    own.write_text('#!/bin/sh\n')
    own.chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path))
    monkeypatch.delenv('IMAGEIO_FFMPEG_EXE', raising=False)
    assert ffmpeg.program() == str(own)


def test_a_program_that_is_left_early_ends():
    endless = ['-f', 'rawvideo', '-video_size', '64x64', '-i', '/dev/zero', '-f', 'rawvideo', '-']
    with ffmpeg.Process(endless) as process:
        process.output.read(64)
        running = process._process
    assert running.poll() is not None


def test_errors_are_one_line_without_the_speaker():
    assert ffmpeg.reason('[mov @ 0x5] moov atom not found\nsecond') == 'moov atom not found'
    assert ffmpeg.reason('') == 'no reason given'
