"""VGG19 from both published formats, with random numbers in place of the published ones."""

import h5py
import numpy as np
import pytest

from data_tools import import_weights
from dctnet import frozen, places
from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.nets import vgg19, vgg19_file
from tests.data_tools.command import cut, exit_code, run
from tests.files.python2_pickle import write_python2


@pytest.fixture(scope='module')
def vgg():
    """VGG19 in float32 with biases that matter."""
    weights = vgg19.random_weights(seed=3)
    rng = np.random.RandomState(4)
    return {name: [kernel, rng.standard_normal(bias.shape).astype(np.float32)]
            for name, (kernel, bias) in weights.items()}


@pytest.fixture(scope='module')
def vgg_npy(tmp_path_factory, vgg):
    """As published: also with what comes after conv4_4."""
    content = dict(vgg, conv5_1=[np.zeros((3, 3, 8, 8), np.float32)], fc6=[np.zeros(4, np.float32)] * 2)
    return write_python2(tmp_path_factory.mktemp('vgg') / 'vgg19.npy', content)


def write_keras(path, weights, kernel='{0}/{0}_W_1:0', bias='{0}/{0}_b_1:0', root=''):
    with h5py.File(str(path), 'w') as archive:
        archive.create_group(root + 'block1_pool')
        for name, arrays in weights.items():
            layer = f'block{name[4]}_conv{name[6]}'
            for form, array in zip((kernel, bias), arrays):
                archive[root + form.format(layer)] = array
    return path


def test_vgg19_npy_gives_the_features_of_its_weights(tmp_path, vgg, vgg_npy, capsys):
    assert run('vgg19', vgg_npy, '--out', tmp_path / 'new' / 'vgg19.pb') == 0
    assert '10585152 parameters' in capsys.readouterr().out
    image = np.random.RandomState(0).uniform(-1, 1, (2, 48, 40, 3)).astype(np.float32)
    found = frozen.FrozenGraph(tmp_path / 'new' / 'vgg19.pb', [frozen.CONTENT_INPUT], [frozen.CONTENT_OUTPUT],
                               device='cpu')(image)
    with tf.Graph().as_default(), tf.Session() as session:
        expected = session.run(vgg19.features(tf.constant(image), vgg))
    assert found.shape == (2, 6, 5, 512)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())
    assert [path.name for path in (tmp_path / 'new').iterdir()] == ['vgg19.pb']


@pytest.mark.parametrize('layout', [
    {}, {'kernel': '{0}/{0}/kernel:0', 'bias': '{0}/{0}/bias:0'}, {'kernel': '{0}/kernel', 'bias': '{0}/bias'},
    {'root': 'model_weights/'}])
def test_keras_file_of_every_layout_gives_the_same_weights(tmp_path, vgg, layout):
    found = vgg19_file.read(write_keras(tmp_path / 'vgg19.h5', vgg, **layout))
    for name, arrays in vgg.items():
        for array, expected in zip(found[name], arrays):
            assert np.array_equal(array, expected)


def small(vgg, *layers):
    return {name: vgg[name] for name in layers}


@pytest.mark.parametrize('write', [write_python2, write_keras])
def test_missing_or_other_layers_are_named(tmp_path, vgg, write):
    wrong = small(vgg, 'conv1_1', 'conv1_2')
    with pytest.raises(UserError, match='conv2_1 kernel is missing, .* and 17 more'):
        vgg19_file.read(write(tmp_path / 'a', wrong))
    wrong['conv1_1'] = [vgg['conv1_1'][0].transpose(3, 2, 0, 1), vgg['conv1_1'][1]]  # the order of Theano and PyTorch
    with pytest.raises(UserError, match=r'conv1_1 kernel \[64, 3, 3, 3\] instead of \[3, 3, 3, 64\]'):
        vgg19_file.read(write(tmp_path / 'b', wrong))


@pytest.mark.parametrize('layer', [
    lambda kernel, bias: [kernel, bias * np.nan], lambda kernel, bias: [kernel, bias, bias]])
def test_a_damaged_layer_is_named(tmp_path, vgg, layer):
    wrong = dict(vgg, conv2_1=layer(*vgg['conv2_1']))
    with pytest.raises(UserError, match='layer conv2_1 must be'):
        vgg19_file.read(write_python2(tmp_path / 'vgg19.npy', wrong))


def test_sources_that_cannot_serve_are_refused(tmp_path, vgg, capsys):
    keras = write_keras(tmp_path / 'cut.h5', small(vgg, 'conv1_1', 'conv1_2'))
    npy = write_python2(tmp_path / 'cut.npy', small(vgg, 'conv1_1', 'conv1_2'))
    for path in (keras, npy):
        cut(path, 0.6)
    with h5py.File(str(tmp_path / 'other.h5'), 'w') as archive:
        archive['dense/kernel'] = np.zeros(3)
        archive['block1_conv1'] = np.zeros(3)
    (tmp_path / 'text.npy').write_bytes(b'<html>not found</html>')
    (tmp_path / 'empty.npy').write_bytes(b'')
    before = sorted(tmp_path.iterdir())
    for name in ('cut.h5', 'cut.npy', 'other.h5', 'text.npy', 'empty.npy', 'none.npy', ''):
        assert exit_code('vgg19', tmp_path / name, '--out', tmp_path / 'out' / 'vgg19.pb') == 2
        assert 'error: ' in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_at_the_place_of_the_file_is_refused(tmp_path, vgg_npy, monkeypatch):
    monkeypatch.setattr(vgg19, 'freeze_graph', lambda weights: tf.GraphDef())
    (tmp_path / 'vgg19.pb').mkdir()
    assert exit_code('vgg19', vgg_npy, '--out', tmp_path / 'vgg19.pb') == 2
    assert [path.name for path in tmp_path.iterdir()] == ['vgg19.pb']


@pytest.mark.parametrize('shape, kind', [((10 ** 6, 10 ** 6), 'f4'), ((3, 3, 3, 64), 'i4'), ((64,), 'S9')])
def test_a_layer_that_states_more_than_it_can_hold_is_refused_unread(tmp_path, monkeypatch, shape, kind):
    with h5py.File(str(tmp_path / 'vgg19.h5'), 'w') as archive:
        archive.create_dataset('block1_conv1/kernel', shape, kind, chunks=(min(shape[0], 9),) * len(shape))
    monkeypatch.setattr(h5py.Dataset, '__getitem__', lambda *_: pytest.fail('it is read'))
    with pytest.raises(UserError, match='vgg19.h5 is damaged .*kernel has shape'):
        vgg19_file.read(tmp_path / 'vgg19.h5')


def test_networks_go_to_the_folder_of_pretrained_networks(tmp_path, monkeypatch):
    monkeypatch.setenv(places.CHECKPOINTS, str(tmp_path))
    for words in (['vgg19', 'x.npy'], ['arcface', 'x.pth'], ['inception', 'x.pb'], ['lpips', 'x.pth', 'y.pth']):
        assert import_weights.parse(words).out == tmp_path / f'{words[0]}.pb'
