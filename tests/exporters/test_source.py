"""What is exported: runs and files as before (tests/test_export.py), and model folders, with two networks too."""
import json
import shutil

import numpy as np
import pytest

from dctnet import images
from dctnet.errors import UserError
from dctnet.exporters import source
from dctnet.exporters.model_folder import write_model_folder
from tests.inference.tiny_graphs import write_model

MASK = np.full((20, 30), 90, np.uint8)


@pytest.fixture(scope='module')
def model_folder(tmp_path_factory, weights):
    """Both networks are the same; not to be changed."""
    folder = tmp_path_factory.mktemp('model')
    write_model_folder(weights, 'x', folder, {'source': 'run', 'step': 7, 'licence': 'CC0'}, MASK)
    return folder


@pytest.fixture()
def copy(model_folder, tmp_path):
    shutil.copytree(str(model_folder), str(tmp_path / 'copy'))
    return tmp_path / 'copy'


def test_a_model_folder_of_one_network(model_folder, weights):
    found = source.read(model_folder)
    assert list(found.translators()) == ['cartoon'] and found.head is found.background
    assert set(found.head) == set(weights)
    assert all(np.array_equal(found.head[name], array) for name, array in weights.items())
    assert {name: found.origin[name] for name in ('source', 'step', 'licence')} == {
        'source': 'run', 'step': 7, 'licence': 'CC0'}
    assert found.mask.shape == (20, 30) and abs(int(found.mask.mean()) - 90) <= 1


def test_a_model_folder_of_two_networks(copy, weights, tmp_path):
    other = {name: array * np.float32(0.5) for name, array in weights.items()}
    write_model_folder(other, 'x', tmp_path / 'other', {})
    shutil.copy(str(tmp_path / 'other' / 'cartoon_h.pb'), str(copy))
    found = source.read(copy).translators()
    assert list(found) == ['cartoon_h', 'cartoon_bg']
    name = 'generator/Conv_1/weights'
    assert np.array_equal(found['cartoon_h'][name], other[name])
    assert np.array_equal(found['cartoon_bg'][name], weights[name])


def test_without_card_head_and_mask(copy):
    for name in ('cartoon_bg.json', 'cartoon_h.pb', 'alpha.jpg'):
        (copy / name).unlink()
    found = source.read(copy)
    assert found.head is found.background and found.mask is None
    assert found.origin == {'source': 'copy', 'licence': source.NO_LICENCE}


def test_the_licence_that_is_named_counts(model_folder, npz):
    assert source.read(model_folder, licence='MIT').origin['licence'] == 'MIT'
    assert source.read(npz).origin == {'source': 'style.npz', 'step': 0, 'moving_average': False,
                                       'licence': source.NO_LICENCE}


def test_graphs_that_cannot_be_converted_and_damaged_cards_are_told(tmp_path, copy):
    with pytest.raises(UserError, match='cartoon_bg.pb holds no translator .* cannot be converted'):
        source.read(write_model(tmp_path / 'tiny'))
    (copy / 'cartoon_bg.json').write_text('[')
    with pytest.raises(UserError, match='cartoon_bg.json is not valid JSON'):
        source.read(copy)


def test_a_checkpoint_of_a_model_folder_is_refused(model_folder):
    with pytest.raises(UserError, match='keeps no checkpoint of step 3'):
        source.read(model_folder, '3')


def test_masks_are_grey(tmp_path):
    images.write_bgr(tmp_path / 'mask.png', np.dstack([MASK, MASK, MASK]))
    assert np.array_equal(source.read_mask(tmp_path / 'mask.png'), MASK)


def test_entries_that_are_none_of_the_origin_are_left_out(model_folder):
    card = json.loads((model_folder / 'cartoon_bg.json').read_text())
    assert 'sha256' in card and 'sha256' not in source.read(model_folder).origin
