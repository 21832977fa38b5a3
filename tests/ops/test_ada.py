"""Augmentation against plain numpy and scipy, its probabilities, and its gradients."""
import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from dctnet.compat import tf
from dctnet.ops import ada
from dctnet.ops.random import StatelessRandom

RNG = np.random.RandomState(0)
PICTURES = RNG.uniform(-1, 1, (6, 24, 24, 3)).astype(np.float32)
MANY = 4000


def run(function):
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(function())


def augmented(pictures, p, step=0, stream=0):
    draws = StatelessRandom(7, tf.constant(step, tf.int64))
    return ada.augmented(tf.constant(pictures), tf.constant(p, tf.float32), draws, stream)


def some_draws():
    return StatelessRandom(3, tf.constant(5, tf.int64))


def geometric(p, side=64):
    return run(lambda: ada.geometric_matrices(MANY, side, side, tf.constant(p), some_draws(), 0))


def colours(p):
    return run(lambda: ada.colour_matrices(MANY, tf.constant(p), some_draws(), 0))


def moved(build, *numbers):
    """The first picture through one transform of the given numbers."""
    picture = PICTURES[:1, :, :16]
    return picture[0], run(lambda: ada.warped(tf.constant(picture), build(*[
        tf.constant([n], tf.float32) for n in numbers])))[0]


def test_sampled_against_scipy():
    """Rows and columns of different length, places far beyond the border."""
    pictures = RNG.uniform(-1, 1, (3, 11, 17, 2)).astype(np.float32)
    from_x, from_y = (RNG.standard_normal((2, 3, 5, 6)) * 30).astype(np.float32)
    found = run(lambda: ada.sampled(*map(tf.constant, (pictures, from_x, from_y))))
    for i in range(3):
        for c in range(2):
            expected = map_coordinates(pictures[i, :, :, c].astype(np.float64), [from_y[i], from_x[i]], order=1,
                                       mode='mirror')
            np.testing.assert_allclose(found[i, :, :, c], expected, atol=1e-4)


def test_a_border_of_their_own_is_shown_before_reflections():
    """Of the pixels 7 | 0 1 2 | 8, which is also what -3 ... 5 show."""
    picture = np.tile(np.array([7, 0, 1, 2, 8], np.float32)[None, None, :, None], (1, 5, 1, 1))
    x = np.arange(-3, 6, dtype=np.float32)[None, None]
    found = run(lambda: ada.sampled(tf.constant(picture), tf.constant(x), tf.ones_like(x), border=1))
    np.testing.assert_allclose(found.ravel(), [1, 2, 7, 0, 1, 2, 8, 0, 1])


def test_whole_pixels_are_moved_and_not_mixed():
    picture, shifted = moved(ada.translation, 3, -2)
    np.testing.assert_allclose(shifted[7:-5, 5:-8], picture[5:-7, 8:-5], atol=1e-4)
    picture, still = moved(ada.translation, 0, 0)
    np.testing.assert_allclose(still, picture, atol=1e-5)


def wave(x, y, period):
    return np.sin(2 * np.pi / period * (0.8 * x + 0.6 * y) + 0.7)


def moved_wave(build, number, period, map_back, filtered=True):
    """A wave through one transform, and the same wave drawn in its new place: the middle of both."""
    y, x = (np.mgrid[:40, :40] - 19.5).astype(np.float32)
    picture = wave(x, y, period)[None, :, :, None].astype(np.float32)
    expected = wave(*map_back(x, y), period)
    if filtered:
        found = run(lambda: ada.warped(tf.constant(picture), build(*[tf.constant([n], tf.float32) for n in number])))
    else:
        places = [(place[None] + 19.5).astype(np.float32) for place in map_back(x, y)]
        found = run(lambda: ada.sampled(*map(tf.constant, [picture] + places)))
    return found[0, 10:-10, 10:-10, 0], expected[10:-10, 10:-10]


@pytest.mark.parametrize('build, number, map_back', [
    (ada.scaling, (-1, 1), lambda x, y: (-x, y)), (ada.translation, (0.5, -0.3), lambda x, y: (x + 0.5, y - 0.3)),
    (ada.scaling, (0.7, 0.9), lambda x, y: (0.7 * x, 0.9 * y)),
    (ada.rotation, (0.6,), lambda x, y: (np.cos(0.6) * x - np.sin(0.6) * y, np.sin(0.6) * x + np.cos(0.6) * y)),
    (ada.quarter_turns, (1,), lambda x, y: (-y, x)), (ada.quarter_turns, (2,), lambda x, y: (-x, -y))],
    ids=['mirrored', 'shifted', 'enlarged', 'rotated', 'a quarter', 'half'])
