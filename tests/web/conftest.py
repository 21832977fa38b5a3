"""A service of the page with two styles of tiny graphs, started as a user does, and pictures to send to it."""
import http.client
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from dctnet import infer

ROOT = Path(__file__).parents[2]


class Service:
    """python -m dctnet.web on a free port."""

    def __init__(self, folder, models, *words):
        self.folder, self.models = folder / 'temporary', models
        self.folder.mkdir()
        self.log = folder / 'log'
        environment = dict(os.environ, TMPDIR=str(self.folder))
        environment['PYTHONPATH'] = os.pathsep.join(filter(None, [str(ROOT), environment.get('PYTHONPATH')]))
        with self.log.open('wb') as log:
            self.process = subprocess.Popen([sys.executable, '-m', 'dctnet.web', '--models', str(models), '--port', '0']
                                            + list(words), stdout=subprocess.PIPE, stderr=log, env=environment)
        self.told = self.process.stdout.readline().decode()
        found = re.search(r'http://127.0.0.1:(\d+)', self.told.replace('0.0.0.0', '127.0.0.1'))
        assert found, self.log.read_text()
        self.port = int(found.group(1))
        self.address = f'http://127.0.0.1:{self.port}'

    def ask(self, method, path, body=None, **headers):
        """(status, headers, body) of an answer."""
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
        try:
            connection.request(method, path, body, {name.replace('_', '-'): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def json(self, method, path, body=None, **headers):
        """(status, what the JSON of an answer says)."""
        status, _, content = self.ask(method, path, body, **headers)
        return status, json.loads(content.decode())

    def add(self, body, style='dark', name='me.png'):
        """(status, job or error) of an upload."""
        return self.json('POST', '/api/jobs?' + urllib.parse.urlencode({'style': style, 'name': name}), body)

    def finished(self, job):
        """The job once it has ended."""
        end = time.monotonic() + 90
        while job['state'] not in ('done', 'failed'):
            assert time.monotonic() < end, job
            time.sleep(0.1)
            job = self.json('GET', f"/api/jobs/{job['id']}")[1]
        return job

    def end(self):
        """Its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.stdout.close()
        return self.process.wait(60)


@pytest.fixture(scope='session')
def models(tmp_path_factory):
    """A folder of two styles; not to be changed."""
    from tests.inference.tiny_graphs import darken, invert, write_model, write_translator
    folder = tmp_path_factory.mktemp('models')
    write_model(folder / 'dark')
    for name in ('cartoon_h.pb', 'cartoon_bg.pb'):
        write_translator(folder / 'inverted &' / name, darken if 'h' in name else invert)
    (folder / 'notes').mkdir()
    return folder


@pytest.fixture(scope='session')
def service(tmp_path_factory, models):
    """One for all tests that leave it as it is; its models may be changed by none."""
    pytest.importorskip('starlette', reason='requirements/web-*.txt pin it for the two runtimes alone')
    running = Service(tmp_path_factory.mktemp('service'), models)
    yield running
    running.end()


@pytest.fixture()
def own_service(tmp_path, models):
    """One with models of its own, and its log."""
    pytest.importorskip('starlette', reason='requirements/web-*.txt pin it for the two runtimes alone')
    shutil.copytree(str(models), str(tmp_path / 'models'))
    running = Service(tmp_path, tmp_path / 'models')
    yield running
    running.end()


def encoded(image, kind='PNG', **options):
    """RGB uint8 [H, W, 3] as the bytes of a file."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, kind, **options)
    return stream.getvalue()


@pytest.fixture(scope='session')
def portrait():
    """A photograph with a face, RGB uint8 [300, 280, 3]."""
    return np.ascontiguousarray(data.astronaut()[:300, 74:354])


def by_infer(models, style, body, folder, suffix='.png'):
    """What infer.py makes of the bytes of a picture: the bytes of its PNG."""
    (folder / f'in{suffix}').write_bytes(body)
    assert infer.main(['--model', str(models / style), '--input', str(folder / f'in{suffix}'),
                       '--output', str(folder / 'out.png')]) == 0
    return (folder / 'out.png').read_bytes()


@pytest.fixture(scope='session')
def clip(tmp_path_factory):
    """A video with a face and sound as telephones make them, 14 frames of 160x160, .56 seconds."""
    from tests.clips.made_clips import call, write_frames
    from tests.video.synthetic import moved_photograph
    folder = tmp_path_factory.mktemp('clip')
    astronaut = np.ascontiguousarray(data.astronaut()[:256, 96:352, ::-1])
    frames = moved_photograph(astronaut, (160, 160), still=5, moving=9, scale=0.75, noise=1).frames
    silent = write_frames(folder / 'silent.mp4', frames, np.arange(len(frames)) * 40000, '-c:v', 'libx264', '-qp', '12',
                          '-pix_fmt', 'yuv420p')
    call('-i', silent, '-f', 'lavfi', '-i', 'sine=440:duration=0.56', '-c:v', 'copy', '-c:a', 'aac',
         folder / 'clip.mp4')
    return folder / 'clip.mp4'


def clip_by_infer(models, style, source, folder):
    """What infer.py makes of a clip: the file."""
    assert infer.main(['--model', str(models / style), '--input', str(source), '--output', str(folder / 'out.mp4'),
                       '--short-side', '480']) == 0
    return folder / 'out.mp4'


@pytest.fixture()
def browser(service):
    """Chromium with the page of `service` open."""
    from tests.chromium import Browser
    with Browser() as opened:
        opened.open(service.address + '/')
        opened.wait_for('return document.querySelectorAll("#styles input").length === 2')
        yield opened


@pytest.fixture()
def service_without_ffmpeg(tmp_path, models, monkeypatch):
    """It must end with 0."""
    pytest.importorskip('starlette', reason='requirements/web-*.txt pin it for the two runtimes alone')
    monkeypatch.setenv('IMAGEIO_FFMPEG_EXE', str(tmp_path / 'none'))
    running = Service(tmp_path, models)
    try:
        yield running
    finally:
        assert running.end() == 0
