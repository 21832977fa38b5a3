"""Box filters by whole rows and columns: the same numbers under the same names, in any size."""
import numpy as np
import pytest

from dctnet import frozen
from dctnet.compat import tf
from dctnet.inference.cpu_graph import add_windows
from tests.bench.published_inference import write_published_model
from tests.frozen_graphs.__main__ import weights as drawn_weights


def graph_of(function):
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, None, None, 2], name='x')
        return frozen.freeze(session, [tf.add(function(x), 1.0, name='y')])


def depthwise(kernel, strides=1, padding='SAME', rate=None):
    return lambda x: tf.nn.depthwise_conv2d(x, tf.constant(kernel, tf.float32), [1, strides, strides, 1], padding, rate)


def box(height, width, value=1.0, multiplier=1):
    return np.full((height, width, 2, multiplier), value)


def depthwise_nodes(graph_def):
    return [node for node in graph_def.node if node.op == 'DepthwiseConv2dNative']


@pytest.mark.parametrize('kernel', [box(3, 3, 1 / 9.0), box(1, 3, -2.0), box(3, 1)])
def test_windows_give_the_same_numbers_in_any_size(kernel):
    graph_def = graph_of(depthwise(kernel))
    before = graph_def.SerializeToString(deterministic=True)
    added = add_windows(graph_def)
    assert graph_def.SerializeToString(deterministic=True) == before
    assert depthwise_nodes(graph_def) and not depthwise_nodes(added)
    graphs = [frozen.FrozenGraph(each, ['x:0'], ['y:0'], 'cpu') for each in (graph_def, added)]
    for shape in [(1, 8, 12), (2, 7, 9), (1, 1, 1), (3, 1, 2), (1, 2, 1)]:
        x = np.random.RandomState(0).randn(*(shape + (2,))).astype(np.float32)
        expected, found = [graph(x) for graph in graphs]
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, atol=2e-6)


@pytest.mark.parametrize('function', [
    depthwise(box(5, 5)), depthwise(box(2, 3)), depthwise(box(3, 3), strides=2), depthwise(box(3, 3), padding='VALID'),
    depthwise(box(3, 3, multiplier=2)), depthwise(np.arange(18).reshape(3, 3, 2, 1)),
    lambda x: tf.nn.depthwise_conv2d(x, tf.reshape(x[:, :3, :3], [3, 3, 2, 1]), [1] * 4, 'SAME')])
def test_other_convolutions_stay(function):
    graph_def = graph_of(function)
    assert add_windows(graph_def) == graph_def


@pytest.mark.long
def test_a_published_translator_changes_by_one_level_at_most(tmp_path):
    write_published_model(drawn_weights(), tmp_path)
    graph_def = frozen.read_graph(tmp_path / 'cartoon_bg.pb')
    added = add_windows(graph_def)
    assert depthwise_nodes(graph_def) and not depthwise_nodes(added)
    picture = np.random.RandomState(0).randint(0, 256, (36, 44, 3)).astype(np.float32)
    expected, found = [frozen.FrozenGraph(each, device='cpu')(picture).astype(int) for each in (graph_def, added)]
    assert expected.std() > 5 and np.abs(found - expected).max() <= 1