def test_waves_are_moved_without_blur(build, number, map_back):
    """Twice the resolution leaves less than half of the error of bilinear samples. A mirror and right angles turn the
    filter, which is not symmetric, too: as in the paper they are not exact."""
    found, expected = moved_wave(build, number, 6.0, map_back)
    assert np.abs(found - expected).max() < 0.08
    plain, _ = moved_wave(build, number, 6.0, map_back, filtered=False)
    blur = np.abs(plain - expected).max()
    assert blur < 1e-4 or np.abs(found - expected).max() < 0.4 * blur


def test_what_is_too_fine_for_a_smaller_picture_turns_grey():
    """A wave of 2.2 pixels, shrunk to 1.2: bilinear samples show another wave in its place."""
    build, number, map_back = ada.scaling, (1.9, 1.9), lambda x, y: (1.9 * x, 1.9 * y)
    assert np.std(moved_wave(build, number, 2.2, map_back)[0]) < 0.1
    assert np.std(moved_wave(build, number, 2.2, map_back, filtered=False)[0]) > 0.3


def test_rotation_and_quarter_turns_agree():
    turned, quarter = run(lambda: [ada.rotation(tf.constant([np.pi / 2])), ada.quarter_turns(tf.ones([1]))])
    np.testing.assert_allclose(turned, quarter, atol=1e-6)


def test_colours_against_their_formulas():
    """Each of them on one pixel, as a column vector."""
    pixel = np.array([0.7, -0.2, 0.4], np.float32)
    grey = np.full(3, pixel.mean())

    def through(build, number):
        return run(lambda: build(tf.constant([number], tf.float32)))[0] @ pixel
    np.testing.assert_allclose(through(ada.flipping_luma, 1), pixel - 2 * grey, atol=1e-6)
    np.testing.assert_allclose(through(ada.saturating, 2.5), grey + 2.5 * (pixel - grey), atol=1e-6)
    np.testing.assert_allclose(through(ada.turning_hue, 2 * np.pi / 3), pixel[[2, 0, 1]], atol=1e-6)
    turned = through(ada.turning_hue, 0.4)
    assert np.linalg.norm(turned) == pytest.approx(np.linalg.norm(pixel)) and turned.mean() == pytest.approx(grey[0])
    assert np.dot(turned - grey, pixel - grey) == pytest.approx(np.cos(0.4) * np.sum((pixel - grey) ** 2), rel=1e-5)


def test_recoloured_against_numpy():
    matrices = RNG.standard_normal((6, 3, 4)).astype(np.float32)
    found = run(lambda: ada.recoloured(tf.constant(PICTURES), tf.constant(matrices)))
    expected = np.einsum('nij,nhwj->nhwi', matrices[:, :, :3], PICTURES) + matrices[:, None, None, :, 3]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_probability_zero_is_the_identity():
    np.testing.assert_allclose(run(lambda: augmented(PICTURES, 0.0)), PICTURES, atol=1e-5)
    np.testing.assert_array_equal(geometric(0.0), np.tile(np.eye(3), (MANY, 1, 1)))
    np.testing.assert_array_equal(colours(0.0), np.tile(np.eye(3, 4), (MANY, 1, 1)))


def test_every_picture_of_a_batch_has_draws_of_its_own():
    same = np.repeat(PICTURES[:1], 8, 0)
    first, again, next_step, other = run(lambda: [augmented(same, 1.0), augmented(same, 1.0), augmented(same, 1.0, 1),
                                                  augmented(same, 1.0, 0, ada.STREAMS)])
    np.testing.assert_array_equal(first, again)
    seen = np.concatenate([same[:1], first, next_step, other])
    for i in range(len(seen)):
        for k in range(i):
            assert np.abs(seen[i] - seen[k]).mean() > 0.02, (i, k)


