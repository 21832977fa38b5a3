"""dlib's face descriptor network as a frozen graph: from the installed file, and from files that are damaged."""
import numpy as np
import pytest

from data_tools.weights import imports
from dctnet import frozen
from dctnet.errors import UserError
from dctnet.face.installed_models import DESCRIPTOR, installed_model
from dctnet.nets import dlib_descriptor
from tests.data_tools.command import cut, run


def test_the_installed_network_equals_dlib(tmp_path, capsys):
    out = tmp_path / 'made' / 'descriptor.pb'
    assert run('descriptor', '--out', out) == 0
    assert '5607488 parameters' in capsys.readouterr().out
    graph = frozen.FrozenGraph(frozen.read_graph(out), [dlib_descriptor.INPUT], [dlib_descriptor.OUTPUT])
    descriptors = graph(np.random.RandomState(0).uniform(-1, 1, (2, 150, 150, 3)))
    assert descriptors.shape == (2, 128) and np.abs(descriptors).max() > 0.1
    graph.close()


def test_a_graph_that_differs_from_dlib_is_not_written(tmp_path, monkeypatch):
    read = imports.read_descriptor_weights

    def tampered(path):
        weights = read(path)
        return weights._replace(matrix=weights.matrix * 1.001)

    monkeypatch.setattr(imports, 'read_descriptor_weights', tampered)
    with pytest.raises(UserError, match='differ by .* from dlib'):
        run('descriptor', '--out', tmp_path / 'descriptor.pb')
    assert list(tmp_path.iterdir()) == []


def test_damaged_and_missing_files_are_refused(tmp_path):
    path = tmp_path / 'model.dat'
    with pytest.raises(UserError, match='model.dat does not exist'):
        run('descriptor', path, '--out', tmp_path / 'descriptor.pb')
    path.write_bytes(installed_model(DESCRIPTOR).read_bytes())
    cut(path, 0.9)
    with pytest.raises(UserError, match='model.dat is not .* or is damaged'):
        run('descriptor', path, '--out', tmp_path / 'descriptor.pb')
    assert list(tmp_path.iterdir()) == [path]
