"""What may be asked for: mistakes are told before anything is loaded."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dctnet import export
from dctnet.errors import UserError
from dctnet.exporters import choice

ROOT = Path(__file__).parents[2]


def test_names_of_files():
    assert choice.file_name('cartoon', 'onnx') == 'cartoon.onnx'
    assert choice.file_name('cartoon_h', 'tflite', 'int8') == 'cartoon_h-int8.tflite'
    assert choice.file_names('c', ['pb', 'onnx', 'saved_model'], ['float32', 'float16']) == [
        'c.onnx', 'c.onnx.json', 'c.onnx.py', 'c-float16.onnx', 'c-float16.onnx.json', 'c-float16.onnx.py',
        'c_saved_model', 'c_saved_model.json', 'c_saved_model.py']


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setattr(choice, 'find_spec', lambda name: None if name == 'onnxruntime' else object())
    choice.check(['pb', 'tflite'], ['float32'])
    with pytest.raises(UserError, match="format onnx needs onnxruntime, which this Python lacks: .*'.\\[onnx\\]'"):
        choice.check(['onnx'], ['float32'])


def test_packages_that_do_not_go_together_are_told_before_anything_is_written(tmp_path):
    """As onnx from 1.19 on beside the ml-dtypes of TensorFlow 2.15."""
    for package in ('tf2onnx', 'onnxruntime', 'onnx'):
        (tmp_path / 'packages' / package).mkdir(parents=True)
        (tmp_path / 'packages' / package / '__init__.py').write_text('')
    (tmp_path / 'packages' / 'onnx' / '__init__.py').write_text('import math\nmath.float4_e2m1fn\n')
    words = [sys.executable, '-m', 'dctnet.export', '--run', str(ROOT / 'tests' / 'frozen_graphs' / 'tf2.pb'), '--out',
             str(tmp_path / 'out'), '--format', 'pb,onnx']
    done = subprocess.run(words, cwd=str(ROOT), env=dict(os.environ, PYTHONPATH=str(tmp_path / 'packages')),
                          stderr=subprocess.PIPE, universal_newlines=True)
    assert done.returncode == 2 and done.stderr.count('\n') == 1, done.stderr
    for part in ('onnx, and the one that is installed does not load', "float4_e2m1fn'): install the extra"):
        assert part in done.stderr
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('formats, precisions, size, told', [
    (['pb', 'saved_model'], ['float16'], None, 'pb, saved_model is float32 always: leave --precision out'),
    (['saved_model'], ['float32'], (288, 288), '--size 288 288: for --format tflite'),
    (['tflite'], ['float32'], (288, 286), 'multiples of 4'),
    (['tflite'], ['float32'], (0, 288), 'multiples of 4')])
def test_what_does_not_go_together(formats, precisions, size, told):
    with pytest.raises(UserError, match=told):
        choice.check(formats, precisions, size)


@pytest.mark.parametrize('options, told', [
    (['--format', 'pb,coreml'], "'coreml' is none of pb, onnx, tflite, saved_model, modelscope"),
    (['--format', ''], "'' is none of pb"), (['--precision', 'int4'], "'int4' is none of float32, float16, int8")])
def test_unknown_words(options, told, tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        export.main(['--run', str(tmp_path), '--out', str(tmp_path / 'out')] + options)
    assert left.value.code == 2 and told in capsys.readouterr().err and not (tmp_path / 'out').exists()


def test_the_choice_needs_no_tensorflow():
    code = 'import sys, dctnet.export; sys.exit(bool({"tensorflow", "onnx", "onnxruntime"} & set(sys.modules)))'
    assert subprocess.run([sys.executable, '-c', code], cwd=str(ROOT)).returncode == 0