def test_how_often_pictures_are_moved():
    """What is left alone at p: drawn mirrors are none in one of two cases, drawn turns in one of four. Of two pixel
    shifts drawn up to ±8, few are none."""
    p = 0.3
    still = (1 - p / 2) * (1 - p * 3 / 4) * (1 - p * (1 - 1 / 256)) * (1 - p) ** 2 * (1 - p) * (1 - p)
    matrices = geometric(p)
    share = np.mean(np.all(matrices == np.eye(3), axis=(1, 2)))
    assert share == pytest.approx(still, abs=4 * np.sqrt(still / MANY))
    assert np.mean(np.linalg.det(matrices) < 0) == pytest.approx(p / 2, abs=4 * np.sqrt(p / 2 / MANY))


def test_how_far_pictures_are_moved():
    """By the parts of the matrices: determinant = scale², ratio of the singular values = stretch², centre = shifts."""
    matrices = geometric(1.0)
    singular = np.log2(np.linalg.svd(matrices[:, :2, :2])[1])
    assert np.std(singular.sum(1) / 2) == pytest.approx(0.2, rel=0.05)
    assert np.sqrt(np.mean((singular[:, 0] - singular[:, 1]) ** 2) / 4) == pytest.approx(0.2, rel=0.05)
    assert np.abs(np.mean(singular)) < 0.02
    angles = np.arctan2(matrices[:, 1, 0], matrices[:, 0, 0])
    assert np.histogram(angles, 8, (-np.pi, np.pi))[0] == pytest.approx(np.full(8, MANY / 8), rel=0.2)
    uniform, normal = 8 ** 2 / 3, 8 ** 2  # ±8 of 64 pixels; a deviation of 8 of them
    scale = np.exp(2 * (0.2 * np.log(2)) ** 2)  # the mean of scale² and of stretch²
    assert np.mean(matrices[:, :2, 2] ** 2) == pytest.approx(uniform + normal * scale ** 2, rel=0.1)
    few = geometric(0.01)
    rotated = np.mean(np.abs(few[:, 0, 1] * few[:, 0, 0]) > 1e-6)  # neither straight nor a quarter turn
    assert rotated == pytest.approx(0.01, abs=4 * np.sqrt(0.01 / MANY))


def test_how_colours_are_changed():
    matrices = colours(1.0).astype(np.float64)
    linear, constant = matrices[:, :, :3], matrices[:, :, 3]
    on_grey = linear.sum(2)
    np.testing.assert_allclose(on_grey, on_grey[:, :1].repeat(3, 1), atol=1e-5)  # grey stays grey
    assert np.std(np.log2(np.abs(on_grey[:, 0]))) == pytest.approx(0.5, rel=0.05)
    assert np.mean(on_grey[:, 0] < 0) == pytest.approx(0.5, abs=0.04)
    assert np.std(constant / on_grey) == pytest.approx(0.2, rel=0.05)
    saturation = np.sqrt(np.abs(np.linalg.det(linear) / on_grey[:, 0] ** 3))
    assert np.std(np.log2(saturation)) == pytest.approx(1.0, rel=0.05)
    p = 0.3
    still = np.mean(np.all(colours(p) == np.eye(3, 4), axis=(1, 2)))
    assert still == pytest.approx((1 - p) ** 4 * (1 - p / 2), abs=0.03)


def test_both_gradients_against_differences():
    """Augmentation f is a linear map and a constant. Of the sum of f³ the gradient is a quadratic function, whose
    differences over any distance are exact."""
    direction = RNG.standard_normal(PICTURES.shape).astype(np.float32)
    weights = RNG.standard_normal(PICTURES.shape).astype(np.float32)

    def build():
        x = tf.placeholder_with_default(tf.constant(PICTURES), PICTURES.shape)
        f = ada.augmented(x, tf.constant(1.0), StatelessRandom(7, tf.constant(0, tf.int64)), 0)
        first, = tf.gradients(tf.reduce_sum(f * weights), x)
        cubic, = tf.gradients(tf.reduce_sum(weights * f ** 3), x)
        second, = tf.gradients(tf.reduce_sum(cubic * direction), x)
        return x, f, first, cubic, second
    with tf.Graph().as_default(), tf.Session() as session:
        x, f, first, cubic, second = build()
        (low, low_cubic), (high, high_cubic) = [session.run([f, cubic], {x: PICTURES + s * direction}) for s in (-1, 1)]
        first, second = session.run([first, second])
    assert np.sum(first * direction) == pytest.approx(np.sum((high - low) / 2 * weights), rel=1e-3)
    slope = np.sum((high_cubic - low_cubic) / 2 * direction)
    assert abs(slope) > 1 and np.sum(second * direction) == pytest.approx(slope, rel=1e-3)
