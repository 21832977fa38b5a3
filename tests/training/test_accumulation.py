"""train.accumulate: what small batches learn together, and how their pictures are counted."""
import numpy as np
import pytest

from dctnet import train
from dctnet.compat import session_config, tf
from dctnet.config import AugmentConfig, CcnConfig, CcnLossConfig, CcnModelConfig, DataConfig, TrainConfig
from dctnet.distributed import Local
from dctnet.models import ccn
from dctnet.ops.random import StatelessRandom
from dctnet.runs import checkpoint
from tests.training.tiny_training import arguments, metrics, newest_weights


@pytest.mark.long
def test_three_batches_of_one_teach_what_one_of_three_does(tmp_path, pictures, trained, caplog):
    """A generator alone, with superpixels that come along with the data. Phases: tests/engine/test_accumulation.py."""
    caplog.set_level('INFO')
    for run, accumulate, batch in (('whole', 1, 3), ('parts', 3, 1)):
        # From the same weights: random ones depend on what else is in the graph.
        assert train.main(arguments(
            pictures, tmp_path / run, f'data.batch_size={batch}', f'train.accumulate={accumulate}',
            'train.steps=3', 'loss.style=0', 'loss.superpixel=photo') + ['--init-from', str(trained)]) == 0
    whole, parts = newest_weights(tmp_path / 'whole'), newest_weights(tmp_path / 'parts')
    assert set(whole) == set(parts)  # sums of gradients are in no checkpoint
    for name in whole:
        # Adam divides by the size of the gradient, which makes rounding errors of small gradients large.
        np.testing.assert_allclose(parts[name], whole[name], rtol=1e-3, atol=2e-5, err_msg=name)
    for a, b in zip(metrics(tmp_path / 'whole'), metrics(tmp_path / 'parts')):
        assert a == pytest.approx(b, rel=1e-3)
    assert '1 processes with 3 batches of 1: 3 pictures a step in all' in caplog.text
    assert caplog.text.count('3 steps of 3 pictures: every photograph 1.8 times') == 2


def test_draws_of_micro_batches_steps_and_processes_differ():
    with tf.Graph().as_default(), tf.Session() as session:
        number = tf.placeholder_with_default(0, [])
        draws = {(rank, step): StatelessRandom(5, tf.constant(step, tf.int64), rank, number).normal(3, [2])
                 for rank in (0, 1) for step in (0, 1)}
        plain = session.run(StatelessRandom(5, tf.constant(1, tf.int64)).normal(3, [2]))
        drawn = [session.run(draws, {number: index}) for index in (0, 1)]
    assert np.array_equal(drawn[0][0, 1], plain)  # one micro-batch draws as ever
    assert len({tuple(values) for each in drawn for values in each.values()}) == 8


@pytest.mark.long
def test_micro_batches_of_the_content_calibration_draw_apart_and_adapt_as_one():
    config = CcnConfig(data=DataConfig(size=16, batch_size=2), model=CcnModelConfig(0.01, 4, 4, 1),
                       loss=CcnLossConfig(identity=0.0, r1=0.0, path=0.0), train=TrainConfig(accumulate=3),
                       augment=AugmentConfig(mode='adaptive'))
    unoptimised = session_config('cpu')
    unoptimised.graph_options.rewrite_options.disable_meta_optimizer = True  # takes longer than the runs
    with tf.Graph().as_default(), tf.Session(config=unoptimised) as session:
        number = tf.placeholder_with_default(0, [])
        networks = ccn.create_networks(ccn.architecture_of(config), with_source=False)
        stage = ccn.build_ccn(config, networks, tf.zeros([2, 16, 16, 3]), tf.constant(0, tf.int64), None,
                              Local(), micro_batch=number)
        phases = {phase.name: phase for phase in stage.phases}
        observe, = phases['d'].update_ops()
        session.run(tf.global_variables_initializer())
        rng = np.random.RandomState(0)
        weights = list(networks.generator.values()) + list(networks.discriminator.values())
        checkpoint.warm_start(session, weights, {variable.op.name: rng.standard_normal(variable.shape.as_list())
                                                 for variable in weights}, 'random numbers')
        losses = [session.run(phases['g'].loss, {number: index}) for index in (0, 1, 0)]
        session.run(observe, {number: 2})
        signs, = [variable for variable in tf.global_variables() if variable.op.name == 'augment_signs']
        assert session.run(signs)[1] == 3 * 2  # the last micro-batch stands for all pictures of the step
    assert losses[0] == losses[2] != losses[1]
