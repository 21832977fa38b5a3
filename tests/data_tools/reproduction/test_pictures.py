"""The user's folders: what is wrong with them is told; results of any size come under the names of the test faces."""
import shutil

import numpy as np
import pytest

from data_tools.reproduction import pictures
from dctnet import images
from dctnet.errors import UserError


def write(folder, names, size=(20, 20), seed=0):
    rng = np.random.RandomState(seed)
    for name in names:
        images.write_bgr(folder / name, rng.randint(0, 256, size + (3,)).astype(np.uint8))
    return folder


@pytest.fixture()
def folders(tmp_path):
    return {'photos': write(tmp_path / 'photos', ['a.png', 'b.png', 'c.png'], seed=1),
            'exemplars': write(tmp_path / 'exemplars', ['a.png', 'b.png'], seed=2),
            'test': write(tmp_path / 'test', ['x.png', 'y.png', 'z.png'], seed=3)}


def test_folders_that_overlap_are_counted_by_content(folders):
    assert [text for text in pictures.check_inputs(folders) if 'both' in text] == []
    shutil.copy(str(folders['photos'] / 'b.png'), str(folders['test'] / 'other_name.png'))
    told = [text for text in pictures.check_inputs(folders) if 'both' in text]
    assert len(told) == 1 and told[0].startswith('1 pictures are in both') and 'test' in told[0]


def test_a_test_of_training_photographs_is_refused(folders):
    shutil.rmtree(str(folders['test']))
    shutil.copytree(str(folders['photos']), str(folders['test']))
    with pytest.raises(UserError, match='all 3 test pictures .* are training photographs'):
        pictures.check_inputs(folders)


def test_too_few_pictures(folders):
    assert any('3 test pictures: with less than 500' in text for text in pictures.check_inputs(folders))
    for name in ('y.png', 'z.png'):
        (folders['test'] / name).unlink()
    with pytest.raises(UserError, match='--test .* holds 1 picture: figures need at least 2'):
        pictures.check_inputs(folders)


def test_results_of_other_sizes_are_scaled_and_told(folders, tmp_path, caplog):
    assert pictures.prepare_test(folders['test'], tmp_path / 'out' / 'test', 16) == 3
    others = write(tmp_path / 'others', ['x.jpg', 'z.webp'], size=(32, 32))
    write(others, ['not_among_them.png'])
    assert pictures.prepare_results('GAN', others, tmp_path / 'out' / 'test', tmp_path / 'out' / 'GAN', 16) == 2
    assert {path.name for path in images.list_images(tmp_path / 'out' / 'GAN')} == {'x.png', 'z.png'}
    assert images.read_bgr(tmp_path / 'out' / 'GAN' / 'x.png').shape == (16, 16, 3)
    assert 'GAN: pictures of 32x32 are scaled to 16x16' in caplog.text
    assert 'GAN: results for 2 of 3 test pictures' in caplog.text


def test_results_under_other_names_are_refused(folders, tmp_path):
    pictures.prepare_test(folders['test'], tmp_path / 'out', 16)
    with pytest.raises(UserError, match='0 of 3 pictures have the name of a test picture'):
        pictures.prepare_results('GAN', folders['photos'], tmp_path / 'out', tmp_path / 'made', 16)


def test_a_folder_that_was_made_from_other_pictures_is_refused(folders, tmp_path):
    out = tmp_path / 'out'
    pictures.prepare_test(folders['test'], out, 16)
    before = (out / 'x.png').stat().st_mtime_ns
    pictures.prepare_test(folders['test'], out, 16)
    assert (out / 'x.png').stat().st_mtime_ns == before
    with pytest.raises(UserError, match='made from other pictures, or in another size'):
        pictures.prepare_test(folders['test'], out, 32)
    with pytest.raises(UserError, match='made from other pictures'):
        pictures.prepare_test(folders['photos'], out, 16)


def test_test_pictures_of_one_name_are_refused(folders, tmp_path):
    write(folders['test'], ['x.jpg'])
    with pytest.raises(UserError, match='several pictures named x'):
        pictures.prepare_test(folders['test'], tmp_path / 'out', 16)
