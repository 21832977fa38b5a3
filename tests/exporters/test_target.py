"""The folder of an export holds files of one style."""
import json

import pytest

from dctnet.errors import UserError
from dctnet.exporters import target


def put_card(folder, name, weights_hash):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps({'weights_sha256': weights_hash}))


def test_what_is_written_anew_may_be_of_another_translator(tmp_path):
    put_card(tmp_path / 'out', 'cartoon.onnx.json', 'old')
    target.check(tmp_path / 'out', ['cartoon.onnx', 'cartoon.onnx.json'], ['new'])
    target.check(tmp_path / 'missing' / 'out', ['cartoon.onnx'], ['new'])
    (tmp_path / 'out' / 'cartoon_saved_model').mkdir()
    target.check(tmp_path / 'out', ['cartoon_saved_model', 'cartoon.onnx.json'], ['new'])


def test_what_would_stay_may_not(tmp_path):
    put_card(tmp_path / 'out', 'cartoon.tflite.json', 'old')
    with pytest.raises(UserError, match='another translator .cartoon.tflite.json., which would stay there'):
        target.check(tmp_path / 'out', ['cartoon.onnx', 'cartoon.onnx.json'], ['new'])
    target.check(tmp_path / 'out', ['cartoon.onnx', 'cartoon.onnx.json'], ['other', 'old'])


def test_other_json_files_do_not_count(tmp_path):
    for name, text in (('configuration.json', '{"task": "x"}'), ('damaged.json', '['), ('list.json', '[1]')):
        (tmp_path / name).write_text(text)
    target.check(tmp_path, ['cartoon.onnx'], ['new'])


def test_places_that_cannot_be_written_to_are_told(tmp_path):
    (tmp_path / 'file').write_text('')
    for place in ('file', 'file/out'):
        with pytest.raises(UserError, match='is a file'):
            target.check(tmp_path / place, ['cartoon.onnx'], ['new'])
    (tmp_path / 'cartoon.onnx').mkdir()
    with pytest.raises(UserError, match='a folder stands at .*cartoon.onnx'):
        target.check(tmp_path, ['cartoon.onnx'], ['new'])
