"""Every command with words whose paths lead through two folders: {given}, which holds what tests/names/material.py
writes, and {made}, where the results go. {name} is the odd name itself, as that of a file."""
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path
from typing import Callable, Dict, List, Optional, Set, Union

import numpy as np
import yaml
from skimage import data

from dctnet import images
from dctnet.errors import DONE
from tests.training import tiny_training

GIVEN, MADE = Path('{given}'), Path('{made}')
Main = Callable[[List[str]], int]

_INFER = 'dctnet.infer --model {given}/ready --device cpu'
_TTN = ['dctnet.train'] + tiny_training.plain(GIVEN, MADE / 'run', 'train.sample_every=2', 'data.cache={made}/cache',
                                              'data.generated={given}/samples/keep.txt')
_CCN = ['data.style={given}/style', 'source={given}/source.npz', 'data.size=16', 'data.batch_size=2',
        'model.max_channels=4', 'model.style_dim=8', 'model.mapping_layers=2', 'train.sample_every=2',
        'train.save_every=2', 'train.steps=2', 'train.device=cpu', 'loss.identity=0.5',
        'loss.identity_network={given}/faces16.pb', 'optim.ema_decay=0.9']
_REPRODUCE = ['size=64', 'align.photos=false', 'align.exemplars=false', 'ttn.loss.content_network=dlib']

# filter_faces writes the list that train.py ttn reads. Left out: dctnet.doctor, which takes no paths; train.py and
# infer.py, which are dctnet.train and dctnet.infer; the kinds of import_weights but two, which read single files by the
# same functions, and need large ones.
WORDS: Dict[str, Union[str, List[str]]] = {
    'filter_faces': 'data_tools.filter_faces {given}/samples --exemplars {given}/style --keep 1.0 --duplicates -1 '
                    '--force --device cpu',
    'train ttn': _TTN,
    'train ttn, resumed': _TTN + ['--set', 'train.steps=6'],
    'train ccn': ['dctnet.train', 'ccn', '--config', 'ccn/official.yaml', '--run', '{made}/ccn', '--set', *_CCN],
    'report': 'dctnet.report.__main__ {given}/trained --out {made}/{name}.html',
    'export': 'dctnet.export --run {given}/trained --out {made}/model --mask {given}/photo/{name}.png '
              '--format pb,onnx,tflite,saved_model,modelscope --size 32 32',
    'infer': _INFER + ' --input {given}/portraits/{name}.png --output {made}/{name}.png --landmarks-json',
    'infer, a folder': _INFER + ' --input {given}/portraits --output {made}/pictures',
    'infer, a clip': _INFER + ' --input {given}/{name}.mp4 --output {made}/{name}.mp4',
    'infer, frames': _INFER + ' --input {given}/frames --pattern frame-%d.png --output {made}/frames.gif',
    'evaluate': 'dctnet.evaluate --photos {given}/portraits --results {given}/results --styles {given}/style --out '
                '{made}/report.json --features {given}/faces8.pb --identity {given}/faces8.pb --device cpu --cache '
                '{made}/cache_of_evaluate',
    'study make': 'dctnet.study.__main__ make --photos {given}/portraits --results {given}/results {given}/portraits '
                  '--out {made}/study.html',
    'study score': 'dctnet.study.__main__ score {given}/answers/{name}.json --out {made}/scores.json',
    'flicker': 'dctnet.flicker {given}/{name}.mp4 {given}/cartoon.mp4',
    'web': 'web --models {given}/models --port 0 --device cpu',
    'web --static': 'dctnet.web.__main__ --models {given}/styles --static {made}/site --runtime {given}/runtime',
    'align_faces': 'data_tools.align_faces {given}/portraits {made}/aligned --size 64 --detect-pixels 160000',
    'augment_geometry': 'data_tools.augment_geometry {given}/style {made}/views',
    'check': 'data_tools.check {given}/photo {given}/style --out {made}/check.html',
    'import_weights generator': 'data_tools.import_weights generator {given}/trained --out {made}/imported',
    'import_weights descriptor': 'data_tools.import_weights descriptor --out {made}/descriptor.pb',
    'fetch': 'fetch {made}/fetched',
    'generate_exemplars': ['data_tools.generate_exemplars', '--style', 'watercolor', '--model', '{given}/ready',
                           '--subjects', '{given}/answers/subjects.txt', '--out', '{made}/exemplars'],
    'generate_style_faces': 'data_tools.generate_style_faces --run {given}/calibrated --out {made}/drawn --count 3 '
                            '--mean-samples 20 --device cpu',
    'project': 'data_tools.project --run {given}/calibrated --photos {given}/photo --out {made}/projected --steps 2 '
               '--distance {given}/content.pb --device cpu',
    'content_scale': 'data_tools.content_scale {given}/content.pb',
    'make_style': 'data_tools.make_style --recipe recipe/smoke.yaml --photos {given}/portraits --exemplars '
                  '{given}/portraits --out {made}/work --until align',
    'reproduce': ['data_tools.reproduce', '--photos', '{given}/photo', '--exemplars', '{given}/style', '--test',
                  '{given}/samples', '--out', '{made}/reproduced', '--only', 'paper', '--dry-run', '--set',
                  *_REPRODUCE],
}
# They take minutes on material of their own and start the commands above: only what refuses their folder is tried.
SLOW: Dict[str, Union[str, List[str]]] = {
    'demo': 'data_tools.demo --out {made}/demo',
    'recipe_smoke': 'data_tools.recipe_smoke --out {made}/recipe',
    'reproduce_smoke': 'data_tools.reproduce_smoke --out {made}/smoke',
}


