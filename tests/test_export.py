"""Export: the frozen graphs are the live one, under the published contract, in both runtimes."""
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from dctnet import config_file, export, frozen, images
from dctnet.compat import tf
from dctnet.config import TtnConfig
from dctnet.errors import UserError
from dctnet.exporters import model_folder, parity
from dctnet.exporters.translator import translator_graph
from dctnet.files import atomic
from dctnet.runs import checkpoint
from tests.frozen_graphs.__main__ import weights as drawn_weights

HERE = Path(__file__).parent


pytestmark = pytest.mark.usefixtures('quick_export')


@pytest.fixture(scope='module')
def weights():
    return drawn_weights()


@pytest.fixture()
def run(tmp_path, weights):
    """A run folder with a checkpoint of step 7."""
    with tf.Graph().as_default(), tf.Session() as session:
        step = tf.train.get_or_create_global_step()
        variables = [tf.get_variable(name, initializer=array) for name, array in weights.items()]
        tf.get_variable('disc_gray/conv0_1/kernel', [3])
        saver = tf.train.Saver(tf.global_variables())
        session.run(tf.global_variables_initializer())
        step.load(7, session)
        assert variables
        checkpoint.save(session, saver, tmp_path / 'run' / 'checkpoints', 7, 5)
    (tmp_path / 'run' / 'config.yaml').write_text(config_file.to_yaml(config_file.to_dict(TtnConfig())))
    return tmp_path / 'run'


def command(monkeypatch, *arguments):
    monkeypatch.setattr('sys.argv', ['export'] + [str(argument) for argument in arguments])
    return export.main()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.long
def test_the_moving_average_is_what_is_exported(weights, tmp_path):
    averaged = {name.replace('generator/', 'generator_ema/'): array * 0.5 for name, array in weights.items()}
    expected = {name: array * 0.5 for name, array in weights.items()}
    card = model_folder.write_model_folder(dict(weights, **averaged), 'x', tmp_path / 'both', {})
    other = model_folder.write_model_folder(expected, 'x', tmp_path / 'alone', {})
    assert card['sha256'] == other['sha256'] and (card['moving_average'], other['moving_average']) == (True, False)
    assert card['sha256'] != model_folder.write_model_folder(weights, 'x', tmp_path / 'last', {})['sha256']


@pytest.mark.parametrize('runtime', ['tf115', 'tf2'])
def test_what_either_runtime_froze_runs_here(runtime):
    with np.load(str(HERE / 'frozen_graphs' / 'expected.npz')) as archive:
        picture, output = archive['picture'], archive['output']
    graph = frozen.FrozenGraph(HERE / 'frozen_graphs' / (runtime + '.pb'), device='cpu')
    found = graph(picture.astype(np.float32))
    assert found.dtype == np.uint8 and found.shape == output.shape
    assert len(np.unique(output)) > 50 and np.abs(found.astype(int) - output).max() <= 1


def test_model_folder(run, tmp_path, monkeypatch, capsys):
    out = tmp_path / 'a' / 'model'
    assert command(monkeypatch, '--run', run, '--out', out) == 0
    assert names(out) == ['alpha.jpg', 'cartoon_bg.json', 'cartoon_bg.pb', 'cartoon_bg.pb.py', 'cartoon_h.json',
                          'cartoon_h.pb', 'cartoon_h.pb.py']
    assert (out / 'cartoon_h.pb').read_bytes() == (out / 'cartoon_bg.pb').read_bytes()
    card = json.loads((out / 'cartoon_h.json').read_text())
    assert card['step'] == 7 and card['source'] == 'run' and card['channels'] == 1
    assert card['sha256'] == hashlib.sha256((out / 'cartoon_h.pb').read_bytes()).hexdigest()
    assert len(card['config_sha256']) == 64 and card['largest_difference_from_live_graph'] <= 1
    assert set(card['versions']) == {'dctnet', 'tensorflow', 'numpy'}
    assert card['licence'] == 'not stated; ask whoever made the weights' and len(card['weights_sha256']) == 64
    assert card['parameters'] == sum(array.size for array in drawn_weights().values())
    mask = images.read_bgr(out / 'alpha.jpg')
    assert mask.shape == (288, 288, 3) and mask[144, 144].min() > 250 and mask[0, 0].max() < 5
    text = capsys.readouterr().out
    assert 'step 7' in text and 'from the live graph in grey levels at most 32x32 0' in text
    first = (out / 'cartoon_h.pb').read_bytes()
    assert command(monkeypatch, '--run', run / 'checkpoints' / 'model-7', '--out', out) == 0  # again, over it
    assert (out / 'cartoon_h.pb').read_bytes() == first


