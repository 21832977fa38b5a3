"""The command of the exemplars with the real libraries and a tiny model: both modes, seeds, going on, the checker."""
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data_tools import generate_exemplars
from data_tools.exemplars import diffusion
from data_tools.exemplars.diffusion import Drawing
from data_tools.folders import manifest_folder
from dctnet import images
from dctnet.errors import UserError

for name in diffusion.LIBRARIES:
    pytest.importorskip(name, reason='needs requirements/exemplars.txt, an environment of its own')

from tests.data_tools.exemplars import tiny_diffusion  # noqa: E402 (needs those libraries)

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    return tiny_diffusion.write_model(tmp_path_factory.mktemp('models') / 'tiny')


@pytest.fixture()
def command(model, tmp_path):
    (tmp_path / 'names.txt').write_text('ann\nbob\n')
    images.write_bgr(tmp_path / 'photos' / 'a.png', gradient())

    def words(*more, what='--subjects', out='out', model=model):
        source = tmp_path / ('names.txt' if what == '--subjects' else 'photos')
        return [str(word) for word in ('--style', 'clipart', '--model', model, what, source, '--out', tmp_path / out,
                                       '--size', 64, '--steps', 3, '--count', 2, '--device', 'cpu', '--offline') + more]

    def run(*more, **where):
        return generate_exemplars.main(words(*more, **where))
    run.words = words
    return run


def gradient():
    """A photograph for tests: blue to red, 64 x 64."""
    ramp = np.linspace(0, 255, 64).astype(np.uint8)
    return np.dstack([np.tile(ramp, (64, 1)), np.full((64, 64), 128, np.uint8), np.tile(ramp[::-1], (64, 1))])


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.glob('**/*') if path.is_file()}


@pytest.mark.parametrize('what, more', [('--subjects', ()), ('--photos', ()), ('--subjects', ('--batch', '2'))])
def test_going_on_repeats_an_uninterrupted_run(command, tmp_path, monkeypatch, what, more):
    assert command(*more, what=what, out='whole') == 0
    whole = contents(tmp_path / 'whole')
    paint, calls = diffusion.Painter.__call__, []

    def interrupted(painter, prompts, seeds, photos=None):
        if calls:
            raise KeyboardInterrupt
        calls.append(seeds)
        return paint(painter, prompts, seeds, photos)

    with monkeypatch.context() as patch:
        patch.setattr(diffusion.Painter, '__call__', interrupted)
        assert command(*more, what=what) == 75
    assert 0 < len(images.list_images(tmp_path / 'out')) < len(images.list_images(tmp_path / 'whole'))
    if what == '--photos':  # the rest in a process of its own, as after a crash
        subprocess.run([sys.executable, '-m', 'data_tools.generate_exemplars'] + command.words(*more, what=what),
                       cwd=str(ROOT), check=True)
    else:
        assert command(*more, what=what) == 0
    assert contents(tmp_path / 'out') == whole


def test_seeds_and_subjects_matter(command, tmp_path):
    assert command() == 0 and command('--seed', '1', out='other') == 0
    pictures = [images.read_bgr(path) for folder in ('out', 'other') for path in images.list_images(tmp_path / folder)]
    assert len(pictures) == 8 and all(picture.shape == (64, 64, 3) and picture.std() > 1 for picture in pictures)
    distances = [np.abs(one.astype(int) - other).mean() for i, one in enumerate(pictures) for other in pictures[:i]]
    assert min(distances) > 1
    versions = json.loads((tmp_path / 'out' / manifest_folder.MANIFEST).read_text().splitlines()[0])['versions']
    assert set(versions) == set(diffusion.LIBRARIES)


def test_the_prompt_matters(model):
    painter = diffusion.load(diffusion.find_model(str(model), True), Drawing(64, 3, 7.5, '', None), 'cpu', False)
    assert type(painter._pipeline.scheduler).__name__ == 'EulerAncestralDiscreteScheduler'
    one, other = [painter([prompt], [5])[0] for prompt in ('archer style', 'sks style, no text')]
    assert np.abs(one.astype(int) - other).mean() > 0.01
    np.testing.assert_array_equal(painter(['archer style'], [5])[0], one)


def test_a_batch_gives_what_single_pictures_give(model):
    painter = diffusion.load(diffusion.find_model(str(model), True), Drawing(64, 3, 7.5, 'text', None), 'cpu', False)
    together = painter(['a b', 'a b'], [5, 6])
    for picture, seed in zip(together, (5, 6)):
        assert np.abs(picture.astype(int) - painter(['a b'], [seed])[0]).max() <= 2  # rounding


def test_strength_says_how_far_from_the_photograph(model):
    def drawn(strength):
        drawing = Drawing(64, 20, 7.5, '', strength)
        painter = diffusion.load(diffusion.find_model(str(model), True), drawing, 'cpu', False)
        return [painter(['a man'], [5], [photo])[0].astype(int) for photo in (gradient(), 255 - gradient())]
    near, far = [np.abs(one - other).mean() for one, other in (drawn(0.05), drawn(1.0))]
    assert near > 5 * far  # strength 1 forgets what it was drawn over


def test_pictures_that_the_model_flags_are_rejected(command, tmp_path, caplog):
    caplog.set_level('INFO')
    strict = tiny_diffusion.write_model(tmp_path / 'strict', flags_everything=True)
    assert command(model=strict) == 0 and caplog.text.count('rejected: ') == 4
    assert [path for path in (tmp_path / 'out').iterdir() if path.suffix == '.png'] == []
    assert 'no safety checker' not in caplog.text
    without = tiny_diffusion.write_model(tmp_path / 'without', with_checker=False)
    assert command(model=without, out='all') == 0 and 'no safety checker' in caplog.text
    assert len(images.list_images(tmp_path / 'all')) == 4


def test_damaged_and_missing_models_are_refused(command, model, tmp_path):
    (tmp_path / 'part').mkdir()
    (tmp_path / 'part' / 'model_index.json').write_bytes((model / 'model_index.json').read_bytes())
    with pytest.raises(UserError, match='cannot load the model in .*part'):
        command(model=tmp_path / 'part')
    with pytest.raises(UserError, match='cannot get the model nobody/nothing .*without --offline'):
        command(model='nobody/nothing')
    assert not (tmp_path / 'out').exists()


def test_the_hub_is_not_asked_offline(command, tmp_path):
    result = subprocess.run(
        [sys.executable, '-m', 'data_tools.generate_exemplars'] + command.words(model='nobody/nothing')[:-1],
        cwd=str(ROOT), env=dict(os.environ, HF_HUB_OFFLINE='1', HF_HOME=str(tmp_path / 'hub')), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    text = result.stdout.decode()
    assert result.returncode == 2 and 'DOWNLOADED' not in text and 'Traceback' not in text
    assert 'error: cannot get the model nobody/nothing' in text.splitlines()[-1]
