"""Geometry expansion: ranges of the draws, exact geometry of the warp, and borders."""
import cv2
import numpy as np
import pytest

from dctnet import images
from dctnet.data import geometry
from dctnet.data.geometry import Transform, transformed
from dctnet.data.pipeline import DomainSampler


def draws(preset, count=2000):
    return [geometry.drawn(preset, np.random.RandomState(i), True) for i in range(count)]


def test_official_draws_stay_in_their_ranges():
    found = draws('official')
    scales, angles = np.array([t.scale for t in found]), np.array([t.angle for t in found])
    assert 0.8 <= scales.min() < 0.82 and 1.08 < scales.max() <= 1.1
    assert np.mean(scales < 1) == pytest.approx(0.9, abs=0.03)
    assert set(angles) == set(range(-10, 11)) and all(t.reflect for t in found)
    assert np.mean([t.mirror for t in found]) == pytest.approx(0.5, abs=0.05)


def test_draws_of_the_paper_stay_in_their_ranges():
    found = draws('paper')
    scales, angles = np.array([t.scale for t in found]), np.array([t.angle for t in found])
    assert 0.8 <= scales.min() < 0.81 and 1.19 < scales.max() <= 1.2
    assert -90 <= angles.min() < -88 and 88 < angles.max() <= 90


def test_off_only_mirrors():
    assert {t._replace(mirror=False) for t in draws('off', 50)} == {Transform()}
    assert not any(geometry.drawn('official', np.random.RandomState(i), False).mirror for i in range(20))


def test_mirror_and_quarter_turn_are_exact():
    picture = np.random.RandomState(0).randint(0, 256, (32, 32, 3)).astype(np.uint8)
    assert np.array_equal(transformed(picture, Transform()), picture)
    assert np.array_equal(transformed(picture, Transform(mirror=True)), picture[:, ::-1])
    for reflect in (True, False):
        turned = transformed(picture, Transform(angle=90.0, reflect=reflect))
        assert np.abs(turned.astype(int) - np.rot90(picture)).max() <= 1


def test_scale_is_about_the_centre_and_onto_white():
    picture = np.full((64, 64, 3), 255, np.uint8)
    picture[22:42, 22:42] = 0
    for scale in (0.8, 1.1):
        found = transformed(picture, Transform(scale=scale))
        dark = np.argwhere(found[:, :, 0] < 128)
        assert dark.mean(0) == pytest.approx([31.5, 31.5], abs=0.1)
        assert np.ptp(dark, axis=0) + 1 == pytest.approx(20 * scale, abs=1.1)
    assert (transformed(np.zeros((64, 64, 3), np.uint8), Transform(scale=0.8))[0] == 255).all()


def test_corners_that_a_rotation_opens_are_reflected_or_white():
    dark = np.zeros((64, 64, 3), np.uint8)
    assert transformed(dark, Transform(angle=10.0)).max() == 0  # reflected
    assert transformed(dark, Transform(angle=10.0, reflect=False))[0, 0, 0] == 255
    both = transformed(dark, Transform(scale=0.8, angle=10.0))
    assert both[0, 0, 0] == 255 and both[32, 32, 0] == 0  # the white frame is turned with the picture


def test_expansion_makes_eight():
    found = geometry.expanded(np.random.RandomState(0))
    assert len(found) == 8 and len({name for name, _ in found}) == 8
    assert found[0] == ('', Transform()) and found[4] == ('_flip', Transform(True))
    for name, transform in found:
        assert transform.mirror == name.startswith('_flip')
        assert (transform.angle >= 0 if name.endswith('left') else transform.angle <= 0)


def test_the_sampler_draws_for_each_domain_anew(tmp_path):
    cv2.imwrite(str(tmp_path / 'x.png'), np.random.RandomState(0).randint(0, 256, (48, 48, 3)))
    paths = images.list_images(tmp_path)
    one, other = [DomainSampler(paths, domain, 32, 0, True, 'official') for domain in (0, 1)]
    five = one(5).picture
    assert not np.array_equal(five, other(5).picture) and not np.array_equal(five, one(6).picture)
    assert np.array_equal(five, DomainSampler(paths, 0, 32, 0, True, 'official')(5).picture)
    assert five.shape == (32, 32, 3) and five.dtype == np.uint8
