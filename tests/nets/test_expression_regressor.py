"""R_exp: its sizes, its variables, and that what it learns opens and shuts drawn eyes in the intended direction."""
import cv2
import numpy as np
import pytest

from dctnet.compat import tf
from dctnet.losses import facial_loss
from dctnet.nets.discriminators import ExpressionRegressor

SIZE = 32
SPREAD = np.array([[0.3, 0.3, 0.1], [0.05, 0.05, 0.2]], np.float32)


def test_sizes_and_variables():
    with tf.Graph().as_default():
        net = ExpressionRegressor(32, SPREAD)
        assert net(tf.zeros([2, 48, 32, 3])).shape.as_list() == [2, 3]
        net(tf.zeros([1, 16, 16, 3]))
        shapes = {v.op.name: tuple(v.shape.as_list()) for v in net.variables}
        assert len(shapes) == len(net.variables) == 16 and len(net.power_iteration) == 6
        assert shapes['expression/conv0_1/kernel'] == (3, 3, 3, 32)
        assert shapes['expression/conv2_2/kernel'] == (3, 3, 128, 128)
        assert shapes['expression/dense1/kernel'] == (8 * 8 * 128, 512)
        assert shapes['expression/dense2/kernel'] == (512, 3)
        assert {v.op.name for v in tf.trainable_variables()} == set(shapes)
        assert {v.op.name for v in tf.global_variables()} - set(shapes) == {
            f'expression/conv{i}_{j}/u' for i in range(3) for j in (1, 2)} | {'expression/spread'}


def test_openness_in_units_of_its_spread():
    with tf.Graph().as_default(), tf.Session() as session:
        normalised = ExpressionRegressor(2, SPREAD).normalised(tf.constant([[0.4, 0.3, np.nan], [0.25, 0.35, 0.5]]))
        session.run(tf.global_variables_initializer())
        np.testing.assert_allclose(session.run(normalised), [[2, 0, np.nan], [-1, 1, 2]], atol=1e-5)


def test_the_distance():
    predicted = np.array([[0.3, 0.2, 0.1], [0.1, 0.1, 0.5], [9, 9, 9]], np.float32)
    openness = np.array([[0.3, 0.2, 0.1], [0.4, 0.5, 0.5], [0.1, np.nan, 0.1]], np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        p, a = tf.constant(predicted), tf.placeholder(tf.float32, [None, 3])
        loss = facial_loss(p, a)
        value, gradient = session.run([loss, tf.gradients(loss, p)[0]], {a: openness})
        none = session.run([loss, tf.gradients(loss, p)[0]], {a: np.full((3, 3), np.nan)})
    np.testing.assert_allclose(value, 0.5 / 2, atol=1e-5)  # the photograph without a face has no part in the mean
    np.testing.assert_allclose(gradient, [[0, 0, 0], [-0.3, -0.4, 0], [0, 0, 0]], atol=1e-5)
    assert none[0] == 0 and (none[1] == 0).all()


def photograph(openness, rng, size=SIZE):
    """A grey face with two dark ellipses of these heights / widths for eyes, 12 pixels wide."""
    picture = np.full((size * 4, size * 4), 200, np.uint8)
    for x, value in zip((size, 3 * size), openness):
        centre = (x + rng.randint(-4, 5), 2 * size + rng.randint(-4, 5))
        cv2.ellipse(picture, centre, (24, int(round(24 * value))), 0, 0, 360, 60, -1)
    small = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    return np.repeat(small[:, :, None], 3, axis=2).astype(np.float32) / 127.5 - 1


def drawing(openness):
    """The same face by a generator of nothing but the openness [N]: soft ellipses, [N, SIZE, SIZE, 3]."""
    rows, columns = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    beside = (np.minimum(np.abs(columns - 8), np.abs(columns - 24)) / 6) ** 2
    above = tf.square((rows - 16) / 6 / tf.reshape(openness, [-1, 1, 1]))
    dark = tf.sigmoid(5.0 * (1.0 - beside - above))
    return tf.tile(((200 - 140 * dark) / 127.5 - 1.0)[..., None], [1, 1, 1, 3])


def shown_openness(pictures):
    """Height / width of eyes 12 pixels wide, from the area of the dark pixels: [N]."""
    return (pictures[..., 0] < 130 / 127.5 - 1).sum(axis=(1, 2)) / 2 / (np.pi * 6 ** 2)


@pytest.mark.long
def test_what_it_learns_opens_and_shuts_eyes_towards_the_photographs():
    rng = np.random.RandomState(0)
    values = rng.uniform(0.2, 0.9, 64).astype(np.float32)
    faces = np.stack([photograph((value, value), rng) for value in values])
    alpha = np.repeat(values[:, None], 3, axis=1)
    np.testing.assert_allclose(shown_openness(faces), values, atol=0.1)
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(0)
        net = ExpressionRegressor(4, SPREAD)
        x, a = tf.placeholder(tf.float32, [None, SIZE, SIZE, 3]), tf.placeholder(tf.float32, [None, 3])
        learn = tf.train.AdamOptimizer(3e-3, 0.5, 0.99).minimize(facial_loss(net(x), a), var_list=net.variables)
        openness = tf.get_variable('openness', initializer=np.full(2, 0.5, np.float32))
        output = drawing(openness)
        distance = facial_loss(net(output), tf.constant([[0.7] * 3, [0.3] * 3]))
        draw = tf.train.GradientDescentOptimizer(0.05).minimize(distance, var_list=[openness])
        session.run(tf.global_variables_initializer())
        for step in range(250):
            chosen = rng.randint(0, len(faces), 16)
            session.run([learn, net.power_iteration], {x: faces[chosen], a: alpha[chosen]})
        before, start = session.run([output, distance])
        for step in range(30):
            session.run(draw)
        after, end = session.run([output, distance])
    np.testing.assert_allclose(shown_openness(before), 0.5, atol=0.05)
    opened, shut = shown_openness(after)
    assert 0.6 < opened < 0.9 and 0.1 < shut < 0.45, (opened, shut)
    assert end < 0.5 * start


@pytest.mark.long
def test_it_tells_one_eye_from_the_other():
    """On faces that it has not learnt from, and larger than what a logit of a discriminator sees (43 px): which eye is
    wider open, and how far."""
    rng, size = np.random.RandomState(0), 96
    values = rng.uniform(0.2, 0.9, (128, 3)).astype(np.float32)
    faces = np.stack([photograph(value, rng, size) for value in values])
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(0)
        net = ExpressionRegressor(4, SPREAD)
        x, a = tf.placeholder(tf.float32, [None, size, size, 3]), tf.placeholder(tf.float32, [None, 3])
        predicted = net(x)
        learn = tf.train.AdamOptimizer(3e-3, 0.5, 0.99).minimize(facial_loss(predicted, a), var_list=net.variables)
        session.run(tf.global_variables_initializer())
        for step in range(150):
            chosen = rng.randint(0, 96, 16)
            session.run([learn, net.power_iteration], {x: faces[chosen], a: values[chosen]})
        found = session.run(predicted, {x: faces[96:]})
    apart = [numbers[:, 0] - numbers[:, 1] for numbers in (found, values[96:])]
    found = np.corrcoef(*apart)[0, 1]
    assert found > 0.9, found
