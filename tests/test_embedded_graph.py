"""A frozen network in a training graph: same values as the plain import, weights once and not in the graph."""
import numpy as np
import pytest

from dctnet import frozen
from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.frozen import EmbeddedGraph

KERNEL = np.random.RandomState(0).standard_normal((3, 3, 4, 64)).astype(np.float32)
PICTURES = np.random.RandomState(1).standard_normal((1, 8, 8, 4)).astype(np.float32)


@pytest.fixture(scope='module')
def graph_def():
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, None, None, 4], name='image')
        tf.identity(tf.nn.conv2d(x, tf.constant(KERNEL), [1, 1, 1, 1], 'SAME') * 0.5, name='features')
        return graph.as_graph_def()


def test_values_and_gradients_are_those_of_the_plain_import(graph_def):
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.constant(PICTURES)
        network = EmbeddedGraph(graph_def, 'it')
        plain, = frozen.import_into(graph_def, {'image:0': x}, ['features:0'], 'it')
        first, = network({'image:0': x}, ['features:0'])
        second, = network({'image:0': 2.0 * x}, ['features:0'])
        gradients = [tf.gradients(tf.reduce_sum(y * y), x)[0] for y in (plain, first)]
        session.run(tf.local_variables_initializer())
        values, ours, theirs, doubled = session.run([plain, first, gradients[1], second])
        np.testing.assert_allclose(ours, values, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(theirs, session.run(gradients[0]), rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(doubled, 2 * values, rtol=1e-4, atol=1e-4)
        assert [variable.shape.as_list() for variable in tf.local_variables()] == [list(KERNEL.shape)]
        assert not tf.trainable_variables() and not tf.global_variables()


def test_the_graph_holds_no_weights(graph_def):
    with tf.Graph().as_default() as graph:
        EmbeddedGraph(graph_def, 'it')({'image:0': tf.zeros([1, 8, 8, 4])}, ['features:0'])
    consts = [node for node in graph.as_graph_def().node if node.op == 'Const']
    assert consts and max(node.ByteSize() for node in consts) < KERNEL.nbytes / 4


def test_the_weights_are_on_the_device_of_the_training(graph_def):
    """Whatever shares a variable's group is placed with it: one operation that only CPUs have would keep it there."""
    with tf.Graph().as_default() as graph, tf.device('/gpu:0'):
        EmbeddedGraph(graph_def, 'it')({'image:0': tf.zeros([1, 8, 8, 4])}, ['features:0'])
    nodes = graph.as_graph_def().node
    handles = [node for node in nodes if node.op == 'VarHandleOp']
    assert len(handles) == 1 and handles[0].device == '/device:GPU:0'
    beside = {node.op for node in nodes for name in node.attr['_class'].list.s
              if name.decode() == 'loc:@' + handles[0].name}
    assert beside <= {'VarHandleOp', 'AssignVariableOp', 'ReadVariableOp', 'VarIsInitializedOp', 'Identity'}
    assert {node.device for node in nodes if 'PyFunc' in node.op} == {'/device:CPU:0'}


def test_a_name_that_is_not_there(graph_def):
    with tf.Graph().as_default():
        with pytest.raises(UserError, match='it has no tensor picture:0: it takes image:0'):
            EmbeddedGraph(graph_def, 'it')({'picture:0': tf.zeros([1, 8, 8, 4])}, ['features:0'])
