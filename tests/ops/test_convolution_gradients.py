"""The gradients for CPUs are TensorFlow's own, to rounding, for every kind of convolution; theirs, too."""
import numpy as np
import pytest

from dctnet import frozen
from dctnet.compat import tf
from dctnet.ops import convolution_gradients
from dctnet.ops.convolution_gradients import cpu_convolution_gradients

RNG = np.random.RandomState(0)


@pytest.fixture(autouse=True)
def worth_it(monkeypatch):
    monkeypatch.setattr(convolution_gradients, 'FEWEST_MULTIPLICATIONS', 0)


def gradients_of(device, x, kernel, **attributes):
    """By x and by the kernel, the gradients of those gradients, and the kinds of operations that made them."""
    with tf.Graph().as_default() as graph, tf.Session() as session, cpu_convolution_gradients(device):
        x, kernel = tf.constant(x), tf.constant(kernel)
        y = tf.nn.conv2d(x, kernel, **attributes)
        first = tf.gradients(tf.reduce_sum(y * y * y), [x, kernel])
        second = tf.gradients(tf.reduce_sum(tf.square(first[0])), [x, kernel])
        kinds = [operation.type for operation in graph.get_operations() if operation.name.startswith('gradients/')]
        return session.run(first + second), kinds


@pytest.mark.parametrize('size, outputs, stride, padding', [
    ((3, 3), 5, 1, 'SAME'), ((7, 7), 3, 1, 'SAME'), ((1, 1), 1, 1, 'SAME'), ((3, 5), 2, 1, 'SAME'),
    ((3, 3), 5, 2, 'SAME'), ((3, 3), 2, 1, 'VALID'), ((2, 4), 2, 1, 'SAME')])
def test_gradients_are_tensorflows_own(size, outputs, stride, padding, monkeypatch):
    x = RNG.standard_normal((2, 10, 12, 4)).astype(np.float32)
    kernel = RNG.standard_normal(size + (4, outputs)).astype(np.float32)
    attributes = dict(strides=[1, stride, stride, 1], padding=padding)
    found, _ = gradients_of('cpu', x, kernel, **attributes)
    monkeypatch.setattr(convolution_gradients, 'gpu_present', lambda device: True)
    expected, _ = gradients_of('cpu', x, kernel, **attributes)
    for ours, theirs in zip(found, expected):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5 * np.abs(theirs).max())


def test_slow_kernels_are_not_used():
    x, kernel = np.ones((1, 8, 8, 4), np.float32), np.ones((7, 7, 4, 3), np.float32)
    _, kinds = gradients_of('cpu', x, kernel, strides=[1, 1, 1, 1], padding='SAME')
    assert 'Conv2D' in kinds and 'Conv2DBackpropInput' not in kinds and 'Conv2DBackpropFilter' not in kinds


def test_small_convolutions_keep_tensorflows_own(monkeypatch):
    x, kernel = np.ones((1, 8, 8, 4), np.float32), np.ones((7, 7, 4, 3), np.float32)
    for worth, own in ((64 * 49 * 12, False), (64 * 49 * 12 + 1, True)):
        monkeypatch.setattr(convolution_gradients, 'FEWEST_MULTIPLICATIONS', worth)
        _, kinds = gradients_of('cpu', x, kernel, strides=[1, 1, 1, 1], padding='SAME')
        assert ('Conv2DBackpropFilter' in kinds) == own


def test_a_gpu_keeps_tensorflows_own(monkeypatch):
    monkeypatch.setattr(convolution_gradients, 'gpu_present', lambda device: True)
    x, kernel = np.ones((1, 8, 8, 4), np.float32), np.ones((7, 7, 4, 3), np.float32)
    _, kinds = gradients_of('cpu', x, kernel, strides=[1, 1, 1, 1], padding='SAME')
    assert 'Conv2DBackpropInput' in kinds and 'Conv2DBackpropFilter' in kinds


def test_frozen_networks_have_them_too():
    with tf.Graph().as_default() as graph:
        image = tf.placeholder(tf.float32, [1, 8, 8, 2], name='image')
        tf.identity(tf.nn.conv2d(image, tf.ones([3, 3, 2, 2]), [1, 1, 1, 1], 'SAME'), name='features')
        graph_def = graph.as_graph_def()
    with tf.Graph().as_default() as graph, convolution_gradients.cpu_convolution_gradients('cpu'):
        image = tf.placeholder(tf.float32, [1, 8, 8, 2])
        features, = frozen.import_into(graph_def, {'image:0': image}, ['features:0'], 'a test')
        tf.gradients(features, image)
        assert 'Conv2DBackpropInput' not in {operation.type for operation in graph.get_operations()}
