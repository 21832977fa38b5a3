"""Each warning where its cause is written into the metrics, and none in a healthy run."""
import numpy as np
import pytest

from dctnet.engine.hooks import Progress
from dctnet.errors import UserError
from dctnet.report.metric_checks import check_metrics
from dctnet.report.run_record import read_run
from tests.report.written_run import write_run

HEALTHY = {'g__loss': 0.2, 'd__loss': 0.48, 'd__mean_real/texture': 0.53, 'd__mean_fake/texture': 0.46}
LINE = '2026-01-01 00:00:00,000 step {}/2000  3.30 images/s  data wait {}%{}  g 0.2  ETA 0:01:00\n'


def symptoms(tmp_path, *arguments, **options):
    return [finding.symptom for finding in check_metrics(read_run(write_run(tmp_path / 'run', *arguments, **options)))]


def test_a_healthy_run_gives_no_warning(tmp_path):
    assert symptoms(tmp_path, log=''.join(LINE.format(i, 1, '') for i in range(40)), **HEALTHY) == []


@pytest.mark.parametrize('changed, symptom', [
    ({'g__loss': np.where(np.arange(40) == 30, np.nan, 0.2)}, 'Training diverged (NaN)'),
    ({'g__loss': np.where(np.arange(40) < 28, 0.2, 2.0)}, 'A loss grows'),
    ({'d__mean_real/texture': 0.99, 'd__mean_fake/texture': 0.01}, 'Discriminator pinned at 1 and 0'),
    ({'d__mean_real/texture': 0.01, 'd__mean_fake/texture': 0.0}, 'Discriminator pinned at one value'),
    ({'d__mean_real/texture': 0.501, 'd__mean_fake/texture': 0.499}, 'Discriminator undecided'),
])
def test_each_symptom_alone(tmp_path, changed, symptom):
    assert symptoms(tmp_path, **dict(HEALTHY, **changed)) == [symptom]


@pytest.mark.parametrize('stage, config', [('ttn', {'loss': {'adversarial': 'log'}}), ('ccn', {})])
def test_marks_that_are_logits(tmp_path, stage, config):
    (tmp_path / 'a').mkdir(), (tmp_path / 'b').mkdir()
    assert symptoms(tmp_path / 'a', stage, config, d__mean_real=1.2, d__mean_fake=-0.9) == []
    assert symptoms(tmp_path / 'b', stage, config, d__mean_real=6.0, d__mean_fake=-7.0) == [
        'Discriminator pinned at 1 and 0']


def test_the_warm_up_is_not_judged(tmp_path):
    config = {'loss': {'style_warmup': [[1950, 0.0]]}}
    assert symptoms(tmp_path, config=config, **{'d__mean_real/texture': 1.0, 'd__mean_fake/texture': 0.0}) == []


def test_exemplars_known_by_heart(tmp_path):
    assert symptoms(tmp_path, 'ccn', d__real_sign=0.97) == ['D knows the exemplars by heart']


def test_waiting_for_data_and_superpixels(tmp_path):
    log = ''.join(LINE.format(i, 1 if i < 30 else 70, '  superpixels 60%') for i in range(40))
    assert symptoms(tmp_path, log=log) == ['Waiting for data', 'Superpixels take the time']


def test_waits_are_those_of_the_newest_start(tmp_path):
    log = ''.join(LINE.format(i, 80, '') for i in range(20)) + 'x resuming from model-20\n' + ''.join(
        LINE.format(i, 2, '') for i in range(20, 40))
    assert symptoms(tmp_path, log=log) == []


def test_the_lines_are_those_that_progress_writes(tmp_path):
    class Loop:
        step, steps, step_seconds = 50, 2000, 0.5
        scalars = {'g/loss': 0.2, 'g/seconds/superpixel': 0.3}
        stage = type('Stage', (), {'phases': [type('Phase', (), {'name': 'g'})]})
    progress = Progress(50, 4)
    progress._steps, progress._seconds, progress._waiting = 50, 25.0, 20.0
    log = f'x step 50/2000  {progress._text(Loop)}\n'
    assert read_run(write_run(tmp_path / 'run', log=log)).waits == [(50, 0.8, 0.6)]


def test_a_run_that_was_ended(tmp_path):
    log = 'x ended: training diverged: g/loss not finite at step 7\n'
    (tmp_path / 'a').mkdir(), (tmp_path / 'b').mkdir()
    assert symptoms(tmp_path / 'a', log=log) == ['Training diverged (NaN)']
    assert symptoms(tmp_path / 'b', log=log + 'x resuming from model-5\n') == []  # and it went well


def test_random_content(tmp_path):
    assert symptoms(tmp_path, config={'loss': {'content_network': 'random'}}) == ['Random content network']


def test_a_folder_in_the_making(tmp_path):
    run = write_run(tmp_path / 'run', g__loss=0.2)
    with (run / 'metrics.jsonl').open('a') as stream:
        stream.write('3\n{"step": 2050, "g/lo')
    record = read_run(run)
    assert record.step == 2000 and record.unreadable == 2
    (run / 'metrics.jsonl').unlink()
    assert [finding.symptom for finding in check_metrics(read_run(run))] == ['No records']
    (run / 'config.yaml').unlink()
    with pytest.raises(UserError, match='no run folder.*--run'):
        read_run(run)
