"""Terms of the TTN one by one: content, colour shift, texture."""
import numpy as np
import pytest

from dctnet.compat import tf
from dctnet.config import TtnLossConfig
from dctnet.models import ttn_losses as ttn


def test_content_targets_get_no_gradient():
    with tf.Graph().as_default():
        photo = tf.zeros([1, 16, 16, 3])
        flat, output = tf.ones([1, 16, 16, 3]), tf.fill([1, 16, 16, 3], 0.25)
        terms = ttn.content_terms(ttn.TtnBatch(photo, photo, flat), output, lambda x: x * 2.0)
        assert tf.gradients(terms['content'], [photo, flat])[0] is None
        assert tf.gradients(terms['content_superpixel'], [photo, flat]) == [None, None]
        assert tf.gradients(terms['content_superpixel'], [output])[0] is not None
        with tf.Session() as session:
            found = session.run(terms)
    assert found == {'content': pytest.approx(0.5 / 768), 'content_superpixel': pytest.approx(1.5 / 768)}


def test_known_features_are_not_computed_again():
    with tf.Graph().as_default(), tf.Session() as session:
        photo, output = tf.zeros([1, 16, 16, 3]), tf.fill([1, 16, 16, 3], 0.25)
        asked = []

        def features(x):
            asked.append(x)
            return x * 2.0
        batch = ttn.TtnBatch(photo, photo, photo_features=photo + 3.0, superpixel_features=photo + 1.0)
        found = session.run(ttn.content_terms(batch, output, features))
    assert len(asked) == 1
    assert found == {'content': pytest.approx(2.5 / 768), 'content_superpixel': pytest.approx(0.5 / 768)}


def test_content_and_tv_weigh_the_same_at_every_size():
    weights = TtnLossConfig(content=200, tv=1e4, style=0.3, reference_size=256)
    half = ttn.at_size(weights, 128)
    assert (half.content, half.tv, half.style) == (50, 2500, 0.3) and ttn.at_size(weights, 256) == weights
    as_they_are = TtnLossConfig(content=200)
    assert ttn.at_size(as_they_are, 64) == as_they_are


def test_colour_shift_is_a_function_of_seed_and_step():
    def draws(seed, steps):
        with tf.Graph().as_default(), tf.Session() as session:
            step = tf.placeholder(tf.int64, [])
            shift = ttn.colour_shift(seed, step)
            return np.array([session.run(shift, {step: s}) for s in steps])
    found = draws(7, range(200))
    assert np.array_equal(found[150:], draws(7, range(150, 200)))
    assert len(np.unique(found, axis=0)) == 200 and not np.array_equal(found, draws(8, range(200)))
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    low, high = np.array(ttn.COLOUR_SHIFT_LOW), np.array(ttn.COLOUR_SHIFT_HIGH)
    assert (found >= low / (high.sum() - high + low) - 1e-6).all()  # bounds after the division by the sum
    assert (found <= high / (low.sum() - low + high) + 1e-6).all()
    np.testing.assert_allclose(found.mean(axis=0), [0.114, 0.587, 0.299], atol=0.02)
    assert list(low) == [0.014, 0.487, 0.199] and list(high) == [0.214, 0.687, 0.399]  # blue, green, red


def test_texture_is_one_grey_picture():
    x = np.random.RandomState(0).uniform(-1, 1, (2, 4, 5, 3)).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        found = session.run(ttn.texture(tf.constant(x), tf.constant([0.2, 0.5, 0.3])))
    np.testing.assert_allclose(found, (x * [0.2, 0.5, 0.3]).sum(3, keepdims=True), atol=1e-6)


def test_discriminators_may_see_smaller_pictures_and_give_larger_marks():
    """Two sizes: the mean of what each gives alone. A gain multiplies the marks."""
    with tf.Graph().as_default(), tf.Session() as session:
        rng = np.random.RandomState(0)
        style, output = [tf.constant(rng.uniform(-1, 1, (1, 32, 32, 3)).astype(np.float32)) for _ in range(2)]
        half = [tf.nn.avg_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], 'VALID') for x in (style, output)]

        def losses(style, output, **options):
            weights = TtnLossConfig(style=1, surface=0, content=0, tv=0, **options)
            found = ttn.ttn_losses(weights, ttn.TtnBatch(output, style), output, {'texture': lambda x: x}, None, None,
                                   shift=tf.constant([0.2, 0.5, 0.3]), ramp=tf.constant(1.0))
            return [found.generator.loss, found.discriminator.loss, found.discriminator.scalars['mean_fake/texture']]
        whole, small, both = session.run([losses(style, output), losses(*half), losses(style, output, scales=2)])
        np.testing.assert_allclose(both, (np.array(whole) + small) / 2, rtol=1e-5)
        assert abs(whole[0] - small[0]) > 0.01
        louder = session.run(losses(style, output, gain=3.0))
        assert louder[2] == pytest.approx(3 * whole[2], rel=1e-5) and louder[0] > whole[0]
