"""The energy distance against a closed form; the share of a style gap that is left."""
import numpy as np
import pytest

from dctnet.metrics.style_gap import StyleGap, energy_distance


def normal(seed, mean, count=400, dimension=1, spread=1.0):
    return np.random.RandomState(seed).normal(mean, spread, (count, dimension))


def test_energy_distance_of_normal_distributions():
    """E|X - Y| of N(0, 2) is 2 / sqrt(pi); of N(d, 2) it is a folded normal's mean."""
    from scipy.stats import norm
    shift, deviation = 2.0, np.sqrt(2)
    across = deviation * np.sqrt(2 / np.pi) * np.exp(-shift ** 2 / 4) + shift * (1 - 2 * norm.cdf(-shift / deviation))
    expected = 2 * across - 2 * 2 / np.sqrt(np.pi)
    assert energy_distance(normal(0, 0), normal(1, shift)) == pytest.approx(expected, rel=0.1)


def test_it_has_no_bias_from_few_images():
    values = [energy_distance(normal(2 * i, 0, 8, 20), normal(2 * i + 1, 0, 20, 20)) for i in range(100)]
    assert abs(np.mean(values)) < 3 * np.std(values) / 10 and min(values) < 0
    assert np.mean(values) < 0.05 * energy_distance(normal(0, 0, 8, 20), normal(1, 1, 20, 20))


def vectors(seed, texture, chroma, count=60):
    return {'texture': normal(seed, texture, count, 5), 'chroma': normal(seed + 1, chroma, count, 3, spread=40)}


def test_the_gap_is_1_of_photographs_and_0_of_the_style():
    gap = StyleGap(vectors(0, 0, 0), vectors(2, 4, 100))
    assert gap.left(vectors(0, 0, 0)) == pytest.approx({'texture': 1, 'chroma': 1, 'style': 1})
    assert gap.left(vectors(4, 4, 100)) == pytest.approx({'texture': 0, 'chroma': 0, 'style': 0}, abs=0.05)
    half = gap.left(vectors(6, 2, 0))
    assert 0.2 < half['texture'] < 0.7 and half['chroma'] == pytest.approx(1, abs=0.15)
    assert min(half['texture'], half['chroma']) < half['style'] < max(half['texture'], half['chroma'])
    assert gap.left(vectors(6, -4, 0))['texture'] > 1.5  # away from the style


def test_a_part_without_a_gap_has_no_say():
    gap = StyleGap(vectors(0, 0, 0), vectors(2, 4, 0))
    found = gap.left(vectors(4, 4, 0))
    assert found['style'] == pytest.approx(0, abs=0.05) and abs(found['chroma']) < 1
    spoilt = gap.left(vectors(4, 4, 200))
    assert spoilt['texture'] == pytest.approx(0, abs=0.05) and spoilt['style'] > 0.5  # unless it is spoilt


def test_chroma_and_colour_share_one_vote():
    photos, exemplars = [{part: normal(seed, mean, 60, 5) for part in ('texture', 'chroma', 'colour')}
                         for seed, mean in ((0, 0), (2, 4))]
    drawn_only = dict(photos, texture=normal(4, 4, 60, 5))
    assert StyleGap(photos, exemplars).left(drawn_only)['style'] == pytest.approx(0.5, abs=0.03)


def test_numbers_that_never_vary_do_no_harm():
    def constant(value):
        return {'ink': np.full((3, 2), value)}
    assert StyleGap(constant(1.0), constant(1.0)).left(constant(1.0)) == pytest.approx({'ink': 0, 'style': 0}, abs=1e-6)
    one = {'ink': np.ones((1, 2))}
    assert StyleGap(one, constant(0.0)).left(one) == pytest.approx({'ink': 1, 'style': 1})
