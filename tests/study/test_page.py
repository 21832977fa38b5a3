"""A study from pictures to scores, answered in a browser."""
import http.server
import json
import threading

import numpy as np
import pytest

from dctnet import images
from dctnet.errors import UserError
from dctnet.study.__main__ import main
from tests.chromium import Browser, needs_chromium


@pytest.fixture(scope='module')
def folders(tmp_path_factory):
    place = tmp_path_factory.mktemp('study')
    for grey, (folder, suffix) in enumerate((('photos', 'jpg'), ('ours', 'png'), ('theirs', 'png'))):
        for name in 'ab':
            images.write_bgr(place / folder / f'{name}.{suffix}', np.full((40, 32, 3), 60 * grey, np.uint8))
    return place


@pytest.fixture()
def address(folders):
    """The page from a server on loopback: of pages opened as files, Chromium forgets what they store now and then."""
    class Handler(http.server.SimpleHTTPRequestHandler):
        def translate_path(self, path):
            return str(folders / path.lstrip('/').split('?')[0])

        def log_message(self, *words):
            pass

    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}/page.html'
    server.shutdown()
    server.server_close()


def make(folders, *results):
    return main(['make', '--photos', str(folders / 'photos'), '--out', str(folders / 'page.html'), '--results'] + [
        str(folders / result) for result in results])


@pytest.mark.long
@needs_chromium
def test_answers_of_a_browser_are_scored(folders, address, capsys):
    make(folders, 'ours', 'theirs')
    with Browser() as browser:
        browser.open(address)
        order = browser.run('return items.map(keyOf).concat(items.map(sides).map(String))')
        wins = browser.run('return sides(items[0])[0]')
        browser.keys('body', '1')
        browser.click('#choice1')
        browser.open(address)  # goes on where it was left
        assert browser.run('return position') == 2
        assert browser.run('return items.map(keyOf).concat(items.map(sides).map(String))') == order
        browser.keys('body', '\ue014')  # arrow to the right
        browser.keys('body', '\ue012')
        assert not browser.run('return document.querySelector("#thanks").hidden')
        answers = browser.run('return exported()')
    assert len(answers['answers']) == 4 and answers['answers'][0]['choice'] == wins
    (folders / 'answers.json').write_text(json.dumps(answers))
    assert main(['score', str(folders / 'answers.json'), '--out', str(folders / 'scores.json')]) == 0
    assert '| ours |' in capsys.readouterr().out
    assert json.loads((folders / 'scores.json').read_text())['content']['methods']['ours']['comparisons'] == 2


def test_folders_that_make_no_study_are_refused(folders, tmp_path):
    with pytest.raises(UserError, match='two or more folders'):
        make(folders, 'ours')
    with pytest.raises(UserError, match='does not exist'):
        make(folders, 'ours', 'missing')
    images.write_bgr(tmp_path / 'other' / 'z.png', np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(UserError, match='no picture is in all of'):
        make(folders, 'ours', str(tmp_path / 'other'))
