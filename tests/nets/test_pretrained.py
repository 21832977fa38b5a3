"""Feature networks: Inception's published graph opened at its input, files of one's own, and what is refused."""
import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest

from data_tools.weights import imports
from dctnet import frozen
from dctnet.compat import session_config, tf
from dctnet.errors import UserError
from dctnet.nets import inception
from dctnet.nets.content_network import content_network
from dctnet.nets.pretrained import embedding_session, feature_network, identity_network
from tests.training import tiny_training

FROZEN = Path(__file__).parents[1] / 'frozen_graphs'
KERNEL = np.random.RandomState(0).normal(size=(3, 3, 3, 4)).astype(np.float32)


def published_graph():
    """A short network with the node names and the old operations of the published file, decoding of JPEG included."""
    with tf.Graph().as_default() as graph, tf.Session(config=session_config('cpu')) as session:
        picture = tf.cast(tf.image.decode_jpeg(tf.placeholder(tf.string, name='DecodeJpeg/contents'), 3), tf.float32)
        unit = tf.multiply(tf.image.resize_bilinear(picture[None], [299, 299]) - 128.0, 1 / 128.0, name='Mul')
        pooled = tf.reduce_mean(tf.nn.conv2d(unit, tf.constant(KERNEL), [1, 8, 8, 1], 'SAME'), [1, 2], keepdims=True)
        pooled = tf.identity(pooled, name='pool_3')
        tf.nn.softmax(tf.reshape(pooled, [1, 4]), name='softmax')
        graph_def = frozen.freeze(session, [graph.get_tensor_by_name('softmax:0')])
    normalisation = graph_def.node.add(name='normalised', op='BatchNormWithGlobalNormalization')
    inputs = next(node for node in graph_def.node if node.name == 'pool_3')
    normalisation.input.extend([inputs.input[0], 'mean', 'variance', 'beta', 'gamma'])
    normalisation.attr['T'].type = tf.float32.as_datatype_enum
    normalisation.attr['variance_epsilon'].f = 0.001
    normalisation.attr['scale_after_normalization'].b = False
    for name, value in (('mean', 0.5), ('variance', 1 - 0.001), ('beta', 0.0), ('gamma', 1.0)):
        node = graph_def.node.add(name=name, op='Const')
        node.attr['dtype'].type = tf.float32.as_datatype_enum
        node.attr['value'].tensor.CopyFrom(tf.make_tensor_proto(np.full(4, value, np.float32)))
    checked = graph_def.node.add(name='checked', op='CheckNumerics', input=['normalised'])
    checked.attr['T'].type = tf.float32.as_datatype_enum
    checked.attr['message'].s = b'no numbers'
    inputs.input[0] = 'checked'
    graph_def.versions.producer = 8  # as old as the normalisation
    return graph_def


def test_inception_from_the_published_file(tmp_path, monkeypatch):
    (tmp_path / 'published.pb').write_bytes(published_graph().SerializeToString())
    with pytest.raises(UserError, match='DecodeJpeg'):
        frozen.read_graph(tmp_path / 'published.pb')
    text = imports.import_inception(tmp_path / 'published.pb', tmp_path / 'inception.pb')
    assert 'inception.pb' in text
    monkeypatch.setenv('DCTNET_CHECKPOINTS', str(tmp_path))
    network = feature_network('inception')
    graph = embedding_session(network, 'cpu')
    pictures = np.random.RandomState(1).uniform(-1, 1, (2, 299, 299, 3)).astype(np.float32)
    levels = ((pictures[..., ::-1] + 1) * 127.5 - 128) / 128  # RGB
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu')) as session:
        expected = session.run(tf.reduce_mean(tf.nn.conv2d(levels, KERNEL, [1, 8, 8, 1], 'SAME'), [1, 2])) - 0.5
    np.testing.assert_allclose(graph(pictures), expected, atol=1e-5)
    graph.close()


def test_another_graph_is_no_inception(tmp_path, monkeypatch):
    with tf.Graph().as_default() as graph:
        tf.identity(tf.placeholder(tf.float32, [None, 8], name='x'), name='y')
    frozen.write_graph(graph.as_graph_def(), tmp_path / 'other.pb')
    with pytest.raises(UserError, match='other.pb has no tensor Mul:0, pool_3:0'):
        imports.import_inception(tmp_path / 'other.pb', tmp_path / 'inception.pb')
    (tmp_path / 'damaged.tar.gz').write_bytes(b'no archive')
    with pytest.raises(UserError, match='damaged.tar.gz'):
        imports.import_inception(tmp_path / 'damaged.tar.gz', tmp_path / 'inception.pb')
    (tmp_path / 'bomb.tgz').write_bytes(gzip.compress(b'\0' * 1000000))
    monkeypatch.setattr(imports, '_MOST_UNPACKED', 999999)
    with pytest.raises(UserError, match='bomb.tgz holds no frozen graph'):
        imports.import_inception(tmp_path / 'bomb.tgz', tmp_path / 'inception.pb')
    assert not (tmp_path / 'inception.pb').exists()