@pytest.mark.long
def test_from_npz_and_from_an_exported_graph(tmp_path, weights, monkeypatch):
    np.savez(str(tmp_path / 'x.npz'), **weights)
    assert command(monkeypatch, '--run', tmp_path / 'x.npz', '--out', tmp_path / 'one') == 0
    assert command(monkeypatch, '--run', tmp_path / 'one' / 'cartoon_h.pb', '--out', tmp_path / 'two') == 0
    assert (tmp_path / 'one' / 'cartoon_h.pb').read_bytes() == (tmp_path / 'two' / 'cartoon_h.pb').read_bytes()


@pytest.mark.long
def test_own_mask(run, tmp_path, monkeypatch):
    images.write_bgr(tmp_path / 'mask.png', np.full((10, 14, 3), 90, np.uint8))
    assert command(monkeypatch, '--run', run, '--out', tmp_path / 'model', '--mask', tmp_path / 'mask.png') == 0
    mask = images.read_bgr(tmp_path / 'model' / 'alpha.jpg').astype(int)
    assert mask.shape == (10, 14, 3) and np.abs(mask - 90).max() <= 1


def bad_sources(tmp_path, run, weights):
    """(arguments, part of the message)"""
    (tmp_path / 'empty').mkdir()
    np.savez(str(tmp_path / 'other.npz'), a=np.zeros(3))
    few = dict(weights)
    few.pop('generator/Conv_1/weights')
    np.savez(str(tmp_path / 'few.npz'), **few)
    np.savez(str(tmp_path / 'wide.npz'), **dict(weights, **{'generator/Conv_1/weights': np.zeros((3, 3, 1, 9))}))
    np.savez(str(tmp_path / 'scalar.npz'), **dict(weights, **{'generator/Conv/weights': np.float32(1)}))
    diverged = dict(weights, **{'generator/Conv_1/weights': weights['generator/Conv_1/weights'] * np.nan})
    np.savez(str(tmp_path / 'nan.npz'), **diverged)
    (tmp_path / 'file').write_text('')
    (tmp_path / 'no.png').write_text('')
    out = ['--out', tmp_path / 'model']
    return [
        (['--run', tmp_path / 'gone'] + out, 'gone'),
        (['--run', tmp_path / 'empty'] + out, 'holds no checkpoint'),
        (['--run', tmp_path / 'other.npz'] + out, 'holds no generator'),
        (['--run', tmp_path / 'few.npz'] + out, '1 missing (generator/Conv_1/weights)'),
        (['--run', tmp_path / 'wide.npz'] + out, 'generator/Conv_1/weights [3, 3, 1, 9]'),
        (['--run', tmp_path / 'scalar.npz'] + out, 'generator/Conv/weights'),
        (['--run', tmp_path / 'nan.npz'] + out, 'generator/Conv_1/weights'),
        (['--run', run, '--mask', tmp_path / 'no.png'] + out, 'no.png'),
        (['--run', run, '--mask', tmp_path / 'gone.png'] + out, 'gone.png'),
        (['--run', run, '--out', tmp_path / 'file'], 'file'),
        (['--run', run, '--out', tmp_path / 'file' / 'model'], 'file'),
    ]


