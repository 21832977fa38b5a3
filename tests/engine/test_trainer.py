"""The loop's contract with phases, feeds and signals."""
import time

import numpy as np
import pytest

from dctnet.compat import tf
from dctnet.distributed import Local
from dctnet.engine.trainer import Hook, Loop
from dctnet.engine.updates import build_updates
from dctnet.errors import UserError
from dctnet.stage import Feed, Phase, StageGraph
from tests.engine.tiny_stage import OPTIM, Do, Record, tiny


def test_steps_phases_and_feed():
    seen = []
    with tiny(6, every=(1, 3)) as t:
        t.loop.run(t.session, [Record([]), Do(1, lambda loop: seen.append(dict(loop.scalars)))]
                   + [Do(step, lambda loop: seen.append(dict(loop.scalars))) for step in (2, 3, 4)])
        assert t.session.run([t.ticks, t.step]) == [6, 6]  # step operations run once a step
        assert t.session.graph.finalized
    assert t.data == [('start', 0)] + ['load'] * 7  # the last is for a step that does not come
    names = [{name.split('/')[0] for name in scalars} for scalars in seen]
    assert names == [{'a', 'b'}, {'a'}, {'a'}, {'a', 'b'}]  # step % every == 0, counted from 0
    assert seen[0]['a/loss'] == pytest.approx(4) and seen[0]['a/raw/distance'] == pytest.approx(2)


def test_variables_move_by_adam_only_in_their_phases():
    values = []
    with tiny(3, every=(1, 2)) as t:
        look = [Do(step, lambda loop: values.append(loop.session.run([t.x, t.y]))) for step in (1, 2, 3)]
        t.loop.run(t.session, look)
    assert values[0] == [pytest.approx(2.9), pytest.approx(-1.9)]  # Adam's first step is lr
    assert values[1][1] == values[0][1] and values[1][0] < values[0][0]
    assert values[2][1] > values[1][1]


@pytest.mark.parametrize('joint', [True, False])
def test_joint_phases_see_the_same_weights(joint):
    with tiny(1, joint=joint) as t:
        seen = []
        t.loop.run(t.session, [Record([]), Do(1, lambda loop: seen.append(dict(loop.scalars)))])
    # y is drawn to x = 3 before x moves, to 2.9 after.
    assert seen[0]['b/loss'] == pytest.approx(25 if joint else 4.9 ** 2, rel=1e-5)


def test_joint_updates_wait_for_the_gradients_of_every_phase():
    """Also where one phase reads the other's variables late."""
    def late(*arguments):
        time.sleep(0.2)
        return np.float32(0)

    with tf.Graph().as_default(), tf.Session() as session:
        x, y = tf.get_variable('x', initializer=3.0), tf.get_variable('y', initializer=-2.0)
        with tf.control_dependencies([tf.numpy_function(late, [], tf.float32)]):
            read_late = x.read_value()
        phases = [Phase('a', tf.square(x), {}, [x], 1, OPTIM), Phase('b', tf.square(y - read_late), {}, [y], 1, OPTIM)]
        updates = build_updates(StageGraph(phases, None, True), Local())[('a', 'b')]
        session.run(tf.global_variables_initializer())
        session.run([updates['a'].apply, updates['b'].apply])
        momentum = {v.op.name: v for v in tf.global_variables()}['y/Adam']
        assert session.run([x, momentum]) == [pytest.approx(2.9), pytest.approx(0.5 * 2 * (-2 - 3))]


def test_scalars_only_when_wanted():
    class EveryThird(Record):
        def wants_scalars(self, step, every):
            return step % 3 == 0

    found = []
    with tiny(7) as t:
        t.loop.run(t.session, [Record([], scalars=False), EveryThird([])]
                   + [Do(step, lambda loop: found.append(bool(loop.scalars))) for step in range(1, 8)])
    assert found == [False, False, True, False, False, True, False]


def test_a_resumed_loop_starts_where_the_variable_stands():
    calls = []
    with tiny(5) as t:
        t.step.load(3, t.session)
        t.loop.run(t.session, [Record(calls)])
    assert t.data == [('start', 3), 'load', 'load', 'load']
    assert calls == [('begin', 3), ('after', 4), ('after', 5), ('close', 5, False)]
    with tiny(5) as t:
        t.step.load(9, t.session)
        t.loop.run(t.session, [])
        assert t.loop.step == 9 and t.data == [('start', 9)]  # nothing left to do


