"""Means along columns over whole lines: the same bits under the same names, in any size."""
import numpy as np
import pytest

from dctnet import frozen
from dctnet.compat import tf
from dctnet.inference.cpu_graph import pool_lines


def graph_of(window, strides=1, padding='SAME', kind=tf.float32):
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, None, None, 3], name='x')
        y = tf.nn.avg_pool(tf.cast(x, kind), [1] + window + [1], [1, strides, strides, 1], padding)
        return frozen.freeze(session, [tf.add(tf.cast(y, tf.float32), 1.0, name='y')])


def channels_of_pooling(graph_def):
    return [node.input[0].endswith('Reshape') for node in graph_def.node if node.op == 'AvgPool']


@pytest.mark.parametrize('rows', [3, 11])
def test_lines_give_the_same_bits_in_any_size(rows):
    graph_def = graph_of([rows, 1])
    pooled = pool_lines(graph_def)
    assert channels_of_pooling(graph_def) == [False] and channels_of_pooling(pooled) == [True]
    graphs = [frozen.FrozenGraph(each, ['x:0'], ['y:0'], 'cpu') for each in (graph_def, pooled)]
    for shape in [(1, 16, 12), (2, 7, 9), (1, 1, 1), (3, 1, 2), (1, 2, 1)]:
        x = np.random.RandomState(0).randn(*(shape + (3,))).astype(np.float32)
        expected, found = [graph(x) for graph in graphs]
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize('graph_def', [graph_of([1, 3]), graph_of([3, 3]), graph_of([3, 1], strides=2),
                                       graph_of([3, 1], padding='VALID'), graph_of([3, 1], kind=tf.float64)])
def test_other_pooling_stays(graph_def):
    assert pool_lines(graph_def) == graph_def
