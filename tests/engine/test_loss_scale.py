"""Loss scaling: it changes nothing but what overflows."""
import numpy as np
import pytest

from dctnet.compat import tf
from dctnet.engine.hooks import NanGuard
from dctnet.errors import UserError
from dctnet.runs import checkpoint
from tests.engine.tiny_stage import Do, Record, tiny


def everything(t):
    return dict(t.session.run({variable.op.name: variable for variable in tf.global_variables()}))


def numbers(*infinite):
    """1 for every load but those of these steps; the first entry of the feed is its start."""
    return lambda count: float('inf') if count - 2 in infinite else 1.0


def test_scaled_and_unscaled_trainings_are_equal_bit_by_bit():
    ends = []
    for loss_scaling in (True, False):
        with tiny(12, every=(1, 3), loss_scaling=loss_scaling) as t:
            t.loop.run(t.session, [])
            ends.append(everything(t))
    scaled, plain = ends
    assert all(scaled[name] == plain[name] for name in plain) and len(plain) == 12
    assert {name for name in scaled if name not in plain} == {
        f'loss_scale/{phase}/{name}' for phase in 'ab' for name in ('current_loss_scale', 'good_steps')}
    assert (scaled['loss_scale/a/good_steps'], scaled['loss_scale/b/good_steps']) == (12, 4)


def test_an_overflow_leaves_the_update_out_and_halves_the_scale():
    seen = []
    with tiny(3, joint=True, loss_scaling=True, on_load=numbers(1)) as t:
        t.loop.run(t.session, [NanGuard(), Record([])] + [
            Do(step, lambda loop: seen.append((dict(loop.scalars), everything(t)))) for step in (1, 2, 3)])
    (_, before), (scalars, after), (next_scalars, end) = seen
    of_a = [name for name in before if name.startswith(('one/x', 'beta'))]
    changed = {name for name in before if name.startswith('one/x') and before[name] != after[name]}
    assert of_a and not changed and before['one/x'] != end['one/x']
    assert after['loss_scale/a/current_loss_scale'] == 2 ** 14 and after['loss_scale/a/good_steps'] == 0
    assert after['loss_scale/b/current_loss_scale'] == 2 ** 15 and before['two/y'] != after['two/y']
    assert (scalars['a/skipped'], scalars['a/loss_scale'], scalars['b/skipped']) == (1, 2 ** 15, 0)
    assert 'a/loss' not in scalars and 'b/loss' in scalars  # what overflowed is not recorded
    assert (next_scalars['a/skipped'], next_scalars['a/loss_scale']) == (0, 2 ** 14) and 'a/loss' in next_scalars
    assert (after['ticks'], after['global_step']) == (2, 2)  # the data goes on


@pytest.mark.long
def test_the_scale_is_saved_and_a_checkpoint_without_one_begins_anew(tmp_path):
    def saved(t, name):
        return checkpoint.save(t.session, t.saver, tmp_path / name, 1, 1)

    with tiny(1, loss_scaling=True, on_load=numbers(0)) as t:
        t.loop.run(t.session, [])
        scaled = saved(t, 'scaled')
    with tiny(1) as t:
        checkpoint.restore(t.session, t.saver, scaled)  # to float32
        assert t.session.run(t.step) == 1
        plain = saved(t, 'plain')
    for prefix, scale in ((scaled, 2 ** 14), (plain, 2 ** 15)):
        with tiny(1, loss_scaling=True) as t:
            checkpoint.restore(t.session, t.saver, prefix, may_lack='loss_scale')
            assert everything(t)['loss_scale/a/current_loss_scale'] == scale and t.session.run(t.step) == 1
    with tiny(1, loss_scaling=True) as t:
        with pytest.raises(UserError, match='loss_scale'):
            checkpoint.restore(t.session, t.saver, plain)


def test_where_no_scale_is_left_the_run_ends():
    with tiny(99, loss_scaling=True, on_load=lambda count: float('inf')) as t:
        with pytest.raises(UserError, match='gradients of phase a are not finite at step 16, .*precision=float32'):
            t.loop.run(t.session, [NanGuard(), Record([])])
        assert t.session.run(t.x) == 3.0 and np.isfinite(t.session.run(t.y))
