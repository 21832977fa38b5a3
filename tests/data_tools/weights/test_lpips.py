"""LPIPS from the published PyTorch states; that the network computes LPIPS is checked in tests/nets/test_lpips.py."""
import numpy as np
import pytest

from data_tools.weights import torch_file
from data_tools.weights.torch_states import lpips_arrays
from dctnet import frozen
from dctnet.errors import UserError
from dctnet.nets import lpips
from tests.data_tools.command import exit_code, run
from tests.data_tools.weights.published_files import lpips_states
from tests.data_tools.weights.torch_pickle import write_torch


@pytest.fixture(scope='module')
def states():
    return lpips_states()


def test_every_weight_arrives_in_its_place(states):
    arrays = lpips_arrays(*states, where='x')
    assert {name: array.shape for name, array in arrays.items()} == lpips.shapes()
    # What torchvision states of AlexNet's convolutions, and the 1152 channels of the five layers.
    assert sum(array.size for array in arrays.values()) == 2469696 + 1152
    np.testing.assert_array_equal(arrays['1/kernel'][:, :, 5, 7], states[0]['features.3.weight'][7, 5])


@pytest.mark.parametrize('side, name, change, part', [
    (0, 'features.8.bias', None, 'features.8.bias'), (1, 'lin4.model.1.weight', None, 'lin4.model.1.weight'),
    (0, 'features.3.weight', lambda x: x[:, :3], '1/kernel'), (0, 'features.0.weight', lambda x: x[0], 'AlexNet'),
    (1, 'lin2.model.1.weight', lambda x: x[:, :7], '2/weight'), (1, 'lin2.model.1.weight', lambda x: x[0], 'AlexNet'),
    (1, 'lin0.model.1.weight', lambda x: -x, 'negative'), (0, 'features.0.bias', lambda x: x * np.nan, 'finite'),
    (1, 'lin1.model.1.weight', lambda x: {'a': x}, 'AlexNet')])
def test_other_states_are_refused(states, side, name, change, part):
    others = [dict(state) for state in states]
    value = others[side].pop(name)
    if change:
        others[side][name] = change(value)
    with pytest.raises(UserError, match=part):
        lpips_arrays(*others, where='x.pth and y.pth')


def test_files_in_the_other_order_are_refused(states):
    with pytest.raises(UserError, match='alexnet-owt-7be5be79.pth first'):
        lpips_arrays(*states[::-1], where='x')


def test_the_command_writes_the_graph(states, tmp_path, monkeypatch, capsys):
    """The states as torch_file gives them, which the test below does for PyTorch's own files."""
    known = dict(zip((tmp_path / 'alexnet.pth', tmp_path / 'alex.pth'), states))
    monkeypatch.setattr(torch_file, 'read_states', known.__getitem__)
    out = tmp_path / 'lpips.pb'
    assert run('lpips', *list(known) + ['--out', out]) == 0
    assert 'LPIPS on AlexNet, 2470848 parameters' in capsys.readouterr().out
    frozen.check_tensors(frozen.read_graph(out), [lpips.PHOTO, lpips.RESULT, lpips.OUTPUT], 'x')
    known[tmp_path / 'alex.pth'] = {}
    assert exit_code('lpips', *list(known) + ['--out', tmp_path / 'other.pb']) == 2
    assert not (tmp_path / 'other.pb').exists()


def test_published_files_give_the_same_weights(states, tmp_path):
    paths = [tmp_path / 'alexnet.pth', tmp_path / 'alex.pth']
    for path, state in zip(paths, states):
        write_torch(path, state)
    found = lpips_arrays(*[torch_file.read_states(path) for path in paths], where='x')
    for name, array in lpips_arrays(*states, where='x').items():
        np.testing.assert_array_equal(found[name], array)
