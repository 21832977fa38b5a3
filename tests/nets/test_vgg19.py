"""VGG19 as a frozen graph, against plain numpy on the first layers and by its structure."""
import numpy as np
import pytest
from scipy.ndimage import correlate

from dctnet import frozen
from dctnet.compat import tf
from dctnet.graph_safety import contents
from dctnet.nets import vgg19


@pytest.fixture(scope='module')
def weights():
    return vgg19.random_weights(seed=0)


def test_layers_and_shapes():
    assert len(vgg19.LAYERS) == 12 and vgg19.LAYERS[-1] == 'conv4_4'
    assert sum(int(np.prod(shape)) + shape[3] for shape in vgg19.shapes().values()) == 10585152
    assert vgg19.shapes()['conv1_1'] == (3, 3, 3, 64) and vgg19.shapes()['conv4_1'] == (3, 3, 256, 512)


def test_random_weights_are_a_function_of_the_seed(weights, monkeypatch):
    monkeypatch.setattr(vgg19, 'shapes', lambda: {'conv1_1': (3, 3, 3, 64)})
    a, b = [vgg19.random_weights(seed)['conv1_1'][0] for seed in (0, 1)]
    assert np.array_equal(a, weights['conv1_1'][0]) and not np.array_equal(a, b)
    assert a.std() == pytest.approx(np.sqrt(2 / 27), rel=0.1)


def test_structure(weights):
    graph_def = vgg19.freeze_graph(weights)
    ops = [node.op for node in graph_def.node]
    assert ops.count('Conv2D') == 12 and ops.count('Relu') == 11 and ops.count('MaxPool') == 3  # none after conv4_4
    assert {'Placeholder', 'Const'} <= set(ops) <= contents.ALLOWED_OPS
    with tf.Graph().as_default():
        pictures = {frozen.CONTENT_INPUT: tf.zeros([2, 32, 48, 3])}
        features, = frozen.import_into(graph_def, pictures, [frozen.CONTENT_OUTPUT], 'x')
        assert features.shape.as_list() == [2, 4, 6, 512]


def test_first_layer_against_plain_convolution(weights):
    kernel, bias = weights['conv1_1'][0], np.linspace(-1, 1, 64).astype(np.float32)
    weights = dict(weights, conv1_1=[kernel, bias])
    image = np.random.RandomState(0).uniform(-1, 1, (8, 8, 3)).astype(np.float32)
    with tf.Graph().as_default() as graph, tf.Session() as session:
        vgg19.features(tf.constant(image[None]), weights)
        first = next(op for op in graph.get_operations() if op.type == 'BiasAdd')
        found = session.run(first.outputs[0])[0]
    levels = (image + 1) * 127.5 - np.array([103.939, 116.779, 123.68])  # BGR, Caffe's mean
    for channel in (0, 63):
        expected = sum(correlate(levels[:, :, c], kernel[:, :, c, channel].astype(float), mode='constant')
                       for c in range(3)) + bias[channel]
        np.testing.assert_allclose(found[:, :, channel], expected, rtol=1e-3, atol=1e-2)
