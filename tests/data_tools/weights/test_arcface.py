"""IR-SE50 from its PyTorch state; that the network computes the published embedding is checked in tests/parity."""
import numpy as np
import pytest

from data_tools.weights import imports
from data_tools.weights.torch_states import arcface_arrays
from dctnet import frozen
from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.nets import arcface
from dctnet.nets.pretrained import identity_network
from tests.data_tools.weights.torch_pickle import write_torch
from tests.parity.drawn import arcface_state


def shapes():
    """Names and shapes of the published state, from the network's own units."""
    def norm(name, width):
        return {f'{name}.{part}': (width,) for part in ('weight', 'bias', 'running_mean', 'running_var')}
    result = {'input_layer.0.weight': (64, 3, 3, 3), 'input_layer.2.weight': (64,),
              'output_layer.3.weight': (512, 25088), 'output_layer.3.bias': (512,)}
    result.update(norm('input_layer.1', 64), **norm('output_layer.0', 512))
    result.update(norm('output_layer.4', 512))
    for index, (inputs, outputs, _) in enumerate(arcface.bottlenecks()):
        unit = f'body.{index}.'
        result.update({unit + 'res_layer.1.weight': (outputs, inputs, 3, 3), unit + 'res_layer.2.weight': (outputs,),
                       unit + 'res_layer.3.weight': (outputs, outputs, 3, 3),
                       unit + 'res_layer.5.fc1.weight': (outputs // 16, outputs, 1, 1),
                       unit + 'res_layer.5.fc2.weight': (outputs, outputs // 16, 1, 1)})
        result.update(norm(unit + 'res_layer.0', inputs), **norm(unit + 'res_layer.4', outputs))
        if inputs != outputs:
            result[unit + 'shortcut_layer.0.weight'] = (outputs, inputs, 1, 1)
            result.update(norm(unit + 'shortcut_layer.1', outputs))
    return result


@pytest.fixture(scope='module')
def state():
    return arcface_state(shapes(), '')


def test_every_weight_arrives_in_its_place(state):
    arrays = arcface_arrays(state, 'x')
    assert {name: array.shape for name, array in arrays.items()} == arcface.shapes()
    published = sum(array.size for name, array in state.items() if 'running' not in name)
    assert sum(array.size for array in arrays.values()) == published == 43797696


@pytest.mark.parametrize('name, change, part', [
    ('body.3.shortcut_layer.0.weight', None, 'body.3.shortcut_layer.0.weight'),
    ('output_layer.3.weight', lambda x: x[:, :-512], 'IR-SE50'),
    ('body.0.res_layer.1.weight', lambda x: x[:, :, :1], 'kernel1'),
    ('input_layer.2.weight', lambda x: x * np.nan, 'finite')])
def test_other_states_are_refused(state, name, change, part):
    other = {key: value for key, value in state.items() if key != name}
    if change:
        other[name] = change(state[name])
    with pytest.raises(UserError, match=part):
        arcface_arrays(other, 'x.pth')


@pytest.mark.long  # 44 million parameters
def test_the_published_file_becomes_an_identity_network(tmp_path, state, monkeypatch):
    write_torch(tmp_path / 'model_ir_se50.pth', state)
    text = imports.import_arcface(tmp_path / 'model_ir_se50.pth', tmp_path / 'arcface.pb')
    assert 'IR-SE50, 43797696 parameters' in text
    monkeypatch.setenv('DCTNET_CHECKPOINTS', str(tmp_path))
    picture = np.random.RandomState(0).uniform(-1, 1, (2, 64, 64, 3)).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        found = session.run(identity_network('auto').embed(tf.constant(picture)))  # auto: ArcFace, being there
        expected = session.run(arcface.embedding(arcface.face_of(tf.constant(picture)), arcface_arrays(state, 'x')))
    assert found.shape == (2, 512)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert frozen.read_graph(tmp_path / 'arcface.pb').node
