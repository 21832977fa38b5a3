"""The loop's contract with hooks: their order, their end, how they stop a run."""
import pytest

from dctnet.compat import tf
from dctnet.engine.trainer import Hook
from dctnet.errors import UserError
from tests.engine.tiny_stage import Do, Record, tiny


def fail(loop):
    raise ZeroDivisionError('a bug')


def test_order_of_hooks():
    calls = []
    with tiny(1) as t:
        t.loop.run(t.session, [Record(calls, '1 '), Record(calls, '2 ')])
    assert [call[0] for call in calls] == ['1 begin', '2 begin', '1 after', '2 after', '1 close', '2 close']


def test_hooks_close_after_a_failure():
    calls = []
    with tiny(3) as t:
        with pytest.raises(ZeroDivisionError):
            t.loop.run(t.session, [Record(calls, '1 '), Do(2, fail), Record(calls, '2 ')])
    assert [call[0] for call in calls[-4:]] == ['2 after', '1 after', '1 close', '2 close']
    assert calls[-1] == ('2 close', 2, False)


def test_only_hooks_that_have_begun_close():
    class Broken(Record):
        def begin(self, loop):
            super().begin(loop)
            fail(loop)

    calls = []
    with tiny(3) as t:
        with pytest.raises(ZeroDivisionError):
            t.loop.run(t.session, [Record(calls, '1 '), Broken(calls, '2 '), Record(calls, '3 ')])
    assert [call[0] for call in calls] == ['1 begin', '2 begin', '1 close', '2 close']


def test_every_hook_closes_where_another_close_fails():
    class Broken(Hook):
        def close(self, loop):
            raise UserError('the disk is full')

    calls = []
    with tiny(1) as t:
        with pytest.raises(UserError, match='disk'):
            t.loop.run(t.session, [Record(calls), Broken()])
    assert calls[-1][0] == 'close'


def test_a_failure_inside_a_step_is_told_to_the_hooks():
    calls = []
    with tiny(3) as t:
        with pytest.raises(tf.errors.OpError):
            check = tf.debugging.check_numerics(tf.log(-1.0), 'diverged')
            t.loop.updates[('a',)]['a'] = t.loop.updates[('a',)]['a']._replace(apply=check.op)
            t.loop.run(t.session, [Record(calls)])
    assert calls == [('begin', 0), ('close', 0, True)]


def test_a_hook_may_stop_the_run():
    def stop(loop):
        loop.stop_reason = 'enough'
    with tiny(9) as t:
        t.loop.run(t.session, [Do(4, stop)])
        assert (t.loop.step, t.loop.stop_reason) == (4, 'enough')


def test_a_reason_to_stop_ends_the_run_after_the_step_in_hand():
    reasons, calls = [''], []
    with tiny(9, stop_reason=lambda: reasons[-1]) as t:
        t.loop.run(t.session, [Do(2, lambda loop: reasons.append('SIGTERM')), Record(calls)])
        assert (t.loop.step, t.loop.stop_reason) == (2, 'SIGTERM')
    assert calls[-2:] == [('after', 2), ('close', 2, False)]  # hooks after the one that asked still run
