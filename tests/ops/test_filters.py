"""Box and guided filters against plain loops over windows."""
import numpy as np
import pytest

from dctnet.compat import tf
from dctnet.ops import filters


def run(function, *arrays):
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(function(*[tf.constant(array) for array in arrays]))


def picture(height, width, seed=0):
    return np.random.RandomState(seed).uniform(-1, 1, (2, height, width, 3)).astype(np.float32)


def box_loop(x, radius):
    """Mean over the part of every window that lies inside the picture."""
    result = np.zeros(x.shape, np.float64)
    for i in range(x.shape[1]):
        for j in range(x.shape[2]):
            window = x[:, max(i - radius, 0):i + radius + 1, max(j - radius, 0):j + radius + 1]
            result[:, i, j] = window.astype(np.float64).mean(axis=(1, 2))
    return result


def guided_loop(guide, x, radius, eps):
    """He et al., algorithm 1."""
    mean_i, mean_p = box_loop(guide, radius), box_loop(x, radius)
    covariance = box_loop(guide.astype(np.float64) * x, radius) - mean_i * mean_p
    variance = box_loop(guide.astype(np.float64) ** 2, radius) - mean_i ** 2
    a = covariance / (variance + eps)
    b = mean_p - a * mean_i
    return box_loop(a, radius) * guide + box_loop(b, radius)


@pytest.mark.parametrize('radius', [1, 2, 5])
@pytest.mark.parametrize('height, width', [(9, 14), (3, 4)])
def test_box_mean(radius, height, width):
    x = picture(height, width)
    np.testing.assert_allclose(run(lambda x: filters.box_mean(x, radius), x), box_loop(x, radius), atol=2e-6)


@pytest.mark.parametrize('radius', [1, 5])
def test_a_known_size_changes_no_bit_of_means_and_gradients(radius):
    x = picture(12, 9)
    with tf.Graph().as_default(), tf.Session() as session:
        shown = {'known': tf.placeholder(tf.float32, x.shape), 'unknown': tf.placeholder(tf.float32, [None] * 3 + [3])}
        means = {name: filters.box_mean(tensor, radius) for name, tensor in shown.items()}
        found = {name: session.run([mean] + tf.gradients(mean ** 3, shown[name]), {shown[name]: x})
                 for name, mean in means.items()}
    assert means['known'].shape.as_list() == list(x.shape)
    np.testing.assert_array_equal(found['known'], found['unknown'])


@pytest.mark.parametrize('radius, eps', [(1, 1e-2), (5, 0.2)])
def test_guided_filter(radius, eps):
    guide, x = picture(12, 9), picture(12, 9, seed=1)
    found = run(lambda guide, x: filters.guided_filter(guide, x, radius, eps), guide, x)
    np.testing.assert_allclose(found, guided_loop(guide, x, radius, eps), atol=2e-5)


def test_surface_is_the_self_guided_filter():
    x = picture(14, 11)
    np.testing.assert_allclose(run(filters.surface, x), guided_loop(x, x, 5, 0.2), atol=2e-5)
    # The shortcut for a picture that guides itself computes the same as the general form.
    general = run(lambda x: filters.guided_filter(x, tf.identity(x), 5, 0.2), x)
    np.testing.assert_allclose(run(filters.surface, x), general, atol=2e-6)


def test_guided_filter_keeps_edges_and_flattens_texture():
    x = np.where(np.arange(32) < 16, -0.8, 0.8)[None, None, :, None] * np.ones((1, 32, 32, 3))
    x = (x + np.random.RandomState(0).uniform(-0.05, 0.05, x.shape)).astype(np.float32)
    found = run(filters.surface, x)
    assert found[:, 8:24, :10].std() < 0.5 * x[:, 8:24, :10].std()
    assert found[:, :, 17].mean() - found[:, :, 14].mean() > 1


def test_size_may_be_unknown_when_the_graph_is_built():
    x = picture(6, 7)
    with tf.Graph().as_default(), tf.Session() as session:
        shown = tf.placeholder(tf.float32, [None, None, None, 3])
        found = session.run(filters.guided_filter(shown, shown * 0.5, 1, 1e-2), {shown: x})
    np.testing.assert_allclose(found, guided_loop(x, x * 0.5, 1, 1e-2), atol=2e-5)
