"""The whole export: every format from one command, cards, ModelScope's configuration, two networks, nothing half."""
import hashlib
import json
import shutil

import numpy as np
import pytest

from dctnet import export, frozen, process
from dctnet.errors import UserError
from dctnet.exporters import folder, parity, source
from dctnet.exporters.card import weights_hash

MODELS = ('cartoon.onnx', 'cartoon.tflite', 'cartoon_saved_model', 'cartoon_h.pb', 'cartoon_bg.pb')


def card_of(path):
    beside = path.with_suffix('.json') if path.suffix == '.pb' else path.with_name(path.name + '.json')
    return json.loads(beside.read_text())


@pytest.mark.long
def test_all_files(exported):
    out, printed = exported
    cards = {name.replace('.pb', '') + '.json' for name in MODELS}
    assert {path.name for path in out.iterdir()} == set(MODELS) | cards | {f'{name}.py' for name in MODELS} | {
        'alpha.jpg', 'configuration.json'}
    assert [line.split(':')[0] for line in printed.splitlines()] == [str(out / name) for name in MODELS]


@pytest.mark.long
@pytest.mark.parametrize('name', MODELS)
def test_every_card_tells_what_a_program_needs(exported, weights, name):
    card = card_of(exported[0] / name)
    path = exported[0] / name
    data = (path / 'saved_model.pb' if path.is_dir() else path).read_bytes()
    assert card['sha256'] == hashlib.sha256(data).hexdigest() and card['weights_sha256'] == weights_hash(weights)
    assert card['licence'] == 'CC0' and card['source'] == 'style.npz' and card['precision'] == 'float32'
    assert card['parameters'] == sum(array.size for array in weights.values()) and card['channels'] == 2
    for end, dtype in (('input', 'float32'), ('output', 'uint8')):
        entry = card[end]
        assert entry['dtype'] == dtype and entry['colour'] == 'BGR' and entry['range'] == [0, 255]
        assert entry['multiple_of'] == 4 and entry['layout'] == ('HWC' if name.endswith('.pb') else 'NHWC')
        assert len(entry['shape']) == len(entry['layout'])
    assert parity.largest(card['parity']) <= 1 and parity.mean(card['parity']) <= 0.02
    assert {'dctnet', 'tensorflow'} <= set(card['versions'])


@pytest.mark.long
def test_modelscope_s_configuration(exported):
    configuration = json.loads((exported[0] / 'configuration.json').read_text())
    assert configuration == {'framework': 'tensorflow', 'task': 'image-portrait-stylization',
                             'pipeline': {'type': 'unet-person-image-cartoon'}}


@pytest.mark.long
def test_two_networks_become_two_models(tmp_path, weights, npz, reference):
    other = {name: array * np.float32(0.5) for name, array in weights.items()}
    both = source.Source(other, weights, 'x', {'source': 'x'})
    cards = dict(folder.write(both, tmp_path / 'out', ['pb', 'saved_model'], ['float32']))
    assert set(cards) == {'cartoon_h.pb', 'cartoon_bg.pb', 'cartoon_h_saved_model', 'cartoon_bg_saved_model'}
    assert cards['cartoon_h.pb']['weights_sha256'] == cards['cartoon_h_saved_model']['weights_sha256']
    assert cards['cartoon_h.pb']['weights_sha256'] != cards['cartoon_bg.pb']['weights_sha256']
    graph = frozen.FrozenGraph(tmp_path / 'out' / 'cartoon_bg.pb', device='cpu')
    found = graph(reference.pictures[0].astype(np.float32))
    assert np.abs(found.astype(int) - reference.translations[0]).max() <= 1
    assert set(source.read(tmp_path / 'out').translators()) == {'cartoon_h', 'cartoon_bg'}


@pytest.mark.long
def test_a_format_is_added_to_a_model_folder(exported, tmp_path):
    shutil.copytree(str(exported[0]), str(tmp_path / 'model'))
    for path in (tmp_path / 'model').glob('cartoon.*'):
        path.unlink()
    assert export.main(['--run', str(tmp_path / 'model'), '--out', str(tmp_path / 'model'), '--format', 'onnx']) == 0
    found, wanted = [card_of(folder_ / 'cartoon.onnx') for folder_ in (tmp_path / 'model', exported[0])]
    assert {name: found[name] for name in ('weights_sha256', 'licence', 'source', 'input')} == {
        name: wanted[name] for name in ('weights_sha256', 'licence', 'source', 'input')}


@pytest.mark.long
def test_what_is_refused_leaves_nothing(tmp_path, npz, exported, monkeypatch):
    process.find_own_programs()
    monkeypatch.setitem(parity.LIMITS, 'int8', (0, 0.0))
    with pytest.raises(UserError, match='cartoon-int8.onnx differs .* This style does not bear it'):
        export.main(['--run', str(npz), '--out', str(tmp_path / 'out'), '--format', 'pb,onnx', '--precision',
                     'float32,int8'])
    assert not (tmp_path / 'out').exists()
    shutil.copytree(str(exported[0]), str(tmp_path / 'old'))
    np.savez(str(tmp_path / 'new.npz'), **{name: array * 0.5 for name, array in source.read(npz).head.items()})
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / 'old').iterdir()}
    with pytest.raises(UserError, match=r'holds a file of another translator \(cartoon.onnx.json\)'):
        export.main(['--run', str(tmp_path / 'new.npz'), '--out', str(tmp_path / 'old'), '--format', 'saved_model'])
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / 'old').iterdir()} == before
