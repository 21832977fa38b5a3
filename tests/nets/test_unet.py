"""The generator: names, sizes and sharing of its variables, and what it does with a picture."""
import ast
from pathlib import Path

import numpy as np

from dctnet.compat import tf
from dctnet.nets import unet
from dctnet.nets.discriminators import PatchDiscriminator

VECTORS = Path(__file__).parents[1] / 'parity' / 'data' / 'ttn.npz'


def test_variables_are_the_published_ones():
    with np.load(str(VECTORS)) as archive:
        listed = [str(entry).split(' ', 1) for entry in archive['variables']]
    published = {name: tuple(ast.literal_eval(shape)) for name, shape in listed}
    with tf.Graph().as_default():
        unet.unet(tf.zeros([1, 16, 16, 3]))
        assert sum(v.shape.num_elements() for v in unet.variables()) == 1467075
        PatchDiscriminator('disc_gray', in_channels=1)
        PatchDiscriminator('disc_blur', in_channels=3)
        assert {v.op.name: tuple(v.shape.as_list()) for v in tf.global_variables()} == published


def test_a_second_call_shares_the_variables_and_takes_any_multiple_of_four():
    with tf.Graph().as_default(), tf.Session() as session:
        photo = tf.placeholder(tf.float32, [None, None, None, 3])
        first, second = unet.translate(photo, 1), unet.translate(photo, 1)
        assert len(unet.variables()) == len(tf.global_variables()) == 36
        session.run(tf.global_variables_initializer())
        for height, width in [(4, 4), (8, 12), (20, 36)]:
            picture = np.random.RandomState(0).uniform(-1, 1, (2, height, width, 3))
            a, b = session.run([first, second], {photo: picture})
            assert a.shape == (2, height, width, 3) and np.array_equal(a, b)


def test_every_variable_has_a_say():
    with tf.Graph().as_default(), tf.Session() as session:
        photo = tf.random.stateless_uniform([1, 16, 16, 3], seed=[1, 2], minval=-1.0)
        gradients = tf.gradients(tf.reduce_sum(tf.square(unet.translate(photo, 4))), unet.variables())
        session.run(tf.global_variables_initializer())
        norms = session.run([tf.norm(gradient) for gradient in gradients])
    assert min(norms) > 0
