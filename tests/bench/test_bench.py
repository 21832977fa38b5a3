"""The benchmark measures what training runs: its steps build and run, and its figures follow from the times."""
from types import SimpleNamespace

import numpy as np
import pytest

from dctnet import images
from dctnet.config import CcnModelConfig
from dctnet.exporters import model_folder
from tests.bench import calibration, faces, feeding, folder, scaling, streaming, throughput
from tests.bench.batch import training_batch
from tests.bench.ours import OurTrainer
from tests.bench.portrait import random_generator
from tests.bench.published_inference import write_published_model
from tests.bench.timing import speedup
from tests.training.tiny_training import content_network


def test_a_speedup_is_the_median_of_ratios_within_rounds():
    assert speedup([8.0, 4.0, 3.0], [2.0, 4.0, 1.0]) == 3.0


@pytest.mark.long
@pytest.mark.parametrize('schedule', ['joint', 'sequential'])
def test_our_training_step_changes_the_generator(schedule):
    trainer = OurTrainer(training_batch(32, 2), content_network(), 2, schedule)
    variable = trainer.phases[0].variables[0]
    before = trainer.session.run(variable)
    trainer.step()
    assert not np.array_equal(before, trainer.session.run(variable))
    trainer.close()


@pytest.mark.long
def test_calibration_phases(monkeypatch):
    monkeypatch.setattr(calibration, 'dlib_embedding', lambda graph: lambda x: x[:, 0, :, 0])
    step = calibration.CalibrationStep(16, 2, CcnModelConfig(max_channels=2, style_dim=2, mapping_layers=1))
    step.step()
    assert step.every == {'d': 1, 'd_r1': 16, 'g': 1, 'g_path': 4}
    step.close()


def test_geometry_is_timed_against_its_codec(monkeypatch):
    # Two rounds of 4 pictures, 8 files each: 6 s and 2 s, of which the files alone take 3 s and 0.5 s.
    ticks = iter([0, 6, 10, 13, 20, 22, 30, 30.5])
    monkeypatch.setattr(calibration, 'time', SimpleNamespace(perf_counter=lambda: next(ticks)))
    assert calibration.time_geometry(rounds=2, workers=2) == {
        'workers': 2, 'images_per_second': 32 / 4, 'codec_share': (0.5 + 0.25) / 2}


@pytest.mark.long
def test_alignment_is_timed_part_by_part():
    result = faces.time_alignment(3, side=256)
    parts = result['cpu_milliseconds']
    # What is left of the whole is positive: no work is counted twice.
    assert set(parts) == set(faces.PARTS) | {'rest'} and all(value > 0 for value in parts.values())
    assert 0 < result['writing_share_of_the_clock'] < 1


def write_variants(folder, levels):
    """FOLDER/VARIANT/a.png of these grey levels."""
    for variant, level in zip(throughput.VARIANTS, levels):
        images.write_bgr(folder / variant / 'a.png', np.full((4, 4, 3), level, np.uint8))


def test_variants_are_compared_with_the_published_one(tmp_path):
    write_variants(tmp_path, (100, 100, 103, 98))
    laps = {variant: [{'seconds': 6.0 / speed, 'cpu_seconds': 12.0, 'peak_memory_mb': 99.6},
                      {'seconds': 2.0 / speed, 'cpu_seconds': 9.0, 'peak_memory_mb': 100.4}]
            for variant, speed in zip(throughput.VARIANTS, (1, 2, 1, 4))}
    result = throughput.summary(laps, tmp_path, count=8)
    assert [result[variant]['times_the_published'] for variant in throughput.VARIANTS] == [1, 2, 1, 4]
    assert [result[variant]['difference'] for variant in throughput.VARIANTS] == [0, 0, 3, 2]
    assert result['folder']['pictures_per_second'] == 8.0  # 8 in the median of 1.5 and 0.5 s
    assert result['folder']['cpu_seconds_per_picture'] == 10.5 / 8 and result['folder']['peak_memory_mb'] == 100


@pytest.mark.long
def test_a_folder_and_the_published_order_do_the_same_work(tmp_path):
    model_folder.write_model_folder(random_generator(2), 'random weights', tmp_path / 'model', {})
    write_published_model(random_generator(2), tmp_path / 'published_model')
    folder.write_portraits(tmp_path / 'in', 3, 200)
    laps = {variant: [throughput.make_pass(variant, tmp_path)()] for variant in throughput.VARIANTS}
    result = throughput.summary(laps, tmp_path, 3)
    for variant in throughput.VARIANTS:
        assert result[variant]['difference'] < 1.5  # rounding and JPEG
        assert result[variant]['peak_memory_mb'] > 50


@pytest.mark.long
def test_features_are_streamed_of_few_and_of_many_pictures(monkeypatch):
    monkeypatch.setattr(streaming, 'measure_in_a_process', streaming.measure)
    result = streaming.time_streaming(2)
    assert (result['few']['pictures'], result['many']['pictures']) == (2, 8)


@pytest.mark.long
def test_training_from_files_reads_every_way(monkeypatch):
    ways = {way: feeding.WAYS[way] for way in ('off', 'photo', 'photo, cache')}
    monkeypatch.setattr(feeding, 'WAYS', ways)
    result = feeding.time_feeding(content_network(), 2, 32, 2, rounds=1, warmup=1)
    assert set(result['ways']) == set(ways)
    assert all(row['seconds_per_step'] > 0 and 0 <= row['waiting'] < 1 for row in result['ways'].values())


def test_ways_to_superpixels_are_compared_with_none():
    result = feeding.summary({'off': [2.0, 4.0, 2.0], 'photo': [3.0, 2.0, 3.0]},
                             {'off': [0.0, 0.5, 0.1], 'photo': [0.2, 0.2, 0.4]}, {'off': 30.0}, batch=4)
    assert result['ways'] == {'off': {'seconds_per_step': 2.0, 'waiting': 0.1, 'times_off': 1.0},
                              'photo': {'seconds_per_step': 3.0, 'waiting': 0.2, 'times_off': 1.5}}
    assert result['input'] == {'off': {'pictures_per_second': 30.0, 'times_the_training': 15.0}}  # it takes 2 a second


@pytest.mark.long
def test_scaling_counts_waiting_as_communication():
    volumes = scaling.gradient_bytes(OurTrainer(training_batch(32, 1), content_network(), 2, 'joint').phases)
    assert volumes['ttn'] < 1e5 and 2e8 < volumes['ccn'] < 4e8
    first = {'seconds': {'alone': [1.0, 2.0, 1.0], 'beside': [1.0, 4.0, 1.0], 'together': [2.0, 5.0, 2.0],
                         'ttn': [0.1, 0.1, 9.0], 'ccn': [1.0, 1.0, 1.0]},
             'gradient_bytes': volumes, 'peak_memory_mb': 7}
    second = {'seconds': {'beside': [2.0, 4.0, 2.0], 'together': [2.0, 5.0, 2.0], 'ttn': [0.3, 0.3, 9.0],
                          'ccn': [1.0, 1.0, 1.0]}, 'gradient_bytes': volumes, 'peak_memory_mb': 9}
    result = scaling.summary([first, second], batch=3, cores=2)
    assert result['images_per_second'] == {'alone': 3.0, 'beside': 4.0, 'together': 3.0}
    assert result['efficiency'] == 0.5 and result['communication_share'] == 0.25
    assert result['seconds']['ttn'] == pytest.approx(0.2) and result['peak_memory_mb'] == 9
