"""The patch discriminator: size of its answer, bound of its slope, and its power iteration."""
import numpy as np

from dctnet.compat import tf
from dctnet.nets.discriminators import PatchDiscriminator


def test_one_logit_a_patch_of_eight_pixels():
    with tf.Graph().as_default():
        net = PatchDiscriminator('disc_gray', in_channels=1, channels=2)
        assert net(tf.zeros([3, 32, 48, 1])).shape.as_list() == [3, 4, 6, 1]
        assert len(net.variables) == 14 and len(net.power_iteration) == 7
        net(tf.zeros([1, 16, 16, 1]))
        assert len(tf.global_variables()) == 21  # kernel, bias and u of seven layers, once


def test_the_power_iteration_moves_every_u_and_nothing_else():
    with tf.Graph().as_default(), tf.Session() as session:
        net = PatchDiscriminator('disc_blur', in_channels=3, channels=2)
        logits = net(tf.random.stateless_uniform([1, 16, 16, 3], seed=[1, 2]))
        session.run(tf.global_variables_initializer())
        variables = tf.global_variables()
        before = session.run(variables)
        session.run(logits)
        assert all(np.array_equal(a, b) for a, b in zip(before, session.run(variables)))
        session.run(net.power_iteration)
        moved = {v.op.name for v, a, b in zip(variables, before, session.run(variables)) if not np.array_equal(a, b)}
    us = {v.op.name for v in variables if v.op.name.endswith('/u')}
    assert us - {'disc_blur/conv_out/u'} <= moved <= us  # the u of one output is ±1 and may stay


def test_kernels_are_normalised_when_used():
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(0)
        net = PatchDiscriminator('disc_gray', in_channels=1, channels=2)
        x = tf.random.stateless_uniform([1, 16, 16, 1], seed=[1, 2])
        logits = net(x)
        kernels = [v for v in net.variables if v.op.name.endswith('kernel')]
        grow = tf.group(*[v.assign(v * 7.0) for v in kernels])
        session.run(tf.global_variables_initializer())
        small = session.run(logits)
        session.run(grow)
        # The scale of a kernel does not matter. Logits of drawn weights may be nearly 0, hence the absolute tolerance.
        np.testing.assert_allclose(session.run(logits), small, rtol=1e-4, atol=1e-6)
