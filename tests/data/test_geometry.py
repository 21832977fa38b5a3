"""Geometry expansion: shares and ranges of the draws, online as offline; exact geometry of the warp; borders."""
import cv2
import numpy as np
import pytest

from dctnet import images
from dctnet.data import geometry
from dctnet.data.geometry import Transform, transformed
from dctnet.data.pipeline import DomainSampler


def draws(preset, count=2000):
    return [geometry.drawn(preset, np.random.RandomState(i), True) for i in range(count)]


def of_files(count=2000):
    return [t for i in range(count // 8) for _, t in geometry.expanded(np.random.RandomState(i))]


@pytest.mark.parametrize('made', [lambda count: draws('official', count), of_files], ids=['training', 'files'])
def test_official_has_the_shares_and_means_of_the_published_files(made):
    """The numbers are those of the published script: docs/recipe.md, "GEM"."""
    found = made(4000)
    scales, angles = [np.array([getattr(t, name) for t in found]) for name in ('scale', 'angle')]
    dark = np.zeros((128, 128, 3), np.uint8)
    white = np.stack([transformed(dark, t)[..., 0] == 255 for t in found])
    assert not np.any((scales != 1) & (angles != 0))
    assert np.mean(scales == 1) == pytest.approx(0.75, abs=0.025)
    assert np.mean(angles != 0) == pytest.approx(0.5 * 10 / 11, abs=0.03)
    assert np.mean(scales) == pytest.approx(0.979, abs=0.004)
    assert np.mean(white[:, 0].all(1) & white[:, -1].all(1)) == pytest.approx(0.21, abs=0.025)  # a white frame
    assert np.mean(white) == pytest.approx(0.042, abs=0.005)
    assert np.mean([t.mirror for t in found]) == pytest.approx(0.5, abs=0.03)
    assert np.mean(scales[scales != 1] < 1) == pytest.approx(0.9, abs=0.03)
    assert 0.8 <= scales.min() < 0.81 and 1.09 < scales.max() <= 1.1
    assert set(angles) == set(range(-10, 11)) and np.mean(angles[angles != 0] > 0) == pytest.approx(0.5, abs=0.04)


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
        assert dark.mean(0) == pytest.approx([31.5, 31.5], abs=0.6)  # the frame's width is a whole number of pixels
        assert np.ptp(dark, axis=0) + 1 == pytest.approx(20 * scale, abs=1.1)


def test_scaling_averages_whole_pixels():
    """Half the size is the mean of every four pixels, on a white frame; nothing of the picture runs into it."""
    picture = np.random.RandomState(0).randint(0, 256, (32, 32, 3)).astype(np.uint8)
    found = transformed(picture, Transform(scale=0.5))
    means = picture.reshape(16, 2, 16, 2, 3).mean((1, 3))
    assert np.abs(found[8:24, 8:24] - means).max() <= 1
    found[8:24, 8:24] = 255
    assert (found == 255).all()
    enlarged = cv2.resize(picture, (36, 36), interpolation=cv2.INTER_AREA)
    assert np.array_equal(transformed(picture, Transform(scale=1.12)), enlarged[2:34, 2:34])
    assert np.array_equal(transformed(picture, Transform(scale=0.99)), picture)  # less than half a pixel: none


def test_corners_that_a_rotation_opens_are_reflected_or_white():
    dark = np.zeros((64, 64, 3), np.uint8)
    assert transformed(dark, Transform(angle=10.0, reflect=True)).max() == 0
    assert transformed(dark, Transform(angle=10.0))[0, 0, 0] == 255
    both = transformed(dark, Transform(scale=0.8, angle=10.0))
    assert (both[0] == 255).all() and both[32, 32, 0] == 0
    edge = np.zeros((64, 64, 3), np.uint8)
    edge[0] = 200  # the outermost row, on the half of the border that is turned inwards: once more beyond the border
    turned = transformed(edge, Transform(angle=10.0, reflect=True))
    assert turned[..., 0].sum() / 200 == pytest.approx(2 * 30, abs=4)


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