@pytest.mark.parametrize('make, message', [
    (lambda image: tf.reduce_mean(image, axis=[1, 2, 3]), r'the shape \[2\] for two pictures'),
    (lambda image: tf.reduce_mean(image, axis=[0, 1, 2]), r'the shape \[3\]'),
    (lambda image: tf.reshape(image, [1, -1]), r'the shape \[1, 3456\]'),
    (lambda image: tf.reshape(image, [1, 24, 24, 3]), 'other.pb does not')])
def test_graphs_whose_output_is_no_vector_a_picture(tmp_path, make, message):
    with tf.Graph().as_default() as graph:
        tf.identity(make(tf.placeholder(tf.float32, [None, 24, 24, 3], name='image')), name='features')
    frozen.write_graph(graph.as_graph_def(), tmp_path / 'other.pb')
    with pytest.raises(UserError, match=message):
        feature_network(str(tmp_path / 'other.pb'))


def test_a_file_of_ones_own(tmp_path):
    with tf.Graph().as_default() as graph:
        tf.identity(2 * tf.placeholder(tf.float32, [None, 24, 24, 3], name='image'), name='features')
    frozen.write_graph(graph.as_graph_def(), tmp_path / 'mine.pb')
    network = feature_network(str(tmp_path / 'mine.pb'))
    assert (network.kind, network.side) == ('mine.pb', 24)
    ones = np.ones((1, 24, 24, 3), np.float32)
    np.testing.assert_allclose(embedding_session(network, 'cpu')(ones), [[2, 2, 2]])


def test_one_rule_for_names_and_files(tmp_path, monkeypatch):
    monkeypatch.setenv('DCTNET_CHECKPOINTS', str(tmp_path))
    graph_def = tiny_training.content_network()
    frozen.write_graph(graph_def, tmp_path / 'mine.pb')
    frozen.write_graph(graph_def, tmp_path / 'vgg19.pb')
    assert content_network(str(tmp_path / 'mine.pb'), 32) == content_network('vgg19', 32) == graph_def
    for embed in (identity_network, feature_network):  # features with height and width are averaged
        network = embed(str(tmp_path / 'mine.pb'))
        assert (network.kind, network.file) == ('mine.pb', tmp_path / 'mine.pb')
        assert embedding_session(network, 'cpu')(np.zeros((2, network.side, network.side, 3))).shape == (2, 4)
    for choose, names in ((lambda name: content_network(name, 32), 'vgg19, dlib, random'),
                          (identity_network, 'auto, arcface, dlib'), (feature_network, 'inception, dlib')):
        with pytest.raises(UserError, match=f'other: choose {names} or a frozen graph FILE.pb'):
            choose('other')


def test_a_content_network_of_another_kind_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv('DCTNET_CHECKPOINTS', str(tmp_path))
    with pytest.raises(UserError, match='vgg19.pb is not there.*import_weights vgg19.*content_network=dlib'):
        content_network('vgg19', 32)
    shutil.copy(str(FROZEN / 'tf115.pb'), str(tmp_path / 'vgg19.pb'))  # a translator
    with pytest.raises(UserError, match='vgg19.pb has no tensor image:0, features:0'):
        content_network('vgg19', 32)


def test_images_are_scaled_to_a_graph_of_fixed_size(tmp_path):
    path = tiny_training.write_face_network(tmp_path / 'faces.pb', 16)
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu')) as session:
        embedded = session.run(identity_network(str(path)).embed(tf.fill([2, 64, 64, 3], 0.5)))
    np.testing.assert_allclose(embedded, np.full((2, 16 * 16 * 3), np.tanh(0.5)), rtol=1e-6)


def test_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv('DCTNET_CHECKPOINTS', str(tmp_path))
    with pytest.raises(UserError, match='inception.pb is not there.*fetch inception_2015.*--features dlib'):
        feature_network('inception')
    with pytest.raises(UserError, match='choose inception, dlib or'):
        feature_network('incption')
    assert inception.SIDE == 299
