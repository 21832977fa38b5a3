"""Each warning where its cause is written into the metrics, and none in a healthy run."""
import numpy as np
import pytest
import yaml

from dctnet.compat import tf
from dctnet.engine.summaries import Scalars
from dctnet.errors import UserError
from dctnet.report.metric_checks import check_metrics
from dctnet.report.run_record import read_run
from tests.engine.tiny_stage import tiny
from tests.report.written_run import write_run

HEALTHY = {'g__loss': 0.2, 'd__loss': 0.48, 'd__mean_real/texture': 0.53, 'd__mean_fake/texture': 0.46}


def symptoms(tmp_path, *arguments, **options):
    return [finding.symptom for finding in check_metrics(read_run(write_run(tmp_path / 'run', *arguments, **options)))]


def test_a_healthy_run_gives_no_warning(tmp_path):
    assert symptoms(tmp_path, **waits(0.01, 0.0), **HEALTHY) == []


@pytest.mark.parametrize('changed, symptom', [
    ({'g__loss': np.where(np.arange(40) == 30, np.nan, 0.2)}, 'Training diverged (NaN)'),
    ({'g__loss': np.where(np.arange(40) < 28, 0.2, 2.0)}, 'A loss grows'),
    ({'d__mean_real/texture': 0.99, 'd__mean_fake/texture': 0.01}, 'Discriminator pinned at 1 and 0'),
    ({'d__mean_real/texture': 0.01, 'd__mean_fake/texture': 0.0}, 'Discriminator pinned at one value'),
    ({'d__mean_real/texture': 0.501, 'd__mean_fake/texture': 0.499}, 'Discriminator undecided'),
])
def test_each_symptom_is_warned_of_alone(tmp_path, changed, symptom):
    assert symptoms(tmp_path, **dict(HEALTHY, **changed)) == [symptom]


@pytest.mark.parametrize('stage, config', [('ttn', {'loss': {'adversarial': 'log'}}), ('ccn', {})])
def test_marks_that_are_logits_are_converted(tmp_path, stage, config):
    (tmp_path / 'a').mkdir(), (tmp_path / 'b').mkdir()
    assert symptoms(tmp_path / 'a', stage, config, d__mean_real=1.2, d__mean_fake=-0.9) == []
    assert symptoms(tmp_path / 'b', stage, config, d__mean_real=6.0, d__mean_fake=-7.0) == [
        'Discriminator pinned at 1 and 0']


def test_the_start_is_not_judged(tmp_path):
    config = {'start': {'pixel': 900, 'discriminator': 50, 'ramp': 1000}}
    assert symptoms(tmp_path, config=config, **{'d__mean_real/texture': 1.0, 'd__mean_fake/texture': 0.0}) == []


def test_exemplars_known_by_heart_are_warned_of(tmp_path):
    assert symptoms(tmp_path, 'ccn', d__real_sign=0.97) == ['D knows the exemplars by heart']


def waits(data, superpixel):
    """Shares of the time of each step, as metrics: 25 s between two lines, 0.5 s a step."""
    return {'seconds__window': 25.0, 'seconds__data_wait': 25.0 * np.asarray(data),
            'g__seconds/superpixel': 0.5 * np.asarray(superpixel)}


def test_waiting_for_data_and_superpixels_is_warned_of(tmp_path):
    shares = waits(np.where(np.arange(40) < 30, 0.01, 0.7), 0.6)
    assert symptoms(tmp_path, **shares) == ['Waiting for data', 'Superpixels take the time']


def test_waits_are_those_of_the_newest_start(tmp_path):
    shares = waits(np.where(np.arange(40) < 20, 0.8, 0.02), 0.0)
    run = write_run(tmp_path / 'run', environment={'from_step': 1000}, **shares)
    assert [step for step, _, _ in read_run(run).waits] == list(range(1050, 2001, 50))
    assert check_metrics(read_run(run)) == []


def test_the_times_are_those_that_a_training_records(tmp_path):
    with tiny(6) as t:
        writer = tf.summary.FileWriter(str(tmp_path / 'tb'))
        (tmp_path / 'run').mkdir()
        t.loop.run(t.session, [Scalars(tmp_path / 'run', writer, every=2)])
    metrics = (tmp_path / 'run' / 'metrics.jsonl').read_text()
    (tmp_path / 'run').rename(tmp_path / 'trained')
    run = write_run(tmp_path / 'run')
    (run / 'metrics.jsonl').write_text(metrics)
    shares = read_run(run).waits
    assert [step for step, _, _ in shares] == [1, 2, 4, 6] and all(0 <= share < 1 for _, share, _ in shares)


def test_the_end_of_a_run_is_told(tmp_path):
    ended = {'ended': 'training diverged: g/loss not finite at step 7'}
    (tmp_path / 'a').mkdir(), (tmp_path / 'b').mkdir()
    assert symptoms(tmp_path / 'a', environment=ended) == ['Training diverged (NaN)']
    assert symptoms(tmp_path / 'b', environment={'ended': ''}) == []


def test_the_stage_is_the_recorded_one(tmp_path):
    run = write_run(tmp_path / 'run', 'ccn')
    assert read_run(run).stage == 'ccn'
    (run / 'environment.json').write_text('{"command": ["train.py", "ccn", "--run", "x"]}')  # before it was recorded
    assert read_run(run).stage == 'ccn'
    (run / 'environment.json').unlink()
    with pytest.raises(UserError, match='does not tell the stage'):
        read_run(run)


def test_random_content_is_warned_of(tmp_path):
    assert symptoms(tmp_path, config={'loss': {'content_network': 'random'}}) == ['Random content network']


def test_damaged_and_missing_records_are_told(tmp_path):
    run = write_run(tmp_path / 'run', g__loss=0.2)
    with (run / 'metrics.jsonl').open('a') as stream:
        stream.write('3\n{"step": 2050, "g/lo')
    record = read_run(run)
    assert record.step == 2000 and record.unreadable == 2
    (run / 'metrics.jsonl').unlink()
    assert [finding.symptom for finding in check_metrics(read_run(run))] == ['No records']
    config = yaml.safe_load((run / 'config.yaml').read_text())
    for key in ('data', 'loss', 'train', 'start'):
        (run / 'config.yaml').write_text(yaml.safe_dump({**config, key: ['x']}))
        with pytest.raises(UserError, match=f'config.yaml is not the config of a run .*{key} is no section'):
            read_run(run)
    (run / 'config.yaml').write_text(yaml.safe_dump({**config, 'start': None, 'data': {'size': 'x'}}))
    assert (read_run(run).size, read_run(run).start_ends) == (0, [])
    (run / 'config.yaml').unlink()
    with pytest.raises(UserError, match='no run folder.*--run'):
        read_run(run)
