"""The benchmark measures what training runs: its steps build, run, and its report reads."""
import numpy as np
import pytest

from dctnet.config import CcnModelConfig
from dctnet.exporters import model_folder
from tests.bench import calibration, faces, feeding, report, scaling, streaming, throughput
from tests.bench.batch import training_batch
from tests.bench.ours import OurTrainer
from tests.bench.portrait import random_generator
from tests.bench.published_inference import write_published_model
from tests.training.tiny_training import content_network


@pytest.mark.long
@pytest.mark.parametrize('schedule', ['joint', 'sequential'])
def test_our_training_step(schedule):
    trainer = OurTrainer(training_batch(32, 2), content_network(), 2, schedule)
    before = trainer._session.run(trainer._loop.stage.phases[0].variables[0])
    trainer.step()
    assert not np.array_equal(before, trainer._session.run(trainer._loop.stage.phases[0].variables[0]))
    trainer.close()


@pytest.mark.long
def test_calibration_phases(monkeypatch):
    monkeypatch.setattr(calibration, 'dlib_embedding', lambda graph: lambda x: x[:, 0, :, 0])
    step = calibration.CalibrationStep(16, 2, CcnModelConfig(max_channels=2, style_dim=2, mapping_layers=1))
    step.step()
    assert step.every == {'d': 1, 'd_r1': 16, 'g': 1, 'g_path': 4}
    step.close()


def test_geometry_is_timed_against_its_codec():
    found = calibration.time_geometry(rounds=2, workers=2)
    assert found['images_per_second'] > 1 and found['workers'] == 2 and 0 < found['codec_share'] < 1.5


@pytest.mark.long
def test_alignment_is_timed_part_by_part():
    found = faces.time_alignment(3, side=256)
    parts = found['cpu_milliseconds']
    assert set(parts) == set(faces.PARTS) | {'rest'} and all(value > 0 for value in parts.values())
    assert parts['detection'] == max(parts[name] for name in faces.PARTS)
    assert sum(parts.values()) == pytest.approx(found['cpu_milliseconds_in_all'])
    assert 0 < found['writing_share_of_the_clock'] < 1 and found['pictures_per_second'] > 0.1
    assert f"{found['pictures_per_second']:.1f} pictures/s" in '\n'.join(report._alignment(found))


@pytest.mark.long
def test_a_folder_and_the_published_order_do_the_same_work(tmp_path):
    model_folder.write_model_folder(random_generator(2), 'random weights', tmp_path / 'model', {})
    write_published_model(random_generator(2), tmp_path / 'published_model')
    throughput.write_portraits(tmp_path / 'in', 3, 200)
    laps = {variant: [throughput.make_pass(variant, tmp_path)()] for variant in throughput.VARIANTS}
    found = throughput.summary(laps, tmp_path, 3)
    assert found['published']['difference'] == 0 and found['published']['times_the_published'] == 1
    for variant in throughput.VARIANTS[1:]:
        assert 0 <= found[variant]['difference'] < 1.5  # rounding and JPEG
        assert found[variant]['pictures_per_second'] > 0.01 and found[variant]['peak_memory_mb'] > 50
    slow = dict(found['folder'], times_the_published=1.4)
    assert '1.40 (aim: 1.5 (missed))' in report._throughput(dict(found, folder=slow))[-1]


@pytest.mark.long
def test_features_are_streamed(monkeypatch):
    monkeypatch.setattr(streaming, '_in_a_process', streaming.measure)
    found = streaming.time_streaming(2)
    assert (found['few']['pictures'], found['many']['pictures']) == (2, 8)
    assert found['many']['peak_memory_mb'] > 50 and found['few']['pictures_per_second'] > 0
    assert '| 8 pictures | ' in report._streaming(found)[-1]


@pytest.mark.long
def test_training_from_files(monkeypatch):
    monkeypatch.setattr(feeding, 'WAYS', {way: feeding.WAYS[way] for way in ('off', 'photo', 'photo, cache')})
    found = feeding.time_feeding(content_network(), 2, 32, 2, rounds=1, warmup=1)
    assert found['ways']['off']['times_off'] == 1 and found['ways']['photo']['times_off'] > 0
    assert all(row['seconds_per_step'] > 0 and 0 <= row['waiting'] < 1 for row in found['ways'].values())
    off = found['input']['off']
    assert off['pictures_per_second'] * found['ways']['off']['seconds_per_step'] / 2 == off['times_the_training']
    found['ways']['photo'].update(times_off=1.2, waiting=0.031)
    assert '| 3.1% | 1.20 (aim: at most 1.05, missed) |' in '\n'.join(report._feeding(found))


@pytest.mark.long
def test_scaling_counts_waiting_as_communication():
    volumes = scaling.gradient_bytes(OurTrainer(training_batch(32, 1), content_network(), 2, 'joint').phases)
    assert volumes['ttn'] < 1e5 and 2e8 < volumes['ccn'] < 4e8
    first = {'seconds': {'alone': [1.0, 2.0, 1.0], 'beside': [1.0, 4.0, 1.0], 'together': [2.0, 5.0, 2.0],
                         'ttn': [0.1, 0.1, 9.0], 'ccn': [1.0, 1.0, 1.0]},
             'gradient_bytes': volumes, 'peak_memory_mb': 7}
    second = {'seconds': {'beside': [2.0, 4.0, 2.0], 'together': [2.0, 5.0, 2.0], 'ttn': [0.3, 0.3, 9.0],
                          'ccn': [1.0, 1.0, 1.0]}, 'gradient_bytes': volumes, 'peak_memory_mb': 9}
    found = scaling.summary([first, second], batch=3, cores=2)
    assert found['images_per_second'] == {'alone': 3.0, 'beside': 4.0, 'together': 3.0} and found['efficiency'] == 0.5
    assert found['communication_share'] == 0.25 and found['seconds']['ttn'] == pytest.approx(0.2)
    rows = report._scaling([found, dict(found, processes=4, communication_share=0.05)])
    assert '| 0.50 | 25.0% (aim: under 10%, missed) | 0.200 | 1.000 | 9 |' in rows[2]
    assert '5.0%, oversubscribed' in rows[3] and 'not built' in report._scaling([])[0]


def test_the_report_says_what_was_met():
    row = {'size': 64, 'batch': 8, 'seconds': {'d': 1, 'g': 2, 'd_r1': 3, 'g_path': 4}, 'step_plain': 3.0,
           'step_with_r1': 3.2, 'step_with_path': 4.0, 'step': 4.2, 'images_per_second': 1.9, 'path_over_step': 2.5}
    result = {'tensorflow': '1', 'python': '3', 'cores': 2, 'size': 64, 'batch': 2, 'rounds': 1, 'calibration': {
        'steps': [row, dict(row, path_over_step=1.5)], 'sampling': [{'size': 64, 'alone': 9, 'pairs': 5}],
        'geometry': {'workers': 2, 'images_per_second': 100, 'codec_share': 0.8}}}
    text = report.markdown(result)
    assert '2.50 (missed)' in text and '1.50 (met)' in text and '2 workers: 100 images/s, 80% in the codec' in text
