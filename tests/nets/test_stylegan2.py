"""StyleGAN2 against plain numpy and by its properties; numbers of the published network are in tests/parity."""
import numpy as np
import pytest

from dctnet.compat import tf
from dctnet.losses import path_lengths, r1_penalty
from dctnet.nets import stylegan2
from dctnet.nets.stylegan2 import Architecture

TINY = Architecture(size=32, channel_multiplier=2, max_channels=6, style_dim=8, mapping_layers=2)


def constants(shapes, seed=0):
    """Random weights of every kind, so that no term vanishes."""
    rng = np.random.RandomState(seed)
    weights = stylegan2.starting_weights(shapes, seed)
    return {name: tf.constant(value + 0.1 * rng.standard_normal(value.shape).astype(np.float32))
            for name, value in weights.items()}


def generated(weights, w, noise=None):
    return stylegan2.synthesis(weights, stylegan2.per_layer(w, TINY.layers), noise or stylegan2.fixed_noise(weights))


def run(function):
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(function())


def test_published_sizes():
    shapes = stylegan2.generator_shapes(Architecture(256))
    assert Architecture(256).layers == 14
    assert [Architecture(256).channels(r) for r in (4, 64, 128, 256)] == [512, 512, 256, 128]
    # The numbers of parameters that NVIDIA's configuration F prints for 1024 px.
    counts = [sum(int(np.prod(shape)) for name, shape in function(Architecture(1024)).items()
                  if not name.startswith('noises/'))
              for function in (stylegan2.generator_shapes, stylegan2.discriminator_shapes)]
    assert counts == [30370060, 29012513]
    assert shapes['convs/11/conv/weight'] == (3, 3, 128, 128) and 'convs/12/conv/weight' not in shapes


@pytest.mark.parametrize('size', [8, 32, 64])
def test_any_power_of_two(size):
    a = TINY._replace(size=size)

    def build():
        g, d = constants(stylegan2.generator_shapes(a)), constants(stylegan2.discriminator_shapes(a))
        w = stylegan2.per_layer(stylegan2.mapping(g, tf.ones([4, 8])), a.layers)
        picture = stylegan2.synthesis(g, w, stylegan2.fixed_noise(g))
        return picture, stylegan2.discriminate(d, picture)
    picture, logits = run(build)
    assert picture.shape == (4, size, size, 3) and logits.shape == (4, 1) and np.isfinite(logits).all()


def test_modulation_is_a_kernel_of_its_own_for_each_picture():
    """The clever way (scale, convolve, divide) against kernels that are modulated and demodulated one by one."""
    rng = np.random.RandomState(0)
    x, w = rng.standard_normal((2, 5, 5, 4)).astype(np.float32), rng.standard_normal((2, 8)).astype(np.float32)
    weights = {'c/weight': rng.standard_normal((3, 3, 4, 6)), 'c/modulation/weight': rng.standard_normal((8, 4)),
               'c/modulation/bias': rng.standard_normal(4)}

    def build():
        tensors = {name: tf.constant(value.astype(np.float32)) for name, value in weights.items()}
        clever = stylegan2.modulated_conv(tensors, 'c', tf.constant(x), tf.constant(w), False, True)
        style = w @ weights['c/modulation/weight'] / np.sqrt(8) + weights['c/modulation/bias']
        plain = []
        for i in range(2):
            kernel = weights['c/weight'] / np.sqrt(36) * style[i][:, None]
            kernel = kernel / np.sqrt((kernel ** 2).sum((0, 1, 2), keepdims=True) + 1e-8)
            plain.append(tf.nn.conv2d(x[i:i + 1], kernel.astype(np.float32), [1, 1, 1, 1], 'SAME'))
        return clever, tf.concat(plain, 0)
    clever, plain = run(build)
    np.testing.assert_allclose(clever, plain, rtol=1e-4, atol=1e-5)


def test_mixing_takes_the_second_style_from_the_crossover_on():
    def build():
        a, b = tf.zeros([2, 8]), tf.ones([2, 8])
        return [stylegan2.per_layer(a, TINY.layers, b, tf.constant(n)) for n in (0, 3, TINY.layers)]
    for crossover, found in zip((0, 3, TINY.layers), run(build)):
        assert found.shape == (2, TINY.layers, 8)
        assert [int(v) for v in found[1, :, 0]] == [int(i >= crossover) for i in range(TINY.layers)]


def test_truncation_and_noise():
    def build():
        g = constants(stylegan2.generator_shapes(TINY))
        w = stylegan2.mapping(g, tf.constant(np.random.RandomState(1).standard_normal((2, 8)).astype(np.float32)))
        mean = tf.reduce_mean(w, 0, keepdims=True)
        other = [noise + 1.0 for noise in stylegan2.fixed_noise(g)]
        return [generated(g, stylegan2.truncated(w, mean, psi)) for psi in (1.0, 0.0)] + [
            generated(g, w), generated(g, w, other)]
    whole, none, plain, noisy = run(build)
    np.testing.assert_allclose(whole, plain, atol=1e-4)
    assert not np.allclose(plain, noisy, atol=1e-2)
    np.testing.assert_allclose(none[0], none[1], atol=1e-5)
    assert not np.allclose(whole[0], whole[1], atol=1e-3)


def test_minibatch_stddev_is_of_groups_of_four():
    x = np.random.RandomState(0).standard_normal((8, 3, 3, 5)).astype(np.float32)
    found = run(lambda: stylegan2.minibatch_stddev(tf.constant(x)))
    groups = x.reshape(4, 2, 3, 3, 5)  # picture i belongs to group i % 2
    expected = np.sqrt(groups.var(0) + 1e-8).mean((1, 2, 3))
    np.testing.assert_allclose(found[:, 0, 0, 0], [expected[i % 2] for i in range(8)], rtol=1e-5)
    with pytest.raises(ValueError, match='groups of 4'):
        run(lambda: stylegan2.minibatch_stddev(tf.zeros([6, 4, 4, 2])))


@pytest.mark.long
def test_regularisers_against_finite_differences():
    """Both are differentiated again in training: their own gradients are checked along a random direction."""
    rng = np.random.RandomState(0)
    direction = rng.standard_normal((3, 3, 6, 6))

    def build():
        g = {k: tf.cast(v, tf.float64) for k, v in constants(stylegan2.generator_shapes(TINY)).items()}
        d = {k: tf.cast(v, tf.float64) for k, v in constants(stylegan2.discriminator_shapes(TINY)).items()}
        amount = tf.placeholder_with_default(tf.constant(0.0, tf.float64), [])
        g['convs/1/conv/weight'] += amount * direction
        d['convs/1/conv1/0/weight'] += amount * direction
        real = tf.constant(rng.uniform(-1, 1, (2, 32, 32, 3)))
        w = stylegan2.per_layer(tf.constant(rng.standard_normal((2, 8))), TINY.layers)
        picture = stylegan2.synthesis(g, w, stylegan2.fixed_noise(g))
        values = [r1_penalty(stylegan2.discriminate(d, real), real),
                  tf.reduce_sum(path_lengths(picture, w, tf.constant(rng.standard_normal((2, 32, 32, 3)))))]
        return amount, values, [tf.gradients(value, amount)[0] for value in values]
    with tf.Graph().as_default(), tf.Session() as session:
        amount, values, slopes = build()
        low, high = [session.run(values, {amount: a}) for a in (-1e-5, 1e-5)]
        for below, above, slope in zip(low, high, session.run(slopes)):
            assert abs(slope) > 1e-8 and slope == pytest.approx((above - below) / 2e-5, rel=1e-3)
