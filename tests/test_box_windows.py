"""Box filters by whole rows and columns: the same numbers under the same names, in any size."""
import numpy as np
import pytest

from dctnet import export, frozen
from dctnet.box_windows import add_windows
from dctnet.compat import tf
from tests.frozen_graphs.__main__ import weights as drawn_weights


def graph_of(function):
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, None, None, 2], name='x')
        return frozen.freeze(session, [tf.add(function(x), 1.0, name='y')])


def pool(height, width, strides=1, padding='SAME'):
    return lambda x: tf.nn.avg_pool(x, [1, height, width, 1], [1, strides, strides, 1], padding)


def depthwise(kernel, strides=1, padding='SAME', rate=None):
    return lambda x: tf.nn.depthwise_conv2d(x, tf.constant(kernel, tf.float32), [1, strides, strides, 1], padding, rate)


def box(height, width, value=1.0, multiplier=1):
    return np.full((height, width, 2, multiplier), value)


def half(x):
    return tf.cast(pool(3, 3)(tf.cast(x, tf.float16)), tf.float32)


def operations(graph_def):
    return {node.op for node in graph_def.node} & {'AvgPool', 'DepthwiseConv2dNative'}


@pytest.mark.parametrize('function', [pool(3, 1), pool(1, 3), pool(3, 3), depthwise(box(3, 3, 1 / 9.0)),
                                      depthwise(box(1, 3, -2.0))])
def test_the_same_numbers_in_any_size(function):
    graph_def = graph_of(function)
    before = graph_def.SerializeToString(deterministic=True)
    added = add_windows(graph_def)
    assert graph_def.SerializeToString(deterministic=True) == before
    assert operations(graph_def) and not operations(added)
    graphs = [frozen.FrozenGraph(each, ['x:0'], ['y:0'], 'cpu') for each in (graph_def, added)]
    for shape in [(1, 8, 12), (2, 7, 9), (1, 1, 1), (3, 1, 2), (1, 2, 1)]:
        x = np.random.RandomState(0).randn(*(shape + (2,))).astype(np.float32)
        expected, found = [graph(x) for graph in graphs]
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize('function', [
    half, pool(2, 2), pool(5, 1), pool(3, 3, strides=2), pool(3, 3, padding='VALID'), depthwise(box(5, 5)),
    depthwise(box(3, 3), strides=2), depthwise(box(3, 3), padding='VALID'), depthwise(box(3, 3, multiplier=2)),
    depthwise(np.arange(18).reshape(3, 3, 2, 1))])
def test_other_operations_stay(function):
    graph_def = graph_of(function)
    assert add_windows(graph_def) == graph_def


def test_a_kernel_that_is_no_constant_stays():
    graph_def = graph_of(lambda x: tf.nn.depthwise_conv2d(x, tf.reshape(x[:, :3, :3], [3, 3, 2, 1]), [1] * 4, 'SAME'))
    assert add_windows(graph_def) == graph_def


def test_a_translator_changes_by_one_level_at_most():
    graph_def = export.translator_graph(drawn_weights(), 'drawn')
    added = add_windows(graph_def)
    assert operations(graph_def) and not operations(added)
    picture = np.random.RandomState(0).randint(0, 256, (36, 44, 3)).astype(np.float32)
    expected, found = [frozen.FrozenGraph(each, device='cpu')(picture).astype(int) for each in (graph_def, added)]
    assert expected.std() > 5 and np.abs(found - expected).max() <= 1
