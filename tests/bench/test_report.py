"""The report of known figures: what stands in its tables, and which aims it says are met."""
import pytest

from tests.bench import report
from tests.bench.parts import PARTS

HEAD = {'tensorflow': '1', 'python': '3', 'cores': 2, 'size': 64, 'batch': 2, 'rounds': 1}


def lines_of(**parts):
    return report.markdown(dict(HEAD, **parts)).splitlines()


def test_a_training_step_is_compared_with_the_baseline():
    rows = {'baseline': {'seconds_per_step': 8.5, 'cpu_seconds_per_step': 16.0, 'images_per_second': 0.235,
                         'peak_memory_mb': 2000},
            'joint': {'seconds_per_step': 4.0, 'cpu_seconds_per_step': 7.5, 'images_per_second': 0.5,
                      'peak_memory_mb': 1500}}
    lines = lines_of(training=rows, ratios={'joint': 2.125}, cpu_ratios={'joint': 2.13})
    assert '| baseline | 8.50 | 16.00 | 0.235 | 2000 | 1 | 1 |  |' in lines
    assert '| joint | 4.00 | 7.50 | 0.500 | 1500 (75%) | 2.12 | 2.13 | 2.0 (met) |' in lines
    slow = lines_of(training=rows, ratios={'joint': 1.99}, cpu_ratios={'joint': 2.13})
    assert '2.0 (missed)' in slow[-1]


def test_parts_of_a_step_have_their_shares():
    lines = lines_of(parts={'seconds': dict(zip(PARTS, (1.0, 2.0, 4.0, 1.0, 1.0, 1.0))), 'share_of_matrix_product': 0.5,
                            'gflops': {'convolutions': 20.4, 'matrix product': 40.6}})
    assert '| s | 1.00 | 2.00 | 4.00 | 1.00 | 1.00 | 1.00 | 10.00 |' in lines
    assert '| share | 10% | 20% | 40% | 10% | 10% | 10% | |' in lines
    assert lines[-1].endswith('20 GFLOP/s, a matrix product 41: 50% (aim: 0.55 (missed), TensorFlow 2.15)')


@pytest.mark.parametrize('ratio, verdict', [(1.05, 'met'), (1.2, 'missed')])
def test_feeding_may_cost_little_more_than_no_superpixels(ratio, verdict):
    ways = {'off': {'seconds_per_step': 2.0, 'waiting': 0.0, 'times_off': 1.0},
            'photo': {'seconds_per_step': 2.0 * ratio, 'waiting': 0.031, 'times_off': ratio}}
    lines = lines_of(feeding={'ways': ways, 'input': {
        'off': {'pictures_per_second': 80.0, 'times_the_training': 40.0},
        'photo': {'pictures_per_second': 9.0, 'times_the_training': 4.5}}})
    assert '| off | 2.00 | 0.0% | 1.00 |' in lines
    assert f'| photo | {2 * ratio:.2f} | 3.1% | {ratio:.2f} (aim: at most 1.05, {verdict}) |' in lines
    assert 'off 80 pictures/s, 40 times the training (aim: 10 (met))' in lines[-1]
    assert 'photo 9 pictures/s, 4 times the training (aim: 10 (missed))' in lines[-1]


def test_communication_counts_only_while_there_are_cores_for_all():
    row = {'processes': 2, 'cores': 2, 'images_per_second': {'alone': 3.0, 'beside': 4.0, 'together': 3.0},
           'efficiency': 0.5, 'communication_share': 0.25, 'seconds': {'ttn': 0.2, 'ccn': 1.0}, 'peak_memory_mb': 9,
           'gradient_bytes': {'ttn': 5e6, 'ccn': 2.4e8}}
    lines = lines_of(scaling=[row, None, dict(row, processes=4, communication_share=0.05)])
    assert '| 2 | 2 | 3.000 | 4.000 | 3.000 | 0.50 | 25.0% (aim: under 10%, missed) | 0.200 | 1.000 | 9 |' in lines
    assert '| 4 | 2 | 3.000 | 4.000 | 3.000 | 0.50 | 5.0%, oversubscribed | 0.200 | 1.000 | 9 |' in lines
    assert 'Gradients of a step: ttn 5.0 MB, ccn at 256 px 240 MB' in lines
    assert 'not built' in lines_of(scaling=[None])[-1]


def test_a_folder_is_compared_with_the_published_order():
    row = {'pictures_per_second': 2.0, 'times_the_published': 1.0, 'times_the_published_by_cpu': 1.0,
           'cpu_seconds_per_picture': 0.9, 'peak_memory_mb': 700, 'difference': 0.0}
    lines = lines_of(throughput={'pictures': 12, 'published': row, 'published_order': row, 'one_worker': row,
                                 'folder': dict(row, times_the_published=1.4, difference=0.625,
                                                parts={'reading': 123.4, 'background': 0.956})})
    assert '| published graphs and order | 2.00 | 1.00 | 1.00 | 0.90 | 700 | 0.00 |' in lines
    assert lines[-1] == 'infer.py, pictures a second by part: reading 123.4, background 1.0'
    assert lines[-3] == '| infer.py | 2.00 | 1.40 (aim: 1.5 (missed)) | 1.00 | 0.90 | 700 | 0.62 |'


def test_alignment_and_features_of_a_folder():
    alignment = {'side': 500, 'workers': 2, 'pictures_per_second': 9.96, 'cpu_milliseconds_in_all': 200.0,
                 'cores_in_use': 1.875, 'writing_share_of_the_clock': 0.03,
                 'cpu_milliseconds': {'reading': 20.0, 'detection': 150.0, 'rest': 30.0}}
    streaming = {'few': {'pictures': 64, 'pictures_per_second': 50.0, 'peak_memory_mb': 400},
                 'many': {'pictures': 256, 'pictures_per_second': 51.26, 'peak_memory_mb': 401}}
    lines = lines_of(data={'alignment': alignment, 'streaming': streaming})
    assert ('Aligning faces, 500 px, 2 workers: 10.0 pictures/s, 200 CPU ms each, 1.88 cores in use; writing takes 3% '
            'of the clock') in lines and 'CPU: detection 75%, rest 15%, reading 10%' in lines
    assert lines[-2:] == ['| 64 pictures | 50.0 | 400 |', '| 256 pictures | 51.3 | 401 |']


def test_calibration_says_whether_the_path_term_is_cheap():
    row = {'size': 64, 'batch': 8, 'seconds': {'d': 1, 'g': 2, 'd_r1': 3, 'g_path': 4}, 'step_plain': 3.0,
           'step_with_r1': 3.2, 'step_with_path': 4.0, 'step': 4.2, 'images_per_second': 1.9, 'path_over_step': 2.5}
    lines = lines_of(calibration={
        'steps': [row, dict(row, path_over_step=1.5)], 'sampling': [{'size': 64, 'alone': 9, 'pairs': 5}],
        'geometry': {'workers': 2, 'images_per_second': 100, 'codec_share': 0.8}})
    assert '| 64 px | 1.00 | 2.00 | 3.00 | 4.00 | 3.00 | 3.20 | 4.00 | 4.20 | 1.90 |  | 2.50 (missed) |' in lines
    assert '1.50 (met)' in '\n'.join(lines)
    assert lines[-1] == 'Offline geometry, 256 px, 2 workers: 100 images/s, 80% in the codec'
