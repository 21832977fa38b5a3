"""Leaky ReLU: its gradient, and the gradient of that, from the output alone; frozen graphs do not know of it."""
import numpy as np

from dctnet import frozen
from dctnet.compat import tf
from dctnet.ops.layers import leaky_relu

X = np.array([-3.0, -0.5, 0.0, 0.5, 3.0], np.float32)


def test_leaky_relu_gradients():
    with tf.Graph().as_default() as graph, tf.Session() as session:
        x = tf.constant(X)
        y = leaky_relu(x)
        gradient, = tf.gradients(tf.reduce_sum(y * y), x)
        second, = tf.gradients(tf.reduce_sum(gradient), x)
        np.testing.assert_allclose(session.run(y), np.where(X > 0, X, 0.2 * X), rtol=1e-6)
        np.testing.assert_allclose(session.run(gradient), 2 * np.where(X > 0, X, 0.04 * X), rtol=1e-5)
        np.testing.assert_allclose(session.run(second), 2 * np.where(X > 0, 1, 0.04), rtol=1e-5)
        used, = [operation for operation in graph.get_operations() if operation.type == 'LeakyReluGrad'
                 and operation.inputs[1].op.type == 'LeakyRelu'][:1]
        assert used.inputs[1] is y  # so that what lies before it need not be kept


def test_frozen_graphs_name_no_gradient_of_ours():
    with tf.Graph().as_default(), tf.Session() as session:
        graph_def = frozen.freeze(session, [leaky_relu(tf.placeholder(tf.float32, [5]))])
    assert [node.op for node in graph_def.node] == ['Placeholder', 'LeakyRelu']
    assert not any('_gradient_op_type' in node.attr for node in graph_def.node)
