"""The page in a real browser: upload, result, slider, keys, languages, narrow screens; nothing from elsewhere."""
import base64
import re
from pathlib import Path

import numpy as np
import pytest

import dctnet.web
from tests.chromium import needs_chromium
from tests.web.conftest import by_infer, encoded

PAGE = Path(dctnet.web.__file__).parent / 'page'
# The pixels of a picture on the page, as the bytes of a PNG in a data: address.
PIXELS = '''const i = document.querySelector('%s'), c = document.createElement('canvas');
if (!i || !i.naturalWidth) return null;
c.width = i.naturalWidth; c.height = i.naturalHeight; c.getContext('2d').drawImage(i, 0, 0); return c.toDataURL();'''


def pixels(body):
    import cv2
    return cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.long
@needs_chromium
def test_a_photograph_in_two_styles(browser, models, portrait, tmp_path):
    (tmp_path / 'me.png').write_bytes(encoded(portrait))
    browser.keys('#styles label:nth-child(2) input', ' ')  # by keyboard
    browser.choose_files('#files', [tmp_path / 'me.png'])
    browser.wait_for('return document.querySelectorAll("[data-state=done]").length === 2', 90)
    for style in ('dark', 'inverted &'):
        shown = browser.wait_for(PIXELS % f'figure[data-style="{style}"] img.after').split(',')[1]
        expected = pixels(by_infer(models, style, encoded(portrait), tmp_path))
        assert np.array_equal(pixels(base64.b64decode(shown)), expected)
        assert not np.array_equal(expected, portrait[:, :, ::-1])
    browser.keys('figure .slider input', '\ue012\ue012')  # arrow to the left
    assert browser.run('return document.querySelector(".slider").style.getPropertyValue("--at")') == '48%'
    link = 'document.querySelector("figure[data-style=dark] a")'
    assert browser.run(f'return [{link}.download, {link}.href.slice(0, 5)]') == ['me-dark.png', 'blob:']


@pytest.mark.long
@needs_chromium
def test_bad_files_and_cancelling_are_told_in_words(browser, tmp_path):
    (tmp_path / 'words.jpg').write_bytes(b'no picture')
    (tmp_path / 'large.jpg').write_bytes(bytes((40 << 20) + 1))
    browser.choose_files('#files', [tmp_path / 'words.jpg', tmp_path / 'large.jpg'])
    browser.wait_for('return document.querySelectorAll("[data-state=failed]").length === 2')
    told = browser.run('return [...document.querySelectorAll(".failed")].map((e) => e.textContent)')
    assert told == ['no picture and no clip that can be read here', 'too large: up to 40 MB and 50 megapixels']
    browser.click('#clear')
    pictures = [tmp_path / f'{number}.png' for number in range(20)]
    for path in pictures:
        path.write_bytes(encoded(np.zeros((400, 400, 3), np.uint8)))
    browser.choose_files('#files', pictures)
    browser.click('#cancel-all')
    browser.wait_for('return document.querySelectorAll("[data-state=cancelled]").length >= 10')
    assert browser.run('return document.querySelectorAll("[data-state=running], [data-state=toSend]").length') == 0


@pytest.mark.long
@needs_chromium
@pytest.mark.parametrize('width', [1280, 390])
def test_no_screen_is_too_narrow_and_both_languages_are_whole(browser, width):
    browser.resize(width, 800)
    browser.run('document.querySelector("details").open = true')
    for _ in range(2):
        browser.click('#language')
        assert browser.run('return document.documentElement.scrollWidth') <= width
        missing = 'return [...document.querySelectorAll("[data-text]")].filter((e) => !e.textContent).length'
        assert browser.run(missing) == 0
    before = browser.run('return getComputedStyle(document.body).backgroundColor')
    browser.click('#theme')
    assert browser.run('return getComputedStyle(document.body).backgroundColor') != before


@pytest.mark.long
@needs_chromium
def test_nothing_is_loaded_from_elsewhere(browser, service):
    names = browser.run('return performance.getEntriesByType("resource").map((e) => e.name)')
    assert len(names) > 5 and all(name.startswith(service.address) for name in names)


def test_no_file_of_the_pages_names_another_site():
    for path in PAGE.iterdir():
        assert not re.search(r'https?://|//cdn|@import|url\(', path.read_text(encoding='utf-8')), path


def test_both_languages_have_the_same_texts():
    text = (PAGE / 'texts.js').read_text(encoding='utf-8')
    english, chinese = (set(re.findall(r'(?:^|[,{]\s*|\n\s*)(\w+): [\'(`]', part)) for part in text.split('  zh: {'))
    chinese_only = chinese - english
    assert len(english) > 50 and english <= chinese and not chinese_only
