"""Projection: a picture of the generator itself is found again, whatever else is in its batch."""
import numpy as np
import pytest

from dctnet import images
from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.models.blending import blend
from dctnet.models.projection import Projection, Projector
from dctnet.models.sampling import mean_w
from dctnet.nets import stylegan2
from tests.models.test_sampling import SOURCE, TARGET, TINY, by_hand, latents, mapped

QUICK = Projection(steps=150, mean_samples=50)


def plain_distance(photo, image):
    return tf.reduce_mean(tf.abs(photo - image), axis=[1, 2, 3])


def projected(photos, projection=QUICK, translator=TARGET, batch=2):
    projector = Projector(TINY, SOURCE, translator, plain_distance, projection, batch, 'cpu')
    found = projector(photos)
    projector.close()
    return found


@pytest.fixture(scope='module')
def photos():
    """Two pictures of the source, near the mean as truncated samples are; a tiny one leaves [-1, 1]."""
    mean = mean_w(SOURCE, 50, 0, 'cpu')
    w = mean + 0.7 * (mapped(SOURCE, latents(range(2))) - mean)
    with tf.Graph().as_default(), tf.Session() as session:
        weights = {name: tf.constant(array) for name, array in SOURCE.items()}
        return session.run(stylegan2.synthesis(weights, tf.constant(np.tile(w[:, None], [1, TINY.layers, 1])),
                                               stylegan2.fixed_noise(weights)))


def test_a_picture_of_the_generator_is_found_again(photos):
    found = projected(photos)
    assert (found.end < 0.25 * found.start).all()
    assert np.abs(images.to_unit(found.pictures) - np.clip(photos, -1, 1)).mean() < 0.1
    assert found.w.shape == (2, TINY.layers, TINY.style_dim) and (found.w == found.w[:, :1]).all()
    np.testing.assert_array_equal(found.pictures, by_hand(SOURCE, found.w))


def test_the_other_generator_draws_of_the_same_w(photos):
    translator = blend(SOURCE, TARGET, 4)
    found = projected(photos, QUICK._replace(steps=3), translator)
    np.testing.assert_array_equal(found.translations, by_hand(translator, found.w))
    assert np.abs(found.translations.astype(int) - found.pictures).mean() > 3


@pytest.mark.long
def test_neither_the_others_of_a_batch_nor_the_one_before_change_a_projection(photos):
    short = QUICK._replace(steps=20)
    both = projected(photos, short)
    projector = Projector(TINY, SOURCE, TARGET, plain_distance, short, 2, 'cpu')
    alone = [projector(photos[index:index + 1]) for index in (1, 0)][::-1]
    projector.close()
    for index in range(2):
        assert alone[index].w.shape[0] == 1
        np.testing.assert_allclose(alone[index].w[0], both.w[index], atol=1e-3)


@pytest.mark.long
def test_a_w_for_each_layer_comes_nearer(photos):
    rng = np.random.RandomState(3)
    strange = (photos + rng.uniform(-0.5, 0.5, photos.shape)).astype(np.float32)
    one, each = [projected(strange, QUICK._replace(space=space)) for space in ('w', 'w+')]
    assert (each.end < one.end).all() and (each.w != each.w[:, :1]).any()


def test_damaged_weights_are_told(photos):
    damaged = dict(SOURCE, **{'to_rgb1/bias': np.full(3, np.nan, np.float32)})
    projector = Projector(TINY, damaged, TARGET, plain_distance, QUICK._replace(steps=1), 2, 'cpu')
    with pytest.raises(UserError, match='no finite numbers'):
        projector(photos)
    projector.close()
