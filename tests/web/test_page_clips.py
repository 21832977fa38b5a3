"""Clips in a real browser: upload, progress, the result plays and shows what infer.py makes, cancelling, refusals."""
import base64
import time

import cv2
import numpy as np
import pytest

from dctnet.clips.opening import open_clip
from tests.chromium import Browser, needs_chromium
from tests.clips.made_clips import call, write_clip
from tests.web.conftest import clip_by_infer

RESULT = 'document.querySelector("figure .after, .pair video")'
# The pixels of the result at a time, as the bytes of a PNG in a data: address.
FRAME = '''const v = %s; if (!v) return null;
if (v.dataset.at !== '%s') { v.dataset.at = '%s'; v.dataset.there = '';
  v.addEventListener('seeked', () => { v.dataset.there = 'yes'; }, {once: true}); v.currentTime = %s; return null; }
if (!v.dataset.there) return null;
const c = document.createElement('canvas'); c.width = v.videoWidth; c.height = v.videoHeight;
c.getContext('2d').drawImage(v, 0, 0); return c.toDataURL();'''


def frame_at(browser, seconds):
    """What the result shows at a time, BGR."""
    shown = browser.wait_for(FRAME % (RESULT, seconds, seconds, seconds)).split(',')[1]
    return cv2.imdecode(np.frombuffer(base64.b64decode(shown), np.uint8), cv2.IMREAD_COLOR)


def told(browser):
    return browser.run('return document.querySelector("figcaption span").textContent')


@pytest.mark.long
@needs_chromium
def test_a_clip_plays_beside_the_photographed_one(browser, clip, models, tmp_path):
    assert 'Clips: up to 200 MB, 30 seconds' in browser.run('return document.getElementById("clip-limits").textContent')
    browser.choose_files('#files', [clip])
    browser.wait_for('return document.querySelectorAll("[data-state=done]").length === 1', 90)
    assert told(browser).startswith('14 frames, ')
    assert browser.run(f'return [{RESULT}.videoWidth, {RESULT}.videoHeight]') == [160, 160]
    assert abs(browser.run(f'return {RESULT}.duration') - 0.56) < 0.06
    expected = list(open_clip(clip_by_infer(models, 'dark', clip, tmp_path), None, 25).frames())
    photographed = list(open_clip(clip, None, 25).frames())
    for index in (12, 8):
        shown = frame_at(browser, 0.04 * index + 0.02).astype(int)
        assert np.abs(shown - expected[index]).mean() < 2  # of a browser's own conversion of colours
        assert np.abs(shown - expected[index]).mean() < 0.3 * np.abs(shown - expected[index - 4]).mean()
        assert np.abs(shown - photographed[index]).mean() > 20
    before = 'document.querySelector(".slider video:not(.after)")'
    browser.wait_for(f'return Math.abs({before}.currentTime - {RESULT}.currentTime) < 0.001')
    browser.keys('figure .slider input', '\ue012\ue012')
    assert browser.run('return document.querySelector(".slider").style.getPropertyValue("--at")') == '48%'
    browser.run(f'{RESULT}.currentTime = 0')
    browser.click('.controls button')
    browser.wait_for(f'return {RESULT}.ended && {before}.currentTime > 0.4')
    link = 'document.querySelector("figure a")'
    assert browser.run(f'return [{link}.download, document.querySelectorAll("figure a").length]') == [
        'clip-dark.mp4', 1]


@pytest.mark.long
@needs_chromium
def test_progress_and_cancelling_while_it_runs(browser, service, tmp_path):
    browser.choose_files('#files', [write_clip(tmp_path / 'long.mp4', frames=700, size='320x240')])
    browser.wait_for('return /frame [1-9]\\d* of 700/.test(document.querySelector("figcaption").textContent)')
    assert browser.run('const p = document.querySelector("progress"); return [p.max, p.value > 0]') == [700, True]
    browser.wait_for('return /left/.test(document.querySelector("figcaption").textContent)')
    assert list(service.folder.glob('*/*/*.unfinished'))
    browser.run('document.querySelector("figcaption button").click()')  # it is drawn anew with every frame
    browser.wait_for('return document.querySelectorAll("[data-state=cancelled]").length === 1')
    until_nothing_runs(service)


@pytest.mark.long
@needs_chromium
def test_a_page_that_is_left_cancels_its_clip(browser, service, tmp_path):
    browser.choose_files('#files', [write_clip(tmp_path / 'long.mp4', frames=700, size='320x240')])
    browser.wait_for('return /frame [1-9]\\d* of 700/.test(document.querySelector("figcaption").textContent)')
    assert list(service.folder.glob('*/*/*.unfinished'))
    browser.open('about:blank')
    until_nothing_runs(service)


def until_nothing_runs(service):
    end = time.monotonic() + 5
    while list(service.folder.glob('*/*/*.unfinished')):
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.long
@needs_chromium
def test_clips_that_are_refused_are_told_in_words(browser, tmp_path):
    call('-f', 'lavfi', '-i', 'sine=440:duration=1', tmp_path / 'sound.mp4')
    (tmp_path / 'broken.mp4').write_bytes(write_clip(tmp_path / 'whole.mp4').read_bytes()[:600])
    files = [tmp_path / 'sound.mp4', tmp_path / 'broken.mp4', write_clip(tmp_path / 'long.mp4', frames=32, rate='1')]
    browser.choose_files('#files', files)
    browser.wait_for('return document.querySelectorAll("[data-state=failed]").length === 3')
    words = browser.run('return [...document.querySelectorAll(".failed")].map((e) => e.textContent)')
    assert 'sound.mp4 holds sound but no pictures' in words[0] and 'cannot read broken.mp4' in words[1]
    assert words[2].startswith('too large or too long') and '30 seconds' in words[2]


@pytest.mark.long
@needs_chromium
def test_a_kind_that_the_browser_does_not_play_is_shown_by_its_first_frame(browser, tmp_path):
    browser.choose_files('#files', [write_clip(tmp_path / 'old.mkv', '-c:v', 'mpeg4', frames=5)])
    browser.wait_for('return document.querySelectorAll("[data-state=done] .pair").length === 1', 90)
    assert browser.run('return document.querySelector(".pair img").naturalWidth') == 64
    browser.wait_for('return document.querySelector(".pair video").videoWidth === 64')


@needs_chromium
@pytest.mark.long
def test_without_ffmpeg_the_page_says_so(service_without_ffmpeg, clip):
    with Browser() as opened:
        opened.open(service_without_ffmpeg.address + '/')
        opened.wait_for('return /no ffmpeg/.test(document.getElementById("clip-limits").textContent)')
        opened.choose_files('#files', [clip])
        opened.wait_for('return /no ffmpeg/.test((document.querySelector(".failed") || {}).textContent)')
