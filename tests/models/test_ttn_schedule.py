"""The parts of a training's start, its learning rates and the moving average, step by step."""
import numpy as np
import pytest

from dctnet.compat import tf
from dctnet.config import StartConfig, TtnConfig, TtnOptimConfig
from dctnet.models import ttn_schedule
from dctnet.models.ttn_schedule import Parts


def at_steps(function, steps):
    """function(step tensor) -> its values at steps."""
    with tf.Graph().as_default(), tf.Session() as session:
        step = tf.placeholder_with_default(tf.constant(0, tf.int64), [])
        value = function(step)
        return [float(session.run(value, {step: number})) for number in steps]


def test_parts_follow_each_other():
    assert ttn_schedule.parts_of(StartConfig(pixel=5, discriminator=3, ramp=2)) == Parts(5, 8, 10)
    assert ttn_schedule.parts_of(StartConfig(discriminator=0, ramp=0)) == Parts(0, 0, 0)


def test_the_style_comes_in_linearly():
    found = at_steps(lambda step: ttn_schedule.style_factor(Parts(0, 8, 12), step), [0, 7, 8, 9, 10, 11, 12, 10 ** 8])
    np.testing.assert_allclose(found, [0, 0, 0.25, 0.5, 0.75, 1, 1, 1])
    assert at_steps(lambda step: ttn_schedule.style_factor(Parts(0, 8, 8), step) + 0, [0, 8]) == [1, 1]


@pytest.mark.parametrize('decay, middle', [('linear', 0.6), ('cosine', 0.6)])
def test_the_learning_rate_falls_over_the_last_part(decay, middle):
    optim = TtnOptimConfig(decay=decay, decay_share=0.4, decay_to=0.2)
    found = at_steps(lambda step: ttn_schedule.learning_rate(2e-4, optim, 100, step), [0, 60, 70, 80, 90, 100])
    np.testing.assert_allclose(np.array(found)[[0, 1, 3, 5]], np.array([1, 1, middle, 0.2]) * 2e-4, rtol=1e-6)
    early, late = {'linear': (0.8, 0.4), 'cosine': (0.2 + 0.8 * 0.85355339, 0.2 + 0.8 * 0.14644661)}[decay]
    np.testing.assert_allclose(np.array(found)[[2, 4]], np.array([early, late]) * 2e-4, rtol=1e-6)


def test_no_decay_is_a_plain_number():
    assert ttn_schedule.learning_rate(2e-4, TtnOptimConfig(), 100, None) == 2e-4


def test_the_average_follows_early_and_lags_late():
    config = TtnConfig(optim=TtnOptimConfig(ema_decay=0.9))
    with tf.Graph().as_default(), tf.Session() as session:
        step = tf.placeholder(tf.int64, [])
        weight, average = tf.get_variable('w', initializer=0.0), tf.get_variable('a', initializer=9.0)
        move = ttn_schedule.averaging(config, Parts(0, 3, 3), {'x': average}, {'x': weight}, step)
        session.run(tf.global_variables_initializer())

        def after(number, value):
            weight.load(value, session)
            session.run(move, {step: number})
            return float(session.run(average))
        assert after(0, 4.0) == after(2, 4.0) == 4.0  # before the first update: the generator itself
        assert after(3, 0.0) == pytest.approx(4 * 2 / 11.0)  # n = 1: (1 + 1) / (10 + 1)
        session.run(average.initializer)
        assert after(10 ** 6, 0.0) == pytest.approx(9 * 0.9)