def test_out_of_memory_is_told_in_words():
    class Full:
        def __init__(self, session):
            self.session, self.graph = session, session.graph

        def run(self, fetches, *arguments, **options):
            if isinstance(fetches, list) and fetches and isinstance(fetches[0], list):
                raise tf.errors.ResourceExhaustedError(None, None, 'OOM when allocating tensor\nmore')
            return self.session.run(fetches, *arguments, **options)

    with tiny(3) as t:
        with pytest.raises(UserError, match='out of memory in step 1 .*lower the size of the batch') as caught:
            t.loop.run(Full(t.session), [])
    assert '\n' not in str(caught.value)
    with tiny(3) as t:
        t.loop.stage = t.loop.stage._replace(memory_advice='lower model.width')
        with pytest.raises(UserError, match='OOM when allocating tensor.: lower model.width$'):
            t.loop.run(Full(t.session), [])


def test_the_readers_words_come_through_and_bugs_stay_bugs():
    def unreadable(count):
        if count > 2:
            raise UserError('cannot read photo/x.png as a picture (the file is empty): replace or remove it')
        return 0
    calls = []
    with tiny(9, on_load=unreadable) as t:
        with pytest.raises(UserError) as caught:
            t.loop.run(t.session, [Record(calls)])
    assert str(caught.value) == 'cannot read photo/x.png as a picture (the file is empty): replace or remove it'
    assert calls[-1] == ('close', 1, False)  # the step before is whole and may be saved
    with tiny(9, on_load=lambda count: 1 // 0) as t:
        with pytest.raises(ZeroDivisionError):
            t.loop.run(t.session, [])


@pytest.mark.parametrize('loading, waiting', [(0.0, (0.0, 0.1)), (0.3, (0.1, 0.5))])
def test_waiting_for_data_is_what_loading_takes_longer_than_the_step(loading, waiting):
    times = []
    with tiny(3, on_load=lambda count: time.sleep(loading) or 1.0) as t:
        t.loop.run(t.session, [Do(3, lambda loop: times.append((loop.data_seconds, loop.step_seconds)))])
    data_seconds, step_seconds = times[0]
    assert waiting[0] <= data_seconds <= waiting[1] and data_seconds < step_seconds < 10


@pytest.mark.parametrize('joint, runs', [(True, 1), (False, 2)])
def test_a_step_runs_each_group_once_and_loads_the_next_batch_beside_it(joint, runs):
    class Counting:
        def __init__(self, session):
            self.session, self.graph, self.runs = session, session.graph, 0

        def run(self, *arguments, **options):
            self.runs += 1
            return self.session.run(*arguments, **options)

    counts, losses = [], []
    with tiny(4, joint=joint, on_load=lambda count: 10.0 * (count - 1)) as t:  # 10 for the first step, 20 for the next
        session = Counting(t.session)
        looks = [Do(step, lambda loop: (counts.append(session.runs), losses.append(loop.scalars['a/loss'])))
                 for step in range(1, 5)]
        t.loop.run(session, [Record([])] + looks)
    assert np.diff(counts).tolist() == [runs] * 3
    distances = np.sqrt(losses)
    np.testing.assert_allclose(distances, [7, 16.9, 26.8, 36.7], atol=0.1)  # x begins at 3 and moves by about 0.1


def test_a_variable_that_the_loss_does_not_reach_is_named():
    with tf.Graph().as_default():
        x, lost = tf.get_variable('x', initializer=1.0), tf.get_variable('lost/w', initializer=1.0)
        phase = Phase('a', tf.square(x), {}, [x, lost], 1, OPTIM)
        with tiny(1) as t:
            stage = t.loop.stage
        with pytest.raises(ValueError, match='phase a: the loss does not depend on lost/w'):
            Loop(stage._replace(phases=[phase]), Feed(None, None), tf.train.get_or_create_global_step(), 1,
                 Local())


def test_a_phase_that_is_not_due_holds_up_none_of_a_joint_stage():
    """`b` runs in every second step only; `a` does not wait for its gradients in between."""
    class Record_(Hook):
        def after_step(self, loop):
            moments.append([float(loop.session.run(v)) for v in momentum])

    moments = []
    with tiny(4, every=(1, 2), joint=True) as t:
        momentum = [v for v in tf.global_variables() if v.op.name.endswith('/Adam')]
        assert [v.op.name for v in momentum] == ['one/x/Adam', 'two/y/Adam']
        assert set(t.loop.updates) == {('a', 'b'), ('a',)}
        t.loop.run(t.session, [Record_()])
    x, y = np.array(moments).T
    assert len(set(x)) == 4 and [len(set(y[:2])), len(set(y[2:])), len(set(y))] == [1, 1, 2]


def test_two_runs_are_the_same():
    ends = []
    for _ in range(2):
        with tiny(20) as t:
            t.loop.run(t.session, [])
            ends.append(t.session.run([t.x, t.y]))
    assert np.array_equal(*ends)
