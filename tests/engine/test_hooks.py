"""Progress, NaN guard and checkpoints on a stage that is no TTN."""
import errno
import logging
import os
import time

import pytest

from dctnet.compat import tf
from dctnet.engine.hooks import Checkpoint, NanGuard, Progress
from dctnet.engine.updates import all_finite
from dctnet.errors import UserError
from dctnet.files import atomic, durable
from dctnet.runs import checkpoint, checkpoint_files
from tests.engine.tiny_stage import Do, Record, tiny


def saving(t, folder, every=2, keep=5):
    return Checkpoint(t.saver, folder, every, keep, all_finite(tf.global_variables()))


def names(folder):
    return sorted(path.name for path in folder.glob('*'))


def steps(folder):
    return [checkpoint_files.step_of(prefix) for prefix in checkpoint_files.all_in(folder)]


def test_saves_when_due_and_at_the_end(tmp_path):
    with tiny(5) as t:
        t.loop.run(t.session, [saving(t, tmp_path)])
    assert steps(tmp_path) == [2, 4, 5]
    assert set(checkpoint.read_arrays(tmp_path)) >= {'one/x', 'two/y', 'ticks', 'global_step', 'one/x/Adam'}
    assert (tmp_path / 'checkpoint').read_text() == 'model_checkpoint_path: "model-5"\n'


def test_keeps_the_newest(tmp_path):
    with tiny(7) as t:
        t.loop.run(t.session, [saving(t, tmp_path, every=1, keep=2)])
    ends = ('data-00000-of-00001', 'index')
    assert names(tmp_path) == ['checkpoint'] + [f'model-{step}.{end}' for step in (6, 7) for end in ends]


def test_a_finished_run_saves_nothing_again(tmp_path):
    with tiny(2) as t:
        t.loop.run(t.session, [saving(t, tmp_path)])
    before = (tmp_path / 'model-2.index').stat().st_mtime_ns
    with tiny(2) as t:
        checkpoint.restore(t.session, t.saver, tmp_path / 'model-2')
        t.loop.run(t.session, [saving(t, tmp_path)])
    assert (tmp_path / 'model-2.index').stat().st_mtime_ns == before and steps(tmp_path) == [2]


def test_a_run_that_is_asked_to_stop_saves(tmp_path):
    reasons = ['']
    with tiny(9, stop_reason=lambda: reasons[-1]) as t:
        t.loop.run(t.session, [saving(t, tmp_path, 100), Do(3, lambda loop: reasons.append('SIGTERM'))])
    assert steps(tmp_path) == [3]


def test_a_failure_saves_the_last_whole_step(tmp_path):
    def fail(loop):
        raise ZeroDivisionError
    with tiny(9) as t:
        with pytest.raises(ZeroDivisionError):
            t.loop.run(t.session, [saving(t, tmp_path, 2), Do(3, fail)])
    assert steps(tmp_path) == [2, 3]


def test_a_half_step_is_not_saved(tmp_path):
    with tiny(9) as t:
        def spoil(loop):
            loop.updates[('b',)]['b'] = loop.updates[('b',)]['b']._replace(apply=check)
        check = tf.debugging.check_numerics(tf.log(-1.0), 'diverged')
        with pytest.raises(tf.errors.OpError):
            t.loop.run(t.session, [saving(t, tmp_path, 2), Do(3, spoil)])
    assert steps(tmp_path) == [2]


@pytest.mark.parametrize('logging_steps', [True, False])
def test_weights_that_are_no_numbers_are_never_saved(tmp_path, logging_steps):
    """Through the scalars where they are fetched, else through the weights themselves."""
    with tiny(9, on_load=lambda count: float('nan') if count > 4 else 1.0) as t:  # the first entry is `start`
        with pytest.raises(UserError, match='training diverged.*step [45].*lower optim.lr'):
            t.loop.run(t.session, [NanGuard(), Record([], scalars=logging_steps), saving(t, tmp_path, 5)])
    assert steps(tmp_path) == []
    assert names(tmp_path) == []


