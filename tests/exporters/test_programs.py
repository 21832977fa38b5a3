"""The program beside each file translates a picture without this project."""
import ast
import runpy
import subprocess
import sys

import cv2
import numpy as np
import pytest

from dctnet.exporters.translator import live_translations

NAMES = ('cartoon_h.pb', 'cartoon_bg.pb', 'cartoon.onnx', 'cartoon.tflite', 'cartoon_saved_model')
ALLOWED = {'sys', 'pathlib', 'cv2', 'onnxruntime', 'tensorflow'}


@pytest.fixture()
def photo(tmp_path):
    """A picture whose sides are no multiples of 4."""
    picture = cv2.resize(np.random.RandomState(2).randint(0, 256, (5, 6, 3)).astype(np.uint8), (46, 31))
    cv2.imwrite(str(tmp_path / 'photo.png'), picture)
    return picture


def expected(photo, name, weights):
    if name.endswith('.tflite'):
        return live_translations(weights, 'x', [cv2.resize(photo, (48, 32), interpolation=cv2.INTER_AREA)])[0]
    padded = cv2.copyMakeBorder(photo, 0, 1, 0, 2, cv2.BORDER_REPLICATE)
    return live_translations(weights, 'x', [padded])[0][:31, :46]


@pytest.mark.long
@pytest.mark.parametrize('name', NAMES)
def test_it_translates_a_picture(exported, photo, weights, tmp_path, monkeypatch, name):
    monkeypatch.setattr('sys.argv', ['program', str(tmp_path / 'photo.png'), str(tmp_path / 'cartoon.png')])
    runpy.run_path(str(exported[0] / f'{name}.py'), run_name='__main__')
    found = cv2.imread(str(tmp_path / 'cartoon.png'))
    wanted = expected(photo, name, weights)
    assert found.shape == wanted.shape and np.abs(found.astype(int) - wanted).max() <= 1


@pytest.mark.long
def test_from_any_folder_and_without_the_project(exported, photo, weights, tmp_path):
    (tmp_path / 'elsewhere').mkdir()
    done = subprocess.run([sys.executable, str(exported[0] / 'cartoon.onnx.py'), '../photo.png', 'out.png'],
                          cwd=str(tmp_path / 'elsewhere'), env={'PATH': '/usr/bin'}, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()
    found = cv2.imread(str(tmp_path / 'elsewhere' / 'out.png'))
    assert np.abs(found.astype(int) - expected(photo, 'cartoon.onnx', weights)).max() <= 1


@pytest.mark.long
def test_programs_are_short_and_need_what_they_say(exported):
    programs = sorted(exported[0].glob('*.py'))
    assert [path.name for path in programs] == sorted(f'{name}.py' for name in NAMES)
    for path in programs:
        tree = ast.parse(path.read_text())
        imports = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names} | {
            node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
        assert {name.split('.')[0] for name in imports} <= ALLOWED
        lines = path.read_text().splitlines()
        assert len([line for line in lines if line and 'import' not in line and '"""' not in line]) <= 11
        needed = {name.split('.')[0] for name in imports} - {'sys', 'pathlib', 'cv2'}
        assert f'Needs {needed.pop()} and opencv-python' in ast.get_docstring(tree)
