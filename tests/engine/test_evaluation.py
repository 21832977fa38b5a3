"""Measurements and the best checkpoint, on a stage that is no TTN."""
import json

import numpy as np
import pytest

from dctnet.compat import tf
from dctnet.engine.evaluation import Evaluation, Evaluator
from dctnet.engine.hooks import Checkpoint
from dctnet.engine.summaries import Scalars
from dctnet.engine.updates import all_finite
from dctnet.errors import UserError
from dctnet.files import atomic
from dctnet.runs import checkpoint, checkpoint_files
from tests.engine.tiny_stage import Do, tiny


class Told(Evaluator):
    """Values of 'good' by the step, and the steps that were asked for."""
    metric = 'good'

    def __init__(self, t, values, every, lower_is_better, fingerprint):
        self.t, self.values, self.asked, self.prepared = t, values, [], 0
        self.every, self.lower_is_better, self.fingerprint = every, lower_is_better, fingerprint

    def prepare(self):
        self.prepared += 1

    def measure(self, session):
        self.asked.append(int(session.run(self.t.step)))
        return {'good': self.values[self.asked[-1]], 'other': 7.0}


def hooks(t, run, values, every=2, lower=True, fingerprint='here', save_every=2, keep=1):
    """The hooks as the training orders them, and what was asked."""
    told, finite = Told(t, values, every, lower, fingerprint), all_finite(tf.global_variables())
    writer = tf.summary.FileWriter(str(run / 'tb'))
    return [Evaluation(told, t.saver, run, finite), Scalars(run, writer, 3),
            Checkpoint(t.saver, run / 'checkpoints', save_every, keep, finite)], told


def resumed(steps, run, values, before=(), **settings):
    """Train to `steps` from the newest checkpoint; returns what was asked. before: further hooks, at the front."""
    with tiny(steps) as t:
        newest = checkpoint_files.latest(run / 'checkpoints')
        some, told = hooks(t, run, values, **settings)
        if newest:
            checkpoint.restore(t.session, t.saver, newest)
        t.loop.run(t.session, list(before) + some)
    return told


def kept(folder):
    return [checkpoint_files.step_of(prefix) for prefix in checkpoint_files.all_in(folder)]


def lines(run):
    return [json.loads(line) for line in (run / 'metrics.jsonl').read_text().splitlines()]


VALUES = {2: 5.0, 4: 3.0, 6: 4.0, 7: 3.0}


def test_measures_when_due_and_at_the_end_and_keeps_the_best(tmp_path, caplog):
    caplog.set_level('INFO')
    told = resumed(7, tmp_path, VALUES)
    assert (told.asked, told.prepared) == ([2, 4, 6, 7], 1)
    assert kept(tmp_path / 'checkpoints') == [7] and kept(tmp_path / 'best') == [4]
    assert checkpoint_files.read_best(tmp_path) == (4, 'good', 3.0, 'here')
    assert checkpoint.read_arrays(checkpoint_files.find(tmp_path, 'best'))['global_step'] == 4
    measured = {line['step']: line['eval/good'] for line in lines(tmp_path) if 'eval/good' in line}
    assert measured == VALUES  # on steps that log no loss, too
    assert all(line['eval/seconds'] >= 0 for line in lines(tmp_path) if 'eval/good' in line)
    assert 'evaluation of step 4: good 3, other 7 (' in caplog.text
    assert '(4 times); best: good 3 at step 4' in caplog.text and ' % of the ' in caplog.text


def test_where_higher_is_better(tmp_path):
    resumed(7, tmp_path, {2: 1.0, 4: 9.0, 6: 9.0, 7: 0.0}, lower=False)
    assert checkpoint_files.read_best(tmp_path).step == 4


def test_resuming_remembers_the_best_and_measures_no_step_twice(tmp_path):
    assert resumed(4, tmp_path, {2: 3.0, 4: 5.0}).asked == [2, 4]
    assert resumed(8, tmp_path, {6: 4.0, 8: 2.5}).asked == [6, 8]
    assert checkpoint_files.read_best(tmp_path)[:3] == (8, 'good', 2.5)
    again = resumed(8, tmp_path, {})
    assert (again.asked, again.prepared) == ([], 0)  # a finished run costs nothing


def test_a_best_after_the_step_that_is_resumed_from_stays(tmp_path):
    def die(loop):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        with tiny(8) as t:
            some, _ = hooks(t, tmp_path, {2: 5.0, 4: 4.0, 6: 1.0}, save_every=4)
            t.loop.run(t.session, some[:1] + [Do(6, die)] + some[1:2] + [Do(4, some[2].after_step)])
    assert kept(tmp_path / 'checkpoints') == [4] and checkpoint_files.read_best(tmp_path).step == 6
    saved = (tmp_path / 'best' / 'model-6.index').stat().st_mtime_ns
    assert resumed(8, tmp_path, {6: 0.9, 8: 2.0}).asked == [6, 8]  # a GPU does not repeat the last bits
    assert checkpoint_files.read_best(tmp_path)[:3] == (6, 'good', 1.0)
    assert (tmp_path / 'best' / 'model-6.index').stat().st_mtime_ns == saved


def test_values_that_were_measured_otherwise_do_not_count(tmp_path, caplog):
    resumed(2, tmp_path, {2: 1.0})
    resumed(4, tmp_path, {4: 5.0}, fingerprint='other exemplars')
    assert checkpoint_files.read_best(tmp_path) == (4, 'good', 5.0, 'other exemplars')
    assert kept(tmp_path / 'best') == [4]
    assert 'the next measurement takes its place' in caplog.text


@pytest.mark.parametrize('cut', ['write_text', 'remove'])
def test_a_kill_between_the_writes_leaves_a_valid_best(tmp_path, monkeypatch, cut):
    resumed(2, tmp_path, {2: 5.0})

    def die(path, *words):
        if path.name in ('best.json', 'model-2'):
            raise KeyboardInterrupt
        usual(path, *words)

    module = atomic if cut == 'write_text' else checkpoint
    usual = getattr(module, cut)
    with monkeypatch.context() as patch:
        patch.setattr(module, cut, die)
        with pytest.raises(KeyboardInterrupt):
            resumed(4, tmp_path, {4: 3.0}, save_every=100)
    best = checkpoint_files.read_best(tmp_path)
    assert best[:3] == ((2, 'good', 5.0) if cut == 'write_text' else (4, 'good', 3.0))
    assert checkpoint.read_arrays(checkpoint_files.find(tmp_path, 'best'))['global_step'] == best.step
    resumed(6, tmp_path, {4: 3.0, 6: 1.0})
    assert kept(tmp_path / 'best') == [6]


def test_weights_that_are_no_numbers_are_not_measured(tmp_path):
    with tiny(4) as t:
        some, told = hooks(t, tmp_path, VALUES)
        spoil = t.x.assign(np.nan)
        with pytest.raises(UserError, match='not finite at step 2'):
            t.loop.run(t.session, [Do(1, lambda loop: loop.session.run(spoil))] + some)
    assert told.asked == [] and not (tmp_path / 'best').exists()
