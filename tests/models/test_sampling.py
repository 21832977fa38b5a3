"""Samples of a calibrated generator: each for itself, blended, mixed and truncated as asked, with their twins."""
import numpy as np
import pytest

from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.models.blending import blend
from dctnet.models.sampling import FaceSampler, Sampling, mean_w
from dctnet.nets import stylegan2
from dctnet.nets.stylegan2 import Architecture, generator_shapes, starting_weights

TINY = Architecture(16, max_channels=6, style_dim=8, mapping_layers=2)
PLAIN = Sampling(blend=0, mean_samples=50)


def random_weights(seed):
    weights = starting_weights(generator_shapes(TINY), seed)
    for name in weights:
        if name.endswith('noise/weight'):
            weights[name] += 0.4
    return weights


SOURCE, TARGET = random_weights(1), random_weights(2)


def draw(sampling, indices=range(3), target=TARGET, source=SOURCE, twins=False):
    sampler = FaceSampler(TINY, target, source, sampling, twins, 'cpu')
    pictures = sampler(indices)
    sampler.close()
    return pictures if twins else pictures[0]


def difference(a, b):
    return np.abs(a.astype(int) - b.astype(int)).max()


def test_a_sample_depends_on_seed_and_index_alone():
    together = draw(PLAIN, range(8))
    assert together.shape == (8, 16, 16, 3) and together.dtype == np.uint8
    assert difference(together[[5, 2]], draw(PLAIN, [5, 2])) <= 1
    assert difference(together[0], together[1]) > 20
    assert difference(together, draw(PLAIN._replace(seed=1), range(8))) > 20


def by_hand(weights, w):
    """Pictures of w [N, layers, style_dim] with the generator's own noise."""
    with tf.Graph().as_default(), tf.Session() as session:
        constants = {name: tf.constant(array) for name, array in weights.items()}
        picture = session.run(stylegan2.synthesis(constants, tf.constant(w), stylegan2.fixed_noise(constants)))
    return np.clip(np.rint((picture + 1) * 127.5), 0, 255).astype(np.uint8)


def mapped(weights, z):
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(stylegan2.mapping({name: tf.constant(array) for name, array in weights.items()}, z))


def latents(indices=range(3)):
    return np.stack([np.random.RandomState([0, 1, i]).standard_normal(8) for i in indices]).astype(np.float32)


def test_truncation_pulls_to_the_mean():
    mean = mapped(TARGET, np.random.RandomState([0, 0]).standard_normal((50, 8)).astype(np.float32)).mean(0)
    np.testing.assert_allclose(mean_w(TARGET, 50, 0)[0], mean, atol=1e-5)
    w = mean + 0.25 * (mapped(TARGET, latents()) - mean)
    fixed = PLAIN._replace(truncation=0.25, fresh_noise=False)
    assert difference(draw(fixed), by_hand(TARGET, np.repeat(w[:, None], TINY.layers, 1))) <= 1
    still = draw(fixed._replace(truncation=0.0))
    assert difference(still[0], still[1]) == 0 and still[0].std() > 5
    noisy = draw(PLAIN._replace(truncation=0.0))
    assert difference(noisy[0], noisy[1]) > 0


def test_a_long_mean_is_taken_in_parts(monkeypatch):
    whole = mean_w(TARGET, 50, 3)
    monkeypatch.setattr('dctnet.models.sampling.MEAN_CHUNK', 20)
    np.testing.assert_allclose(mean_w(TARGET, 50, 3), whole, atol=1e-6)
    assert np.abs(mean_w(TARGET, 50, 4) - whole).max() > 1e-3


@pytest.mark.parametrize('resolution, width', [(4, 0.0), (8, 0.7)])
def test_blending_is_that_of_the_weights(resolution, width):
    found = draw(PLAIN._replace(blend=resolution, blend_width=width))
    expected = draw(PLAIN, target=blend(SOURCE, TARGET, resolution, width))
    assert difference(found, expected) == 0 and difference(found, draw(PLAIN)) > 20


@pytest.mark.long
def test_mixing_w():
    means = [mean_w(weights, 50, 0) for weights in (SOURCE, TARGET)]
    coarse, fine = [mean + 0.7 * (mapped(weights, latents()) - mean)
                    for weights, mean in zip((SOURCE, TARGET), means)]
    w = np.stack([coarse] * 2 + [fine] * (TINY.layers - 2), axis=1)
    mixed = PLAIN._replace(mix_w=2, fresh_noise=False)
    assert difference(draw(mixed), by_hand(TARGET, w)) <= 1
    # A blend changes the layers that draw, not where w comes from.
    assert difference(draw(mixed._replace(blend=4)), by_hand(blend(SOURCE, TARGET), w)) <= 1
    assert difference(by_hand(TARGET, w), by_hand(blend(SOURCE, TARGET), w)) > 20


def test_twins_have_the_same_latents_and_the_same_noise():
    pictures, twins = draw(PLAIN._replace(blend=4), twins=True)
    assert difference(twins, draw(PLAIN, target=SOURCE, source=None)) == 0
    assert difference(pictures, twins) > 20


def test_values_that_are_no_numbers():
    large = dict(TARGET, **{'to_rgbs/0/bias': np.full(3, np.inf, np.float32)})
    with pytest.raises(UserError, match='no finite numbers'):
        draw(PLAIN, target=large)
