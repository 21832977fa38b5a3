"""Draws are a function of what they are for: of stream and step in training, of the variable's name at the start."""
import zlib

import numpy as np
import pytest

from dctnet.compat import session_config, tf
from dctnet.nets import unet
from dctnet.nets.discriminators import ExpressionRegressor, PatchDiscriminator
from dctnet.ops.random import StatelessRandom, name_key, starting_weights


def started(seed, build, clutter=0):
    """Name -> starting value of the variables that `build` makes."""
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu')) as session:
        for _ in range(clutter):
            tf.random.uniform([3]) + tf.constant(1.0)
        with starting_weights(seed):
            build()
        session.run(tf.global_variables_initializer())
        return dict(session.run({variable.op.name: variable for variable in tf.global_variables()}))


def translator_and_critic():
    unet.unet(tf.zeros([1, 16, 16, 3]), 4)
    PatchDiscriminator('disc_gray', 1, 4)


def equal(a, b):
    return set(a) == set(b) and all(np.array_equal(a[name], b[name]) for name in a)


def test_the_start_depends_on_seed_and_name_alone():
    first = started(5, translator_and_critic)
    assert equal(first, started(5, translator_and_critic, clutter=7))
    alone = started(5, lambda: PatchDiscriminator('disc_gray', 1, 4))
    assert alone and equal(alone, {name: first[name] for name in alone})
    other = started(6, translator_and_critic)
    drawn = [name for name in first if np.ptp(first[name]) > 0]
    assert len(drawn) >= 20 and not any(np.array_equal(first[name], other[name]) for name in drawn)


def test_names_of_one_shape_get_draws_of_their_own():
    weights = started(0, lambda: unet.unet(tf.zeros([1, 16, 16, 3]), 4))
    blocks = [weights[f'generator/block_{i}/conv{j}/weights'] for i in range(4) for j in (1, 2)]
    assert len({block.shape for block in blocks}) == 1
    assert len({block.tobytes() for block in blocks}) == len(blocks)


def test_distributions_are_the_initialisers_own():
    weights = started(3, lambda: (ExpressionRegressor(8, np.ones((2, 3))), PatchDiscriminator('disc_blur', 3, 16)))
    dense = weights['expression/dense1/kernel']  # [8 · 8 · 32, 512]
    limit = np.sqrt(6 / (2048 + 512))
    assert np.abs(dense).max() <= limit + 1e-7 and dense.std() == pytest.approx(limit / np.sqrt(3), rel=0.02)
    kernel = weights['disc_blur/conv2_2/kernel']  # [3, 3, 64, 64]
    limit = np.sqrt(6 / (9 * 128))
    assert np.abs(kernel).max() <= limit and kernel.std() == pytest.approx(limit / np.sqrt(3), rel=0.02)
    u = weights['disc_blur/conv2_2/u']
    assert abs(u.mean()) < 0.5 and u.std() == pytest.approx(1, abs=0.3)
    assert not weights['disc_blur/conv2_2/bias'].any()


def test_both_runtimes_start_alike():
    """Drawn by TensorFlow 1.15.5 and 2.15.1, which agree."""
    weights = started(7, translator_and_critic)
    np.testing.assert_allclose(weights['generator/Conv_1/weights'].ravel()[:3],
                               [-0.19897607, -0.26674616, -0.21183798], rtol=1e-6)
    np.testing.assert_allclose(weights['disc_gray/conv1_1/u'].ravel()[:3],
                               [0.27445024, -0.01228858, -0.57934135], rtol=1e-5)


def test_names_have_keys_of_their_own():
    assert name_key('generator/Conv/weights') == zlib.crc32(b'generator/Conv/weights') < 2 ** 32
    assert name_key('a') != name_key('b')


def test_equal_streams_repeat_and_others_differ():
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu')) as session:
        step = tf.placeholder(tf.int64, [])
        draws = [StatelessRandom(1, step, rank).normal(stream, [4]) for rank in (0, 1) for stream in (0, 1)]
        first, again, later = [session.run(draws, {step: at}) for at in (3, 3, 4)]
    assert all(np.array_equal(a, b) for a, b in zip(first, again))
    assert len({value.tobytes() for value in first + later}) == 8
