"""Published StyleGAN2 files (the real formats, small random networks) come in whole, and nothing else does."""
import pickle
from pathlib import Path

import numpy as np
import pytest

from data_tools.weights import imports, stylegan2
from dctnet import train
from dctnet.errors import UserError
from dctnet.nets.stylegan2 import Architecture, discriminator_shapes, generator_shapes
from dctnet.runs import checkpoint
from tests.data_tools.weights.published_files import TINY, random_networks, rosinality_state, write_nvidia
from tests.data_tools.weights.torch_pickle import write_torch

ROOT = Path(__file__).parents[3]


def assert_equal(found, expected):
    assert set(found) == set(expected)
    for network in expected:
        assert set(found[network]) == set(expected[network])
        for name, array in expected[network].items():
            np.testing.assert_allclose(found[network][name], array, atol=1e-6, err_msg=name)


@pytest.mark.parametrize('protocol', [2, 4])
def test_nvidia_s_file_gives_every_network(tmp_path, protocol):
    networks = random_networks()
    imported = stylegan2.read(write_nvidia(tmp_path / 'x.pkl', networks, protocol))
    assert_equal(imported.networks, networks)
    assert imported.architecture == TINY


def test_rosinality_s_states_give_every_network():
    networks = random_networks()
    for name, weights in networks.items():
        convert = (stylegan2.discriminator_arrays if name == 'discriminator'
                   else stylegan2.generator_arrays)
        assert_equal({name: convert(rosinality_state(weights))}, {name: weights})


def test_rosinality_s_file_gives_the_same(tmp_path):
    networks = random_networks()
    states = {theirs: rosinality_state(networks[ours])
              for theirs, ours in (('g', 'generator'), ('g_ema', 'generator_ema'), ('d', 'discriminator'))}
    assert_equal(stylegan2.read(write_torch(tmp_path / 'x.pt', states)).networks, networks)


def test_a_planted_pickle_is_refused_and_not_run(tmp_path):
    class Planted:
        def __reduce__(self):
            return (open, (str(tmp_path / 'ran'), 'w'))
    (tmp_path / 'x.pkl').write_bytes(pickle.dumps((Planted(), 1, 2)))
    with pytest.raises(UserError, match='refused'):
        stylegan2.read(tmp_path / 'x.pkl')
    assert not (tmp_path / 'ran').exists()


def without(networks, network, name):
    networks[network] = {key: value for key, value in networks[network].items() if key != name}
    return networks


@pytest.mark.parametrize('content, part', [
    (b'', 'not a readable network pickle'), (b'no pickle', 'not a readable network pickle'),
    (pickle.dumps({'a': 1}), 'does not hold the three networks'), (None, 'check the path')])
def test_other_files_are_refused(tmp_path, content, part):
    if content is not None:
        (tmp_path / 'x.pkl').write_bytes(content)
    with pytest.raises(UserError, match=part):
        stylegan2.read(tmp_path / 'x.pkl')


def test_damaged_numbers_are_named(tmp_path):
    networks = random_networks()
    networks['generator']['convs/0/conv/weight'][0] = np.nan
    with pytest.raises(UserError, match='generator holds values .*convs/0/conv/weight'):
        stylegan2.read(write_nvidia(tmp_path / 'x.pkl', networks))


@pytest.mark.parametrize('a', [Architecture(256), Architecture(256, 1), Architecture(64), Architecture(1024),
                               Architecture(64, 2, 16, 32, 4)])
def test_sizes_are_told_from_the_weights(a):
    arrays = {name: np.broadcast_to(np.float32(0), shape) for name, shape in generator_shapes(a).items()}
    found = stylegan2.architecture_of(arrays, 'x')
    assert generator_shapes(found) == generator_shapes(a) and discriminator_shapes(found) == discriminator_shapes(a)


@pytest.mark.long
def test_an_import_is_a_source(tmp_path, pictures):
    networks, out = random_networks(), tmp_path / 'source.npz'
    write_nvidia(tmp_path / 'x.pkl', networks)
    text = imports.import_stylegan2(tmp_path / 'x.pkl', out)
    assert 'discriminator, generator, generator_ema of 16 px' in text
    assert len(checkpoint.read_arrays(out)) == sum(len(weights) for weights in networks.values())
    keys = [f'source={out}', f"data.style={pictures / 'style'}", 'data.size=16', 'data.batch_size=2',
            'model.max_channels=6', 'model.style_dim=8', 'model.mapping_layers=3', 'train.steps=1', 'loss.r1=0',
            'loss.path=0', 'loss.identity=0', 'train.sample_every=0']
    words = [word for key in keys for word in ('--set', key)]
    config = str(ROOT / 'configs' / 'ccn' / 'official.yaml')
    assert train.main(['ccn', '--config', config, '--run', str(tmp_path / 'run')] + words) == 0
    with pytest.raises(UserError, match='name an .npz'):
        imports.import_stylegan2(tmp_path / 'x.pkl', tmp_path / 'source.pt')
