"""Batches are a pure function of (seed, step), independent of earlier ones."""
import numpy as np
import pytest

from dctnet import images
from dctnet.compat import tf, without_autotune
from dctnet.data import extras, pipeline
from dctnet.distributed import Local
from dctnet.errors import UserError
from dctnet.face.measures import mirrored
from dctnet.ops.slic import flatten_regions

SIZE, BATCH = 32, 2


def paths(pictures, name):
    return images.list_images(pictures / name)


def samplers(pictures, seed=0, flip=True):
    return [pipeline.DomainSampler(paths(pictures, name), domain, SIZE, seed, flip)
            for domain, name in enumerate(('photo', 'style'))]


def batches(pictures, first_step, count, workers=2, seed=0, along=()):
    """Batches of `count` steps from `first_step` on, as the graph sees them."""
    with tf.Graph().as_default(), tf.Session() as session:
        found = pipeline.picture_feed(samplers(pictures, seed), SIZE, BATCH, workers, dict(along), Local())
        tensors = found.pictures + list(found.extras.values())
        assert list(found.extras) == list(dict(along))
        assert all(tensor.shape.as_list() == [BATCH, SIZE, SIZE, 3] for tensor in found.pictures)
        assert not tf.global_variables()  # a batch belongs to no checkpoint
        found.feed.start(session, first_step)
        seen = []
        for _ in range(count):
            session.run(found.feed.load)
            seen.append(session.run(tensors))
            assert all(a.tobytes() == b.tobytes() for a, b in zip(seen[-1], session.run(tensors)))  # stays until `load`
    return seen


def test_step_five_is_the_sixth_batch(pictures):
    six, one = batches(pictures, 0, 6, workers=2), batches(pictures, 5, 1, workers=1)
    assert all(np.array_equal(a, b) for a, b in zip(six[5], one[0]))
    assert not np.array_equal(six[4][0], six[5][0])
    other = batches(pictures, 0, 1, seed=1)
    assert not np.array_equal(six[0][0], other[0][0])


def test_a_batch_is_what_the_sampler_says(pictures):
    found = batches(pictures, 3, 1, along={'superpixel': extras.superpixel(SIZE)})[0]
    for i in range(BATCH):
        photo, style = [images.to_unit(sample(3 * BATCH + i).picture) for sample in samplers(pictures)]
        np.testing.assert_allclose(found[0][i], photo, atol=1e-6)
        np.testing.assert_allclose(found[1][i], style, atol=1e-6)
        np.testing.assert_allclose(found[2][i], flatten_regions(photo), atol=1e-6)
    assert found[0].dtype == np.float32 and -1 <= found[0].min() < -0.9 and 0.9 < found[0].max() <= 1


@pytest.mark.parametrize('share', [0, 0.25, 0.3, 0.5, 1])
def test_a_mixture_holds_its_share_and_leaves_out_nothing(share):
    mixed = pipeline.MixedSampler(lambda k: ('first', k), lambda k: ('second', k), share)
    drawn = [mixed(k) for k in range(400)]
    for source, part in (('first', share), ('second', 1 - share)):
        positions = [k for name, k in drawn if name == source]
        assert positions == list(range(len(positions)))  # every picture of its own order, once
        assert abs(len(positions) - 400 * part) < 1
        batches = [sum(name == source for name, _ in drawn[i:i + 16]) for i in range(0, 400, 16)]
        assert all(abs(count - 16 * part) <= 1 for count in batches)


@pytest.mark.parametrize('domain, count', [(0, 5), (1, 3)])
def test_every_epoch_sees_every_picture_once(pictures, domain, count):
    sample = samplers(pictures)[domain]
    epochs = [[sample.path(epoch * count + i).name for i in range(count)] for epoch in range(6)]
    assert all(len(set(epoch)) == count for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1  # in another order every time
    backwards = [samplers(pictures)[domain].path(k).name for k in range(6 * count)]
    assert backwards == [name for epoch in epochs for name in epoch]


def test_pairs_are_drawn_independently(pictures):
    photo, style = samplers(pictures)
    seen = {(photo.path(k).name, style.path(k).name) for k in range(150)}
    assert len(seen) == 15


def test_flip(pictures):
    plain, flipping = samplers(pictures, flip=False), samplers(pictures, flip=True)
    states = np.zeros((2, 60), int)
    for k in range(60):
        for domain in (0, 1):
            a, b = plain[domain](k).picture, flipping[domain](k).picture
            same, mirrored = np.array_equal(a, b), np.array_equal(a[:, ::-1], b)
            assert same or mirrored
            states[domain, k] = not same
    assert all(15 < row.sum() < 45 for row in states[:1])
    assert samplers(pictures)[0](7).picture.tobytes() == flipping[0](7).picture.tobytes()


def test_the_openness_of_mirrored_photographs_has_the_eyes_exchanged(pictures):
    measured = {path: np.array([i + 0.1, i + 0.2, np.nan if i == 2 else i + 0.3], np.float32)
                for i, path in enumerate(paths(pictures, 'photo'))}
    sample, seen = samplers(pictures)[0], set()
    for step, batch in enumerate(batches(pictures, 0, 8, along={'openness': extras.openness(measured)})):
        for i in range(BATCH):
            there = sample(step * BATCH + i)
            plain = measured[there.path]
            np.testing.assert_array_equal(batch[2][i], mirrored(plain) if there.transform.mirror else plain)
            seen.add(there.transform.mirror)
            assert there.path == sample.path(step * BATCH + i)
    assert seen == {True, False}
    later = batches(pictures, 7, 1, workers=1, along={'openness': extras.openness(measured)})[0]
    np.testing.assert_array_equal(later[2], batch[2])  # a function of the step


def test_flips_of_the_domains_are_independent(tmp_path):
    ramp = np.tile(np.arange(SIZE, dtype=np.uint8)[None, :, None], (SIZE, 1, 3))
    images.write_bgr(tmp_path / 'x.png', ramp)
    both = [pipeline.DomainSampler([tmp_path / 'x.png'], domain, SIZE, 0, True) for domain in (0, 1)]
    flips = {tuple(int(sample(k).picture[0, 0, 0]) for sample in both) for k in range(60)}
    assert len(flips) == 4


def test_huge_steps_and_seeds(pictures):
    sample = samplers(pictures, seed=2 ** 31 - 1)[0]
    assert sample(2 ** 33).picture.shape == (SIZE, SIZE, 3)


def test_a_picture_that_goes_bad_is_told_with_its_step(tmp_path):
    (tmp_path / 'bad.png').write_bytes(b'')
    sample = pipeline.DomainSampler([tmp_path / 'bad.png'], 0, SIZE, 0, False)
    with pytest.raises(UserError, match='bad.png'):
        sample(0)
    with tf.Graph().as_default(), tf.Session() as session:
        feed = pipeline.picture_feed([sample], SIZE, 1, 1, {}, Local()).feed
        feed.start(session, 5)
        session.run(feed.load)
        assert 'bad.png' in str(feed.failures[5]) and isinstance(feed.failures[5], UserError)


def test_preview_and_epochs(pictures):
    found = pipeline.preview_pictures(paths(pictures, 'style'), SIZE, 4)
    assert found.shape == (3, SIZE, SIZE, 3) and found.dtype == np.float32 and abs(found).max() <= 1
    assert pipeline.epochs(300000, 16, (10000, 4800)) == [480, 1000]


def test_tensorflow_tunes_no_pipeline():
    options = tf.data.Dataset.range(3).with_options(without_autotune()).options()
    tuned = options.autotune.enabled if hasattr(options, 'autotune') else options.experimental_optimization.autotune
    assert tuned is False
