"""Tiny clips that ffmpeg makes, and what a clip holds according to it."""
import subprocess
from pathlib import Path
from typing import Sequence

import numpy as np

from dctnet.clips import ffmpeg, raw_stream


def call(*arguments: object) -> bytes:
    """ffmpeg's output; an error if it fails."""
    return subprocess.run([ffmpeg.program(), '-v', 'error', '-y', *map(str, arguments)], check=True,
                          stdout=subprocess.PIPE, stdin=subprocess.DEVNULL).stdout


def write_clip(path: Path, *options: object, frames: int = 12, size: str = '64x48', rate: str = '25',
               sound: bool = False) -> Path:
    """Moving test pictures, H.264 4:2:0 unless `options` say otherwise, perhaps with a tone."""
    tone = ('-f', 'lavfi', '-i', 'sine=440') if sound else ()  # ends with the pictures
    pictures = f'testsrc2=size={size}:rate={rate},rotate=n/8'
    call('-f', 'lavfi', '-i', pictures, *tone, '-frames:v', frames, '-shortest', '-pix_fmt', 'yuv420p', *options, path)
    return path


def write_frames(path: Path, frames: Sequence[np.ndarray], times: Sequence[int], *options: object) -> Path:
    """Frames, uint8 [H, W, 3] BGR, at these microseconds, without loss of their own."""
    height, width = frames[0].shape[:2]
    durations = np.diff(list(times) + [2 * times[-1] - times[-2]])
    stream = raw_stream.header(height, width) + b''.join(map(raw_stream.frame, times, durations, frames))
    arguments = ['-f', 'matroska', '-i', '-', *ffmpeg.timed_at(90000), '-c:v', 'libx264rgb', '-qp', '0', '-preset',
                 'ultrafast', *(('-use_editlist', '0') if path.suffix == '.mp4' else ()), *map(str, options), str(path)]
    subprocess.run([ffmpeg.program(), '-v', 'error', '-y', *arguments], check=True, input=stream)
    return path


def sound_of(path: Path) -> bytes:
    """MD5 of the packets of the sound, as they are."""
    return call('-i', path, '-map', '0:a', '-c', 'copy', '-f', 'md5', '-')


def described(path: Path) -> str:
    """What ffmpeg says of a file."""
    return subprocess.run([ffmpeg.program(), '-hide_banner', '-i', str(path)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT).stdout.decode()
