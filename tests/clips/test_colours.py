"""HDR clips look like the picture that was put into them, whose white is that of graphics in HDR: 203 cd/m2."""
import logging
import subprocess

import cv2
import numpy as np
import pytest
from skimage import data

from dctnet.clips import colours, ffmpeg, video_file

HLG, PQ = 'arib-std-b67', 'smpte2084'
TO_BT2020 = np.array([[.6274, .3293, .0433], [.0691, .9195, .0114], [.0164, .0880, .8956]])


@pytest.fixture(scope='module')
def photo():
    return cv2.resize(data.astronaut()[:, :, ::-1], (96, 80), interpolation=cv2.INTER_AREA)


def light(photo):
    """Of a display, cd/m2 in the primaries of BT.2020: sRGB whose white is 203."""
    values = photo[:, :, ::-1] / 255.0
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return 203 * np.clip(linear.dot(TO_BT2020.T), 0, None)


def as_pq(nits):
    """SMPTE ST 2084."""
    powers = (nits / 10000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * powers) / (1 + 18.6875 * powers)) ** 78.84375


def as_hlg(nits):
    """ARIB STD-B67 on a display of 1000 cd/m2, whose system gamma is 1.2."""
    shown = nits / 1000
    bright = np.maximum(shown.dot([0.2627, 0.678, 0.0593])[..., None], 1e-9)
    scene = shown * bright ** (-0.2 / 1.2)
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9))
                    + 0.55991073)


def write_hdr(path, values, transfer, count=3):
    """10-bit HEVC of one picture, coded values 0 - 1 [H, W, 3] RGB, marked as HDR of this kind."""
    raw = np.rint(np.clip(values, 0, 1) * 65535).astype('<u2').tobytes() * count
    height, width = values.shape[:2]
    marks = f'crf=10:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc:log-level=none'
    subprocess.run([ffmpeg.program(), '-v', 'error', '-f', 'rawvideo', '-pixel_format', 'rgb48le', '-video_size',
                    f'{width}x{height}', '-i', '-', '-vf', 'scale=out_color_matrix=bt2020:out_range=tv', '-pix_fmt',
                    'yuv420p10le', '-c:v', 'libx265', '-x265-params', marks, str(path)], input=raw, check=True)
    return path


def difference(path, photo):
    frames = list(video_file.open_clip(path).frames())
    assert len(frames) == 3 and all(frame.shape == photo.shape for frame in frames)
    return np.abs(frames[1].astype(int) - photo).mean()


@pytest.mark.parametrize('transfer, coded, pale', [(HLG, as_hlg, 17), (PQ, as_pq, 30)], ids=[HLG, PQ])
def test_hdr_looks_as_meant_and_else_pale(tmp_path, photo, monkeypatch, caplog, transfer, coded, pale):
    clip = write_hdr(tmp_path / 'clip.mp4', coded(light(photo)), transfer)
    assert difference(clip, photo) < 14
    assert not caplog.records
    monkeypatch.setattr(colours, '_maps_tones', lambda: False)
    with caplog.at_level(logging.WARNING):
        assert difference(clip, photo) > pale
    assert 'an HDR clip looks pale' in caplog.text


def test_bright_light_is_pressed_together_and_stays_apart(tmp_path, photo):
    """A lamp of 4 times the white of graphics is brighter than white, and the rest keeps its tones."""
    values = light(photo)
    values[:40, :48] = 203
    values[:40, 48:] = 4 * 203
    path = write_hdr(tmp_path / 'clip.mp4', as_pq(values), PQ)
    frame = next(video_file.open_clip(path).frames())
    white, lamp = frame[10:30, 10:38].mean(), frame[10:30, 58:86].mean()
    assert 200 < white < lamp - 3 and lamp <= 255


def test_ordinary_clips_go_without():
    assert 'tonemap' not in colours.to_bgr('h264, yuv420p(tv, bt709), 64x48', 48, 64)
    assert 'zscale' in colours.to_bgr(f'hevc, yuv420p10le(tv, bt2020nc/bt2020/{HLG}), 64x48', 48, 64)
