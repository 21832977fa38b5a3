"""train.py ttn with the facial perception loss: stopped and resumed, and what it asks of the photographs."""
import json
import logging
import shutil

import numpy as np
import pytest

from dctnet import config_file, images, train
from dctnet.config import TtnConfig
from dctnet.data import openness
from dctnet.errors import UserError
from dctnet.runs.folder import Run
from tests.training.tiny_training import CONFIG, arguments, metrics, newest_weights

FACIAL = ('loss.facial=2', 'loss.style=0', 'loss.content=0')


class Face:
    """Landmarks that differ from picture to picture."""

    def __init__(self, picture):
        self.landmarks = np.random.RandomState(int(picture[0, 0, 0])).uniform(0, 40, (68, 2))


class Detector:
    """A face in every picture but the first one of the folder."""
    seen = 0

    def detect(self, picture):
        Detector.seen += 1
        return [Face(picture)] * (picture[0, 0].tolist() != Detector.without)


@pytest.fixture()
def photos(tmp_path, pictures, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    shutil.copytree(str(pictures), str(tmp_path / 'pictures'))
    first = images.list_images(tmp_path / 'pictures' / 'photo')[0]
    Detector.seen = 0
    Detector.without = images.square(images.read_bgr(first), 36)[0, 0].tolist()
    monkeypatch.setattr(openness, 'FaceDetector', Detector)
    return tmp_path / 'pictures'


@pytest.mark.long
def test_stopped_and_resumed_is_the_same_as_uninterrupted(tmp_path, photos, caplog):
    whole, halved = tmp_path / 'whole', tmp_path / 'halved'
    assert train.main(arguments(photos, whole, *FACIAL + ('train.steps=4', 'train.save_every=2'))) == 0
    assert 'no face is found in 1 of 5 photographs (p0.png)' in caplog.text and Detector.seen == 5
    for steps in ('train.steps=2', 'train.steps=4'):
        assert train.main(arguments(photos, halved, *FACIAL + (steps,))) == 0
    a, b = newest_weights(whole), newest_weights(halved)
    assert set(a) == set(b) and [name for name in a if a[name].tobytes() != b[name].tobytes()] == []
    assert {'expression/conv0_1/u', 'expression/dense2/kernel', 'expression/dense2/kernel/Adam'} <= set(a)
    lines = metrics(whole)
    assert lines == metrics(halved) and len(lines) == 4
    for line in lines:
        assert line['g/facial'] == pytest.approx(2 * line['g/raw/facial'], rel=1e-5)
        assert line['g/raw/facial'] > 0 and line['expression/loss'] > 0
    assert Detector.seen == 5  # the later starts found the numbers in the folder


@pytest.mark.long
def test_a_resumed_run_keeps_its_spread(tmp_path, photos):
    run = tmp_path / 'run'
    train.main(arguments(photos, run, *FACIAL + ('train.steps=1',)))
    first = newest_weights(run)['expression/spread']
    kept = photos / 'photo' / openness.FILE_NAME
    content = json.loads(kept.read_text())
    for entry in content['photographs'].values():
        entry['openness'] = entry['openness'] and [3 * value for value in entry['openness']]
    kept.write_text(json.dumps(content))
    train.main(arguments(photos, run, *FACIAL + ('train.steps=2',)))
    np.testing.assert_array_equal(newest_weights(run)['expression/spread'], first)
    train.main(arguments(photos, tmp_path / 'other', *FACIAL + ('train.steps=1',)))
    np.testing.assert_allclose(newest_weights(tmp_path / 'other')['expression/spread'], 3 * first, rtol=1e-5)


@pytest.mark.long
def test_weight_0_measures_nothing(tmp_path, photos):
    assert train.main(arguments(photos, tmp_path / 'run', 'loss.style=0', 'loss.content=0', 'train.steps=1')) == 0
    assert Detector.seen == 0 and not (photos / 'photo' / openness.FILE_NAME).exists()
    assert not any('expression' in name for name in newest_weights(tmp_path / 'run'))


@pytest.mark.long
def test_a_dry_run_looks_at_some_photographs_and_writes_nothing(tmp_path, photos, monkeypatch):
    from dctnet.training import ttn
    monkeypatch.setattr(ttn, 'DRY_RUN_PHOTOGRAPHS', 3)
    command = arguments(photos, tmp_path / 'run', 'loss.facial=1', 'loss.style=0', 'loss.content=0') + ['--dry-run']
    assert train.main(command) == 0
    assert Detector.seen == 3 and not (photos / 'photo' / openness.FILE_NAME).exists()
    monkeypatch.setattr(Detector, 'detect', lambda self, picture: [])
    with pytest.raises(UserError, match='3 of the 3 photographs .* set loss.facial=0'):
        train.main(command)


def test_runs_from_before_the_loss_was_there_go_on_without_it(tmp_path):
    """The config of a run is compared with defaults in the place of keys that came later."""
    run = tmp_path / 'run'
    (run / 'checkpoints').mkdir(parents=True)
    for suffix in ('.index', '.data-00000-of-00001'):
        (run / 'checkpoints' / ('model-1' + suffix)).touch()
    older = config_file.to_dict(config_file.load(TtnConfig, CONFIG))
    del older['loss']['facial']
    (run / 'config.yaml').write_text(config_file.to_yaml(older))
    assert Run(run, 'ttn').resolve_config(TtnConfig, CONFIG, [], None).loss.facial == 0
    with pytest.raises(UserError, match='loss.facial is 0.0 there and 1.0 now'):
        Run(run, 'ttn').resolve_config(TtnConfig, CONFIG, ['loss.facial=1'], None)
