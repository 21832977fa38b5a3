"""project as a user meets it: photographs become projections and translations; interruptions, and mistakes."""
import json

import numpy as np
import pytest

from data_tools import project
from data_tools.reproduction import networks
from data_tools.samples import image_distance
from dctnet import images
from dctnet.compat import tf
from dctnet.errors import UserError, exit_with
from dctnet.nets import lpips
from dctnet.nets.stylegan2 import Architecture
from tests.data_tools.test_generate_style_faces import write_run

SMALL = Architecture(32, max_channels=4, style_dim=8, mapping_layers=2)


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp('ccn') / 'run', steps=(2,), a=SMALL)


@pytest.fixture()
def photos(tmp_path):
    rng = np.random.RandomState(0)
    for name in ('a.png', 'b.jpg', 'c.png'):
        images.write_bgr(tmp_path / 'photos' / name, rng.randint(0, 256, (40, 44, 3)).astype(np.uint8))
    return tmp_path / 'photos'


def run(trained, photos, *words):
    return project.main(['--run', str(trained), '--photos', str(photos), '--out', str(photos.parent / 'out'), '--steps',
                         '3', '--batch', '2', '--device', 'cpu', '--distance', 'dlib'] + [str(word) for word in words])


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.glob('**/*') if path.is_file()}


@pytest.mark.long
def test_photographs_become_projections_and_translations_and_go_on(trained, photos):
    assert run(trained, photos) == 0
    out = photos.parent / 'out'
    for name in 'abc':
        both = [images.read_bgr(folder / f'{name}.png') for folder in (out, out / 'projection')]
        assert both[0].shape == both[1].shape == (32, 32, 3) and (both[0] != both[1]).any()
        assert np.load(str(out / 'w' / f'{name}.npy')).shape == (SMALL.layers, 8)
    assert images.read_bgr(out / 'sheets' / 'pairs.png').shape == (3 * 36 - 4, 3 * 36 - 4, 3)
    whole = contents(out)
    (out / 'b.png').unlink()
    assert run(trained, photos) == 0
    again = contents(out)
    assert set(again) == set(whole)
    assert all(again[name] == whole[name] for name in whole if name.rpartition('/')[2][0] in 'ac')
    assert np.abs(images.decode_bgr(again['b.png'], 'b').astype(int)
                  - images.decode_bgr(whole['b.png'], 'b')).max() <= 1


@pytest.mark.long
def test_other_settings_are_refused_in_the_same_folder(trained, photos):
    run(trained, photos, '--steps', '1')
    with pytest.raises(UserError, match='other settings: steps is 1 there and 2 now'):
        run(trained, photos, '--steps', '2')
    assert json.loads((photos.parent / 'out' / 'projection.json').read_text())['distance'] == 'dlib'


def test_mistakes(trained, photos, tmp_path):
    images.write_bgr(photos / 'a.jpg', np.zeros((20, 20, 3), np.uint8))
    with pytest.raises(UserError, match='a.jpg and a.png share a name|a.png and a.jpg share a name'):
        run(trained, photos)
    (photos / 'a.jpg').unlink()
    with pytest.raises(UserError, match='--blend must be one of 0, 4, 8, 16, 32'):
        run(trained, photos, '--blend', '5')
    with pytest.raises(UserError, match='lpips.pb is missing'):
        run(trained, photos, '--distance', 'lpips')
    for words in (['--steps', '0'], ['--batch', '0'], ['--space', 'z']):
        with pytest.raises(SystemExit) as left:
            exit_with(lambda: run(trained, photos, *words))
        assert left.value.code == 2


def value_of(distance, photo, image):
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(distance.function(tf.constant(photo), tf.constant(image)))


def test_lpips_is_taken_if_it_is_there(tmp_path, monkeypatch):
    monkeypatch.setenv('DCTNET_CHECKPOINTS', str(tmp_path))
    assert image_distance.of_name('auto', 32).description == 'dlib'
    assert 'lpips' in networks.found_networks('dlib').lacks
    rng = np.random.RandomState(0)
    arrays = {name: np.abs(rng.standard_normal(shape) * 0.05).astype(np.float32)
              for name, shape in lpips.shapes().items()}
    (tmp_path / 'lpips.pb').write_bytes(lpips.freeze_graph(arrays).SerializeToString())
    distance = image_distance.of_name('auto', 32)
    assert distance.description.startswith('lpips ')
    assert networks.found_networks('dlib').lpips == (tmp_path / 'lpips.pb').resolve()
    photo, image = rng.uniform(-1, 1, (2, 2, 32, 32, 3)).astype(np.float32)
    found = value_of(distance, photo, image)
    assert found.shape == (2,) and (found > 0).all() and (value_of(distance, photo, photo) == 0).all()


def test_features_tell_each_picture_for_itself():
    rng = np.random.RandomState(0)
    photo, image = rng.uniform(-1, 1, (2, 2, 32, 32, 3)).astype(np.float32)
    distance = image_distance.of_name('dlib', 32)
    both = value_of(distance, photo, image)
    np.testing.assert_allclose(both[1:], value_of(distance, photo[1:], image[1:]), rtol=1e-4)
    assert (both > 0.1).all() and value_of(distance, photo, photo).max() == 0
