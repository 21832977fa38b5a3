"""Folders to compare, and quick networks."""
import shutil

import pytest

from data_tools.recipe.demo_material import paint, portrait, views
from dctnet import frozen, images
from dctnet.compat import tf
from dctnet.metrics import style_vectors
from tests.training.tiny_training import write_face_network

SIZE = 32


@pytest.fixture(autouse=True)
def small_style_vectors(monkeypatch):
    """The texture network on 64 instead of 256 px: most of an evaluation's time here."""
    monkeypatch.setattr(style_vectors, 'SIDE', 64)


@pytest.fixture()
def network(tmp_path):
    """Mean of each colour and of each colour's square."""
    with tf.Graph().as_default() as graph:
        image = tf.placeholder(tf.float32, [None, SIZE, SIZE, 3], name='image')
        tf.reduce_mean(tf.concat([image, tf.square(image)], axis=3), axis=[1, 2], name='features')
    frozen.write_graph(graph.as_graph_def(), tmp_path / 'network.pb')
    return tmp_path / 'network.pb'


@pytest.fixture(scope='session')
def folders_once(tmp_path_factory):
    place = tmp_path_factory.mktemp('folders')
    photos = views(portrait(), 10, SIZE, seed=0)
    for index, photo in enumerate(photos):
        images.write_bgr(place / 'photos' / f'{index}.jpg', photo)
        images.write_bgr(place / 'painted' / f'{index}.png', paint(photo))
        images.write_bgr(place / 'inverted' / f'{index}.png', 255 - photo)
    for index, picture in enumerate(views(paint(portrait()), 12, SIZE, seed=1)):
        images.write_bgr(place / 'styles' / f'{index}.png', picture)
    return place


@pytest.fixture()
def folders(folders_once, tmp_path, caplog):
    """Ten photos, their painted and their inverted translations, and paintings of the same style."""
    caplog.set_level('INFO')
    for source in folders_once.iterdir():
        shutil.copytree(str(source), str(tmp_path / source.name))
    return tmp_path


@pytest.fixture()
def quick_identity(tmp_path):
    """Pixels in the place of dlib's 29 convolutions."""
    return write_face_network(tmp_path / 'faces.pb', 64)
