"""Convolutions of few outputs by blocks of pixels: the same numbers under the same names, in any size."""
import numpy as np
import pytest

from dctnet import frozen
from dctnet.compat import tf
from dctnet.inference.cpu_graph import block_outputs
from tests.frozen_graphs.__main__ import weights as drawn_weights


def convolution(kernel, **options):
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, None, None, kernel.shape[2]], name='x')
        weights = tf.get_variable('weights', initializer=kernel)
        y = tf.nn.conv2d(x, weights, options.pop('strides', 1), options.pop('padding', 'SAME'), **options)
        session.run(tf.global_variables_initializer())
        return frozen.freeze(session, [tf.add(y, 1.0, name='y')])


def strides(graph_def):
    return [list(node.attr['strides'].list.i) for node in graph_def.node if node.op == 'Conv2D']


def kernel_of(side, outputs):
    return np.random.RandomState(side).randn(side, side, 6, outputs).astype(np.float32)


@pytest.mark.parametrize('side, outputs', [(7, 3), (5, 1), (9, 4)])
def test_blocks_give_the_same_numbers_in_any_size(side, outputs):
    graph_def = convolution(kernel_of(side, outputs))
    blocked = block_outputs(graph_def)
    assert strides(graph_def) == [[1, 1, 1, 1]] and strides(blocked) == [[1, 2, 2, 1]]
    graphs = [frozen.FrozenGraph(each, ['x:0'], ['y:0'], 'cpu') for each in (graph_def, blocked)]
    for shape in [(1, 8, 12), (2, 7, 9), (1, 1, 1), (1, 2, 11)]:
        x = np.random.RandomState(0).randn(*(shape + (6,))).astype(np.float32)
        expected, found = [graph(x) for graph in graphs]
        assert found.shape == expected.shape == shape + (outputs,)
        np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize('side, outputs, options', [
    (3, 3, {}), (7, 5, {}), (6, 3, {}), (7, 3, {'strides': 2}), (7, 3, {'padding': 'VALID'}),
    (7, 3, {'dilations': [1, 2, 2, 1]})])
def test_other_convolutions_stay(side, outputs, options):
    graph_def = convolution(kernel_of(side, outputs), **options)
    assert block_outputs(graph_def) == graph_def


def test_a_translator_changes_by_one_level_at_most():
    from dctnet.exporters.translator import translator_graph
    graph_def = translator_graph(drawn_weights(), 'drawn')
    blocked = block_outputs(graph_def)
    assert [1, 2, 2, 1] in strides(blocked)
    picture = np.random.RandomState(0).randint(0, 256, (36, 44, 3)).astype(np.float32)
    expected, found = [frozen.FrozenGraph(each, device='cpu')(picture).astype(int) for each in (graph_def, blocked)]
    assert expected.std() > 5 and np.abs(found - expected).max() <= 1
