"""The site without a server program: its files, and its pixels in a browser against the .pb's."""
import base64
import functools
import http.server
import json
import os
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from dctnet import frozen
from dctnet.errors import UserError
from dctnet.inference import fusion
from dctnet.web import __main__ as web
from tests.chromium import Browser, needs_chromium
from tests.web.conftest import ROOT, encoded

RUNTIME = Path(os.environ.get('ORT_WEB', str(ROOT / '.venv' / 'node_modules' / 'onnxruntime-web' / 'dist')))
needs_runtime = pytest.mark.skipif(not RUNTIME.is_dir(), reason=f'no onnxruntime-web in {RUNTIME}: npm install '
                                                                '--prefix .venv onnxruntime-web@1.30.0')


@pytest.fixture(scope='module')
def styles(tmp_path_factory):
    """A folder with one style, of an untrained generator of two channels."""
    from dctnet.exporters import parity
    from dctnet.exporters.model_folder import write_model_folder
    from tests.frozen_graphs.__main__ import weights
    folder = tmp_path_factory.mktemp('styles')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parity, 'SIZES', ((32, 32), (20, 28), (16, 24)))
        write_model_folder(weights(2), 'drawn', folder / 'drawn & small', {})
    return folder


@pytest.fixture(scope='module')
def site(tmp_path_factory, styles):
    """Written with a runtime, the real one if it is there; not to be changed."""
    pytest.importorskip('onnxruntime', reason='requirements/onnx-*.txt pin it for the two runtimes alone')
    from dctnet.exporters import parity
    out, runtime = tmp_path_factory.mktemp('out') / 'site', RUNTIME
    if not runtime.is_dir():
        runtime = tmp_path_factory.mktemp('runtime')
        for name in ('ort.wasm.min.js', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'):
            (runtime / name).write_text(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parity, 'SIZES', ((32, 32), (20, 28), (16, 24)))
        assert web.main(['--models', str(styles), '--static', str(out), '--runtime', str(runtime)]) == 0
    return out


@pytest.mark.long
def test_all_files_of_the_site_are_there(site):
    style, = json.loads((site / 'styles.json').read_text(encoding='utf-8'))
    assert style['name'] == 'drawn & small' and style['head'] == style['whole'] == 'styles/0/cartoon.onnx'
    for name in ('index.html', 'page.css', 'static.js', 'crop.js', 'slider.js', 'texts.js', 'worker.js', 'ort.js',
                 'ort-wasm.js', 'ort.wasm', style['whole'], style['preview'], style['whole'] + '.json'):
        assert (site / name).stat().st_size > 0, name


def test_without_the_runtime_nothing_is_written(styles, tmp_path):
    pytest.importorskip('onnxruntime', reason='requirements/onnx-*.txt pin it for the two runtimes alone')
    with pytest.raises(UserError, match='npm install onnxruntime-web'):
        web.main(['--models', str(styles), '--static', str(tmp_path / 'site'), '--runtime', str(tmp_path)])
    assert not (tmp_path / 'site').exists()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Any static host."""

    def log_message(self, *words):
        """Say nothing."""


@pytest.mark.long
@needs_chromium
@needs_runtime
def test_pixels_in_the_browser(site, styles, tmp_path):
    photo = np.random.RandomState(1).randint(0, 255, (37, 50, 3)).astype(np.uint8)
    (tmp_path / 'photo.png').write_bytes(encoded(photo))
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with Browser() as browser:
            browser.resize(390, 800)
            browser.open(f'http://127.0.0.1:{server.server_address[1]}/')
            browser.wait_for('return document.querySelectorAll("#styles img").length')
            browser.choose_files('#files', [tmp_path / 'photo.png'])
            browser.wait_for('return !document.querySelector("#crop-section").hidden')
            browser.click('#whole')
            whole = translated(browser, 1)
            browser.click('#whole')
            browser.keys('#crop', '\ue012---')
            square = translated(browser, 2)
            assert browser.run('return document.documentElement.scrollWidth') <= 390
    finally:
        server.shutdown()
        server.server_close()
    graph = frozen.FrozenGraph(styles / 'drawn & small' / 'cartoon_bg.pb', device='cpu')
    expected = fusion.translate_whole(photo[:, :, ::-1], lambda image: graph(image.astype(np.float32)))
    assert np.abs(whole.astype(int) - expected).max() <= 1 and np.ptp(expected) > 0
    assert square.shape == (288, 288, 3)


def translated(browser, count):
    """The pixels of the newest result, BGR."""
    browser.click('#translate')
    browser.wait_for(f'return document.querySelectorAll("#result figure").length === {count}', 90)
    uri = browser.run('return document.querySelector("#result canvas.after").toDataURL()')
    return cv2.imdecode(np.frombuffer(base64.b64decode(uri.split(',')[1]), np.uint8), cv2.IMREAD_COLOR)