def test_a_spoilt_optimiser_is_never_saved_either(tmp_path):
    """Gradients of 1e25 square to infinity: Adam then stands still for ever, with weights that look well."""
    with tiny(9, on_load=lambda count: 1e25 if count == 5 else 1.0) as t:
        with pytest.raises(UserError, match='training diverged'):
            t.loop.run(t.session, [NanGuard(), Record([], scalars=False), saving(t, tmp_path, 2)])
        assert all(abs(value) < 10 for value in t.session.run([t.x, t.y]))
    assert steps(tmp_path) == [2]


def test_a_value_that_is_no_number_ends_the_run_and_names_it(tmp_path):
    with tiny(9, scalars={'odd': float('inf')}) as t:
        calls = []
        with pytest.raises(UserError, match=r'training diverged: a/odd, b/odd not finite at step 1\b.*good'):
            t.loop.run(t.session, [NanGuard(), Record(calls), saving(t, tmp_path, 1)])
    assert ('after', 1) not in calls  # neither recorded
    assert steps(tmp_path) == []      # nor saved, at the close either


@pytest.mark.parametrize('number', [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_refuses(tmp_path, monkeypatch, number):
    def refuse(*arguments):
        raise OSError(number, os.strerror(number))
    with tiny(9) as t:
        hooks = [saving(t, tmp_path, 2), Do(3, lambda loop: monkeypatch.setattr(durable.os, 'replace', refuse))]
        with pytest.raises(UserError, match='cannot write .*(full|read-only)'):
            t.loop.run(t.session, hooks)
    monkeypatch.undo()
    assert t.loop.step == 4
    assert steps(tmp_path) == [2] and names(tmp_path) == ['checkpoint', 'model-2.data-00000-of-00001', 'model-2.index']
    with tiny(9) as t:
        checkpoint.restore(t.session, t.saver, tmp_path / 'model-2')


def test_a_saver_that_cannot_write(tmp_path, monkeypatch):
    with tiny(9) as t:
        tries = []

        def refuse(*arguments, **options):
            tries.append(arguments)
            raise tf.errors.ResourceExhaustedError(None, None, 'x.data; No space left on device\nmore')
        hooks = [saving(t, tmp_path, 2), Do(3, lambda loop: monkeypatch.setattr(t.saver, 'save', refuse))]
        with pytest.raises(UserError, match='No space left on device.*earlier checkpoints are intact') as caught:
            t.loop.run(t.session, hooks)
    assert len(tries) == 1  # not tried again on the way out
    assert '\n' not in str(caught.value) and steps(tmp_path) == [2] and '.saving' not in os.listdir(str(tmp_path))


def test_a_folder_that_cannot_be_made(tmp_path):
    atomic.write_text(tmp_path / 'file', '')
    with tiny(3) as t:
        with pytest.raises(UserError, match='file'):
            t.loop.run(t.session, [saving(t, tmp_path / 'file' / 'checkpoints', 2)])


def test_progress_without_a_terminal(caplog):
    caplog.set_level(logging.INFO)
    with tiny(5) as t:
        t.loop.run(t.session, [Progress(every=2, images_per_step=3)])
    lines = [record.getMessage() for record in caplog.records if record.name == 'dctnet.engine.hooks']
    assert lines[0] == 'step 0 of 5'
    assert [line.split('  ')[0] for line in lines[1:]] == ['step 2/5', 'step 4/5', 'step 5/5']
    for part in ('images/s', 'data wait', 'a ', 'b ', 'ETA 0:0'):
        assert part in lines[1]


def test_the_time_left_counts_what_hooks_take(caplog):
    caplog.set_level(logging.INFO)
    with tiny(22) as t:
        t.loop.run(t.session, [Do(2, lambda loop: time.sleep(0.3)), Progress(every=2, images_per_step=3)])
    left = [record.getMessage().split('ETA 0:00:')[1] for record in caplog.records if 'ETA' in record.getMessage()]
    assert int(left[0]) >= 6 and int(left[1]) >= 1 and int(left[-1]) == 0


def test_progress_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr('sys.stderr.isatty', lambda: True, raising=False)
    with tiny(4) as t:
        t.loop.run(t.session, [Progress(every=2, images_per_step=3)])
    assert '4/4' in capsys.readouterr().err
