"""LPIPS in the report, if its weights are given."""
import csv
import json

import numpy as np
import pytest

from dctnet import frozen, images
from dctnet.compat import tf
from tests.evaluate.command import refused, run


@pytest.fixture()
def perceptual(tmp_path):
    """A graph under LPIPS' names: the mean absolute difference."""
    with tf.Graph().as_default() as graph:
        sides = [tf.placeholder(tf.float32, [None, None, None, 3], name=name) for name in ('photo', 'result')]
        tf.reduce_mean(tf.abs(sides[0] - sides[1]), axis=[1, 2, 3], name='distance')
    frozen.write_graph(graph.as_graph_def(), tmp_path / 'lpips.pb')
    return tmp_path / 'lpips.pb'


@pytest.mark.long
def test_lpips_where_its_weights_are_given(folders, network, quick_identity, perceptual):
    assert run(folders, features=network, identity=quick_identity, lpips=perceptual) == 0
    report = json.loads((folders / 'out' / 'report.json').read_text(encoding='utf-8'))
    found = report['lpips']
    assert found['computed_on']['network'] == 'lpips.pb' and len(found['computed_on']['network_sha256']) == 64

    photos, results = [[images.to_unit(images.square(images.read_bgr(folders / name.format(i)), 256))
                        for i in range(10)] for name in ('photos/{}.jpg', 'painted/{}.png')]
    apart = [np.abs(photo - result).mean() for photo, result in zip(photos, results)]
    others = [np.abs(photo - result).mean() for photo, result in zip(photos[1:] + photos[:1], results)]
    assert found['results']['painted']['value'] == pytest.approx(np.mean(apart), rel=1e-4)
    assert found['results']['painted']['other_photo'] == pytest.approx(np.mean(others), rel=1e-4)
    assert found['results']['inverted']['value'] > found['results']['painted']['value']
    rows = list(csv.DictReader((folders / 'out' / 'report.csv').open(encoding='utf-8')))
    assert [float(row['lpips']) for row in rows[:10]] == pytest.approx(apart, abs=2e-5)
    lines = (folders / 'out' / 'report.md').read_text(encoding='utf-8').splitlines()
    assert lines[0].endswith('| LPIPS ↓ | LPIPS, other photo |')
    assert f'| {np.mean(apart):.3f} | {np.mean(others):.3f} |' in lines[2]
    assert {line.count('|') for line in lines if line.startswith('|')} == {12}

    assert run(folders, features=network, identity=quick_identity) == 0
    assert 'lpips' not in json.loads((folders / 'out' / 'report.json').read_text(encoding='utf-8'))
    assert 'lpips' not in (folders / 'out' / 'report.csv').read_text(encoding='utf-8')
    assert 'LPIPS' not in (folders / 'out' / 'report.md').read_text(encoding='utf-8')


@pytest.mark.long
def test_lpips_graphs_that_cannot_be_used(folders, network, quick_identity, perceptual):
    assert 'none.pb does not exist' in refused(folders, features=network, lpips=folders / 'none.pb')
    assert 'no tensor photo:0' in refused(folders, features=network, lpips=network)
    with tf.Graph().as_default() as graph:
        sides = [tf.placeholder(tf.float32, [None, None, None, 3], name=name) for name in ('photo', 'result')]
        tf.log(-tf.reduce_mean(tf.abs(sides[0] - sides[1]), axis=[1, 2, 3]), name='distance')
    frozen.write_graph(graph.as_graph_def(), perceptual)
    assert 'no finite number a pair' in refused(folders, features=network, lpips=perceptual)