def words_of(command: str, given: Path, made: Path, name: str) -> List[str]:
    """The module, or 'web' or 'fetch', and its words."""
    words = {**WORDS, **SLOW}[command]
    return [word.replace('{given}', str(given)).replace('{made}', str(made)).replace('{name}', name)
            for word in (words.split() if isinstance(words, str) else words)]


def results() -> Set[str]:
    """Names of all that the commands write into {made}."""
    texts = [words if isinstance(words, str) else ' '.join(words) for words in {**WORDS, **SLOW}.values()]
    return {found for text in texts for found in re.findall(r'{made}/([^ ]+)', text)}


def web(words: List[str]) -> int:
    """Start the page, ask for it, translate a picture in every style, and end it."""
    service = subprocess.Popen([sys.executable, '-m', 'dctnet.web'] + words, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, universal_newlines=True)
    told = service.stdout.readline() if service.stdout else ''
    found = re.search(r'http://127.0.0.1:(\d+)', told)
    if found:
        port = int(found.group(1))
        assert _ask(port, 'GET', '/')
        for style in json.loads(_ask(port, 'GET', '/api').decode())['styles']:
            address = '/api/jobs?' + urllib.parse.urlencode({'style': style['name'], 'name': style['name']})
            job = json.loads(_ask(port, 'POST', address, _portrait()).decode())
            while job['state'] not in ('done', 'failed'):
                time.sleep(.2)
                job = json.loads(_ask(port, 'GET', f"/api/jobs/{job['id']}").decode())
            assert job['state'] == 'done', job
        service.send_signal(signal.SIGINT)
    print(told + ''.join(service.communicate(timeout=60)), file=sys.stderr)
    return DONE if found and service.returncode == 130 else service.returncode


def _ask(port: int, method: str, address: str, body: Optional[bytes] = None) -> bytes:
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=60)
    try:
        connection.request(method, address, body)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status in (200, 202), (address, answer.status, content)
        return content
    finally:
        connection.close()


def _portrait() -> bytes:
    return images.encoded(Path('portrait.png'), np.ascontiguousarray(data.astronaut()[:300, 74:354, ::-1]))


def fetch(words: List[str]) -> int:
    """Bring a file from a server on this machine, by a manifest of its own."""
    from data_tools import fetch as command
    from tests.data_tools import file_server
    for name in ('http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY', command.MIRROR):
        os.environ.pop(name, None)
    with file_server.running() as server:
        server.files['net.bin'] = file_server.DATA
        entry = {'file': 'net.bin', 'source': 'https://example.org/page', 'urls': [server.url('net.bin')],
                 'sha256': file_server.SHA256, 'md5': None, 'size': len(file_server.DATA), 'verified_by': 'the test',
                 'licence': 'CC0-1.0', 'used_by': 'a test',
                 'import': 'python -m data_tools.import_weights vgg19 net.bin', 'makes': None}
        with tempfile.TemporaryDirectory() as folder:
            manifest = Path(folder) / 'manifest.yaml'
            manifest.write_text(yaml.safe_dump({'net': entry}))
            command.fetch('net', Path(words[0]), manifest)
    return DONE


OWN: Dict[str, Main] = {'web': web, 'fetch': fetch}
