"""The vectors in tests/parity/data hold, and a wrong number among them is found."""
from pathlib import Path

import numpy as np
import pytest

from tests.parity import fusion, ttn

DATA = Path(__file__).parent / 'data'


def perturbed(path, tmp_path, **changes):
    """A copy of a vector file with some arrays replaced by change(array)."""
    with np.load(str(path)) as archive:
        arrays = {name: archive[name] for name in archive.files}
    for name, change in changes.items():
        arrays[name] = change(arrays[name])
    np.savez(str(tmp_path / path.name), **arrays)
    return tmp_path / path.name


def failed(rows):
    return {row.name for row in rows if not row.ok}


@pytest.fixture(scope='module')
def ttn_found():
    """What the product computes for the vectors, once: it takes seconds."""
    with np.load(str(DATA / 'ttn.npz'), allow_pickle=False) as archive:
        return ttn._compute({name: archive[name] for name in archive.files}, '')


@pytest.fixture()
def known(ttn_found, monkeypatch):
    monkeypatch.setattr(ttn, '_compute', lambda expected, salt: ttn_found)


def test_ttn(known):
    rows = ttn.check(DATA / 'ttn.npz', DATA)
    assert len(rows) == 16 and failed(rows) == set()


@pytest.mark.parametrize('name, change', [
    ('output', lambda x: x + np.float32(5e-4)), ('generator_raw', lambda x: x * np.float32(1.01)),
    ('loss_content', lambda x: x * 1.001), ('loss_g', lambda x: x * np.nan), ('loss_d', lambda x: x * 0.999),
    ('grad_norm_g', lambda x: np.concatenate([x[:1] * 1.001, x[1:]])),
    ('variables', lambda x: np.array(['other' + str(x[0])] + list(x[1:]))),
    ('superpixel', lambda x: np.concatenate([x[:, :4] + 0.1, x[:, 4:]], axis=1))])
def test_a_wrong_number_in_ttn_is_found(known, tmp_path, name, change):
    found = failed(ttn.check(perturbed(DATA / 'ttn.npz', tmp_path, **{name: change}), DATA))
    assert any(row.startswith(name) for row in found) and len(found) <= 2


def test_another_salt_makes_other_weights(tmp_path):
    from tests.parity.drawn import ttn_weight
    assert not np.array_equal(ttn_weight('a', (3, 3), ''), ttn_weight('a', (3, 3), 'salt'))
    assert ttn_weight('a', (1000,), '').std() == pytest.approx(0.05, rel=0.1)


def test_fusion():
    rows = fusion.check(DATA / 'fusion.npz', DATA)
    assert len(rows) == 7 and failed(rows) == set()


def test_a_wrong_number_in_fusion_is_found(tmp_path):
    path = perturbed(DATA / 'fusion.npz', tmp_path, result=lambda x: np.roll(x, 3, axis=1),
                     five_points=lambda x: x + 0.01, resized_shape=lambda x: x + 1)
    assert failed(fusion.check(path, DATA)) >= {'five_points', 'result_mean', 'resized_shape'}
