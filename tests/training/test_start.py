"""Where a TTN training starts: what each origin brings along, and the parts of the start that follow from it."""
from dataclasses import replace

import numpy as np
import pytest

from dctnet import config_file
from dctnet.compat import tf
from dctnet.config import StartConfig, TtnConfig, TtnLossConfig
from dctnet.distributed import Local
from dctnet.engine.updates import build_updates
from dctnet.models import ttn, ttn_losses
from dctnet.training import start
from dctnet.training.start import Origin
from tests.training.tiny_training import content_network

SIZE = 32
GENERATOR, TEXTURE, SURFACE = 'generator/Conv/weights', 'disc_gray/conv0_1/kernel', 'disc_blur/conv0_1/kernel'


def config(**sections):
    values = {'data': {'size': SIZE, 'batch_size': 1}, 'model': {'channels': 2}, 'loss': {'superpixel': 'off'}}
    return config_file.from_dict(TtnConfig, dict(values, **sections), 'test')


def holding(*names):
    return Origin('weights.npz', {name: np.zeros(1, np.float32) for name in names}) if names else Origin('', {})


@pytest.mark.parametrize('names, parts', [
    ((), (7, 0, 0)),                                # from scratch: start.pixel alone
    ((GENERATOR,), (0, start.HEAD_START, 0)),
    ((GENERATOR, TEXTURE), (0, start.HEAD_START, 0)),
    ((GENERATOR, TEXTURE, SURFACE), (0, 0, 0)),
])
def test_the_start_follows_from_what_it_holds(names, parts, caplog):
    caplog.set_level('INFO')
    found = start.decided(TtnConfig(start=StartConfig(pixel=7)), holding(*names))
    assert (found.start.pixel, found.start.discriminator, found.start.ramp) == parts
    assert ('start.pixel (7 steps)' in caplog.text) == bool(names)  # nothing is left out silently


@pytest.mark.parametrize('names', [(), (GENERATOR,), (GENERATOR, TEXTURE, SURFACE)])
def test_what_the_user_has_set_stays(names):
    given = StartConfig(discriminator=3, ramp=0)
    assert start.decided(TtnConfig(start=given), holding(*names)).start == given


def test_from_scratch_the_ramp_is_as_long_as_the_head_start():
    given = TtnConfig(start=StartConfig(discriminator=7))
    assert start.decided(given, holding()).start.ramp == 7
    assert start.decided(given, holding(GENERATOR)).start.ramp == 0


def test_a_discriminator_that_is_off_is_not_missed():
    given = TtnConfig(loss=TtnLossConfig(surface=0))
    assert start.decided(given, holding(GENERATOR, TEXTURE)).start.discriminator == 0


def trained_graph(settings):
    """(variables by name, after two steps with values of their own) of a training in the current graph."""
    draw = np.random.RandomState(0).uniform(-1, 1, (2, 1, SIZE, SIZE, 3)).astype(np.float32)
    batch = ttn_losses.TtnBatch(tf.constant(draw[0]), tf.constant(draw[1]))
    stage = ttn.build_ttn(settings, batch, tf.train.get_or_create_global_step(), content_network(), draw[0])
    updates = [update.apply for group in build_updates(stage, Local()).values() for update in group.values()]
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        for _ in range(2):
            session.run(updates)
        return {variable.op.name: session.run(variable) for variable in tf.global_variables()}


@pytest.mark.long
def test_another_training_brings_all_but_the_counter():
    settings = start.decided(config(), holding())
    with tf.Graph().as_default():
        arrays = trained_graph(settings)
        origin = Origin('run', arrays)
        wanted = set(arrays) - {'global_step'}
        weights = start.networks_of(origin)
        moments = start.moments_of(settings, origin)
        assert {v.op.name for v in weights.variables} | set(moments) == wanted
        assert not {v.op.name for v in weights.variables} & set(moments)
        assert {'beta1_power', 'beta2_power_1', GENERATOR + '/Adam', SURFACE + '/Adam_1'} <= set(moments)
        assert all(np.array_equal(moments[name], arrays[name]) for name in moments)
        text = start.description(settings, origin)
        assert 'Adam of the generator and the discriminators goes on' in text and 'missing' not in text

        fresh = replace(settings, start=replace(settings.start, fresh_optimiser=True))
        assert start.moments_of(fresh, origin) == {}
        assert 'Adam of no network goes on' in start.description(fresh, origin)
        # A network counts only as a whole.
        partly = Origin('run', {name: array for name, array in arrays.items() if name != SURFACE + '/Adam'})
        kept = start.moments_of(settings, partly)
        assert GENERATOR + '/Adam' in kept and TEXTURE + '/Adam' not in kept and 'beta1_power_1' not in kept


def test_the_log_tells_the_parts():
    settings = config(start={'pixel': 5, 'discriminator': 3, 'ramp': 2})
    assert start.description(settings, holding()) == (
        'training from scratch; start: pixel L1 of G for 5 steps, then D alone for 3 steps, then the style comes in '
        'over 2 steps')
    assert start.description(start.decided(config(), holding()), holding()) == 'training from scratch'
