"""Several micro-batches a step: one update with the mean of their gradients."""
import contextlib

import numpy as np
import pytest

from dctnet.compat import tf
from dctnet.distributed import Local
from dctnet.engine.trainer import Loop
from dctnet.stage import Feed, Phase, StageGraph
from tests.engine.tiny_stage import OPTIM, Do, Record

NUMBERS = (1.0, 2.0, 9.0)  # their mean is 4


@contextlib.contextmanager
def three_micro_batches(joint=False, loss_scaling=False, on_micro_batch=None):
    """x is drawn to the number of each micro-batch, y to x. Yields (session, loop, variables by name)."""
    with tf.Graph().as_default(), tf.Session() as session:
        step = tf.train.get_or_create_global_step()
        x, y = [tf.get_variable(name, initializer=value) for name, value in (('x', 3.0), ('y', -2.0))]
        ticks, along = [tf.get_variable(name, initializer=0, trainable=False) for name in ('ticks', 'along')]
        number = tf.placeholder_with_default(0, [])
        batch = tf.gather(tf.constant(NUMBERS), number)
        if on_micro_batch:
            batch = on_micro_batch(batch, number, step)
        losses = tf.square(x - batch), tf.square(y - x)  # each read once: another read might see the update
        phases = [Phase('a', losses[0], {'loss': losses[0], 'seconds/work': batch}, [x], 1, OPTIM,
                        lambda: [along.assign_add(1).op]),
                  Phase('b', losses[1], {'loss': losses[1]}, [y], 1, OPTIM)]
        loop = Loop(StageGraph(phases, None, joint, lambda: [ticks.assign_add(1).op]),
                    Feed(tf.no_op(), lambda session, at: None, 3, number), step, 2, Local(),
                    loss_scaling=loss_scaling)
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        yield session, loop, {variable.op.name: variable for variable in tf.global_variables()}


@pytest.mark.parametrize('joint', [True, False])
def test_one_update_with_the_mean_gradient(joint):
    seen = []
    with three_micro_batches(joint) as (session, loop, v):
        look = Do(1, lambda loop: seen.append(session.run([v['x'], v['x/Adam'], v['y/Adam']])))
        loop.run(session, [look])
        # Adam's first moment starts as half of the gradient here.
        assert seen[0] == [pytest.approx(3.1), pytest.approx(0.5 * 2 * (3.0 - 4.0)),
                           pytest.approx(0.5 * 2 * (-2.0 - (3.0 if joint else 3.1)))]
        assert session.run([v['ticks'], v['along'], v['global_step']]) == [2, 2, 2]
        assert all(value == 0 for value in session.run(tf.local_variables()))
        assert not [name for name in v if name.startswith('accumulated')]


def test_gradients_of_a_step_do_not_reach_the_next():
    with three_micro_batches() as (session, loop, v):
        loop.run(session, [])
        first, second = 2 * (3.0 - 4.0), 2 * (3.1 - 4.0)
        assert session.run(v['x/Adam']) == pytest.approx(0.5 * 0.5 * first + 0.5 * second)


def test_scalars_are_means_and_times_are_sums():
    seen = []
    with three_micro_batches() as (session, loop, v):
        loop.run(session, [Record([]), Do(1, lambda loop: seen.append(dict(loop.scalars)))])
    assert seen[0]['a/loss'] == pytest.approx(np.mean([(3 - number) ** 2 for number in NUMBERS]))
    assert seen[0]['a/seconds/work'] == sum(NUMBERS)


def test_an_overflow_in_any_micro_batch_leaves_the_update_out_and_the_next_step_is_clean():
    def diverged(batch, number, step):
        return tf.where(tf.logical_and(tf.equal(number, 0), tf.equal(step, 0)), np.float32('inf'), batch)

    seen = []
    with three_micro_batches(True, True, diverged) as (session, loop, v):
        loop.run(session, [Record([]), Do(1, lambda loop: seen.append((dict(loop.scalars), session.run(v))))])
        scalars, after = seen[0]
        assert (scalars['a/skipped'], scalars['b/skipped']) == (1, 0) and scalars['a/loss_scale'] == 2 ** 15
        assert (after['x'], after['x/Adam'], after['along']) == (3, 0, 0) and after['y'] == pytest.approx(-1.9)
        end = session.run(v)
        assert end['along'] == 1 and np.isfinite(end['x/Adam']) and end['loss_scale/a/current_loss_scale'] == 2 ** 14
