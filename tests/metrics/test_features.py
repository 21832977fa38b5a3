"""Features of folders: independent of names and order, kept, and refused if they are no numbers."""
import numpy as np
import pytest

from dctnet import images
from dctnet.errors import UserError
from dctnet.metrics import features


class Means:
    """Mean of each colour of each picture; counts what it was asked."""

    def __init__(self, seen=None):
        self.seen = 0

    def __call__(self, batch):
        self.seen += len(batch)
        return batch.mean(axis=(1, 2))


@pytest.fixture()
def paths(tmp_path):
    rng = np.random.RandomState(0)
    for index in range(20):
        images.write_bgr(tmp_path / 'a' / f'{index:02d}.png', rng.randint(0, 256, (16, 16, 3)).astype(np.uint8))
    return images.list_images(tmp_path / 'a')


def found(paths, network, tmp_path, key='k'):
    return features.folder_features(features.file_hashes(paths), network, 16, key, tmp_path / 'cache')


def test_statistics_are_kept_whatever_the_names(tmp_path, paths):
    network = Means()
    first = found(paths, network, tmp_path)
    expected = np.stack([images.to_unit(images.read_bgr(path)).mean(axis=(0, 1)) for path in paths])
    np.testing.assert_allclose(first.gaussian.mean, expected.mean(0), atol=1e-6)
    np.testing.assert_allclose(first.gaussian.covariance, np.cov(expected, rowvar=False), atol=1e-6)
    for index, path in enumerate(paths):  # other names, another order
        path.rename(path.with_name(f'{99 - index:02d}x.png'))
    again = found(images.list_images(tmp_path / 'a'), network, tmp_path)
    assert network.seen == 20
    np.testing.assert_array_equal(again.kept, first.kept)
    np.testing.assert_array_equal(again.gaussian.covariance, first.gaussian.covariance)


def test_changed_pictures_and_damaged_files_are_computed_anew(tmp_path, paths, caplog):
    network = Means()
    found(paths, network, tmp_path)
    found(paths, network, tmp_path, key='other network')
    assert network.seen == 40
    images.write_bgr(paths[0], np.zeros((16, 16, 3), np.uint8))
    found(paths, network, tmp_path)
    assert network.seen == 60
    for file in (tmp_path / 'cache').iterdir():
        file.write_bytes(file.read_bytes()[:100])
    found(paths, network, tmp_path)
    assert network.seen == 80 and 'cannot be used' in caplog.text


@pytest.mark.parametrize('name, change', [
    ('mean', lambda x: x * np.nan), ('kept', lambda x: x[:-1]), ('covariance', lambda x: x[:, :2]),
    ('count', lambda x: x + 1), ('mean', lambda x: x[0]), ('kept', None)])
def test_kept_arrays_that_do_not_fit_are_computed_anew(tmp_path, paths, caplog, name, change):
    network = Means()
    first = found(paths, network, tmp_path)
    file, = (tmp_path / 'cache').iterdir()
    with np.load(str(file)) as archive:
        arrays = {key: array for key, array in archive.items() if key != name}
        if change:
            arrays[name] = change(archive[name])
    np.savez(str(file), **arrays)
    again = found(paths, network, tmp_path)
    assert network.seen == 40 and caplog.text.count('it is made anew') == 1
    np.testing.assert_array_equal(again.gaussian.mean, first.gaussian.mean)
    found(paths, network, tmp_path)
    assert network.seen == 40


def test_pictures_too_small_for_a_face_are_refused(tmp_path, paths):
    images.write_bgr(paths[3], np.zeros((50, 1, 3), np.uint8))
    with pytest.raises(UserError, match='03.png is only 1x50 pixels'):
        found(paths, Means(), tmp_path)


def test_pictures_in_memory_are_embedded(paths):
    pictures = [images.read_bgr(path) for path in paths]
    expected = np.stack([images.to_unit(picture).mean(axis=(0, 1)) for picture in pictures])
    np.testing.assert_allclose(features.embed_images(pictures, Means(), 16), expected, atol=1e-6)
    with pytest.raises(UserError, match='weights are damaged'):
        features.embed_images(pictures, lambda batch: np.full((len(batch), 2), np.inf), 16)


def test_features_that_are_no_numbers_are_refused(tmp_path, paths):
    def broken(batch):
        return np.where(np.arange(len(batch))[:, None] == 1, np.nan, np.ones((len(batch), 3)))
    with pytest.raises(UserError, match='no finite features for .*png'):
        found(paths, broken, tmp_path)
    assert not (tmp_path / 'cache').exists()