def test_mistakes_are_told_and_leave_nothing(tmp_path, run, weights, monkeypatch):
    for arguments, part in bad_sources(tmp_path, run, weights):
        with pytest.raises(UserError) as caught:
            command(monkeypatch, *arguments)
        assert part in str(caught.value) and '\n' not in str(caught.value)
        assert not (tmp_path / 'model').exists()


def test_a_damaged_config_does_not_pass_silently(run, tmp_path, monkeypatch):
    (run / 'config.yaml').write_text('[')
    with pytest.raises(UserError, match='config.yaml'):
        command(monkeypatch, '--run', run, '--out', tmp_path / 'model')


@pytest.mark.long
def test_a_full_disk_leaves_the_old_model_whole(run, tmp_path, monkeypatch):
    out = tmp_path / 'model'
    out.mkdir()
    for name in ('cartoon_h.pb', 'alpha.jpg'):
        (out / name).write_text('old')
    flushed = []
    usual = atomic.os.fsync

    def refuse(handle):
        if len(flushed) == 2:
            raise OSError(28, 'No space left on device')
        flushed.append(handle)
        usual(handle)
    monkeypatch.setattr(atomic.os, 'fsync', refuse)
    with pytest.raises(UserError, match='the disk is full'):
        command(monkeypatch, '--run', run, '--out', out)
    assert names(out) == ['alpha.jpg', 'cartoon_h.pb']
    assert {path.read_text() for path in out.iterdir()} == {'old'}


def test_a_graph_that_differs_is_never_written(weights, tmp_path, monkeypatch):
    monkeypatch.setattr(parity, 'largest', lambda found: 2)
    with pytest.raises(RuntimeError, match='cartoon_h.pb differs from the live graph by .* grey levels .*, 2 at most'):
        model_folder.write_model_folder(weights, 'x', tmp_path / 'model', {'source': 'x', 'step': 0})
    assert not (tmp_path / 'model').exists()


@pytest.mark.long
def test_the_difference_is_measured(weights):
    other = {name: array + (0.05 if name.endswith('Conv_6/biases') else 0) for name, array in weights.items()}
    of = parity.reference(weights, 'x')
    assert [picture.shape for picture in of.pictures] == [(32, 32, 3), (20, 28, 3), (16, 24, 3)]

    def found(arrays):
        graph = frozen.FrozenGraph(translator_graph(arrays, 'x'), device='cpu')
        return parity.measured(lambda batch: graph(batch[0])[None], of, 'TensorFlow')
    assert parity.largest(found(weights)) <= 1 and parity.mean(found(weights)) < 0.01
    assert parity.largest(found(other)) > 1 and list(found(other)['sizes']) == ['32x32', '20x28', '16x24']


@pytest.mark.parametrize('wanted', ['7', 'best'])
def test_a_checkpoint_of_choice(run, tmp_path, wanted):
    shutil.copytree(str(run / 'checkpoints'), str(run / 'best'))
    (run / 'best' / 'best.json').write_text('{"step": 7, "metric": "kid", "value": 0.5, "measured_on": ""}')
    for suffix in ('.index', '.data-00000-of-00001'):
        (run / 'checkpoints' / ('model-9' + suffix)).write_bytes(b'damaged')
    assert export.main(['--run', str(run), '--out', str(tmp_path / 'out'), '--checkpoint', wanted]) == 0
    assert json.loads((tmp_path / 'out' / 'cartoon_h.json').read_text())['step'] == 7


@pytest.mark.parametrize('where, wanted, told', [
    ('', 'best', 'keeps no best checkpoint'), ('', '8', 'keeps no checkpoint of step 8: there are 7'),
    ('', 'newest', '--checkpoint newest: say best'), ('checkpoints/model-7', 'best', 'goes with a run folder')])
def test_a_checkpoint_that_is_not_there(run, tmp_path, where, wanted, told):
    with pytest.raises(UserError, match=told):
        export.main(['--run', str(run / where), '--out', str(tmp_path / 'out'), '--checkpoint', wanted])
    assert not (tmp_path / 'out').exists()
