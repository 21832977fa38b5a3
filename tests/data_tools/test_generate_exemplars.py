"""The command of the exemplars, with a stand-in for the painter: going on, rejections, other settings, mistakes."""
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data_tools import generate_exemplars
from data_tools.exemplars import diffusion
from data_tools.folders import manifest_folder
from dctnet import images
from dctnet.errors import UserError, exit_with

ROOT = Path(__file__).parents[2]


class Painter:
    """Noise of the seed; `flagged` seeds are flagged, an interrupt comes before call number `stop`."""
    has_safety_checker = False

    def __init__(self):
        self.calls, self.flagged, self.stop = [], set(), None

    def __call__(self, prompts, seeds, photos=None):
        if len(self.calls) == self.stop:
            raise KeyboardInterrupt
        self.calls.append((list(prompts), list(seeds), photos))
        return [None if seed in self.flagged else np.random.RandomState(seed).randint(0, 255, (64, 64, 3), np.uint8)
                for seed in seeds]


@pytest.fixture()
def painter(monkeypatch):
    """Takes the place of the library; the log must say that nothing checks the pictures."""
    painter = Painter()
    monkeypatch.setattr(diffusion, 'versions', lambda: {'torch': '2'})
    monkeypatch.setattr(diffusion, 'device_of', lambda name, half: 'cpu')
    monkeypatch.setattr(diffusion, 'load', lambda *arguments: painter)
    return painter


@pytest.fixture()
def command(tmp_path):
    """Words -> exit code, with a model folder and two subjects."""
    (tmp_path / 'flat').mkdir()
    (tmp_path / 'flat' / 'model_index.json').write_text('{}')
    (tmp_path / 'names.txt').write_text('Ann\nBob\n')

    def run(*words, what=('--subjects', tmp_path / 'names.txt'), out='out'):
        return generate_exemplars.main([str(word) for word in ('--style', 'flat', '--model', tmp_path / 'flat', '--out',
                                                               tmp_path / out) + tuple(what) + words])
    run.out = tmp_path / 'out'
    return run


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.glob('**/*') if path.is_file()}


def records(folder):
    return [json.loads(line) for line in (folder / manifest_folder.MANIFEST).read_text().splitlines()]


def test_subjects_become_pictures_a_manifest_and_a_sheet(command, painter, caplog):
    caplog.set_level('INFO')
    assert command() == 0
    found = records(command.out)
    assert [(each['subject'], each['index']) for each in found] == [(name, index) for name in ('Ann', 'Bob')
                                                                    for index in range(5)]
    for each in found:
        assert each['prompt'] == f"sks style, a painting of a {each['subject']}, no text"
        assert each['model'].startswith('flat (') and each['versions'] == {'torch': '2'} and each['rejected'] is None
        assert str(each['seed']) in each['picture']
        np.testing.assert_array_equal(images.read_bgr(command.out / each['picture']),
                                      np.random.RandomState(each['seed']).randint(0, 255, (64, 64, 3), np.uint8))
    assert images.read_bgr(command.out / 'sheets' / 'contact_sheet_001.png').shape[1] > 5 * 112
    assert len(images.list_images(command.out)) == 10  # the sheet is not among them
    assert len(painter.calls) == 10 and 'no safety checker' in caplog.text
    for words in (f'data_tools.align_faces {command.out} {command.out}_aligned', 'data_tools.check PHOTOS'):
        assert words in caplog.text


@pytest.mark.parametrize('batch', [1, 3])
def test_going_on_repeats_an_uninterrupted_run(command, painter, batch):
    assert command('--batch', batch, out='whole') == 0
    painter.stop = len(painter.calls) + 3
    assert command('--batch', batch) == 75
    whole, part = contents(command.out.parent / 'whole'), contents(command.out)
    assert 2 < len(part) < len(whole)
    painter.stop = None
    with (command.out / manifest_folder.MANIFEST).open('a') as stream:
        stream.write('{"picture": "cut')
    painted = len(painter.calls)
    assert command('--batch', batch) == 0 and contents(command.out) == whole
    painter.calls, again = [], len(painter.calls) - painted
    assert 0 < again <= 7 and command('--batch', batch) == 0 and not painter.calls
    lost = sorted(images.list_images(command.out))[1]
    lost.unlink()
    assert command('--batch', batch) == 0 and contents(command.out) == whole
    (prompts, _, _), = painter.calls  # the whole batch of it
    assert len(prompts) == batch


def test_more_pictures_and_subjects_leave_the_former_ones(command, painter, tmp_path):
    assert command('--count', 2) == 0
    before = contents(command.out)
    (tmp_path / 'names.txt').write_text('Zoe\nBob\n')
    assert command('--count', 3) == 0
    assert len(painter.calls) == 4 + 3 + 1
    after = contents(command.out)
    assert all(after[name] == data for name, data in before.items() if name.endswith('.png') and 'sheet' not in name)
    assert [each['subject'] for each in records(command.out)] == ['Ann'] * 2 + ['Bob'] * 3 + ['Zoe'] * 3


def test_rejected_pictures_are_listed_and_not_drawn_again(command, painter, caplog):
    caplog.set_level('INFO')
    assert command('--count', 1) == 0
    seed = painter.calls[0][1][0]
    painter.flagged = {seed}
    assert command('--count', 1, out='checked') == 0
    checked = command.out.parent / 'checked'
    assert len(images.list_images(checked)) == 1 and records(checked)[0]['rejected'] == generate_exemplars.FLAGGED
    assert f'rejected: Ann-00-seed{seed}.png, flagged' in caplog.text
    painter.calls = []
    assert command('--count', 1, out='checked') == 0 and not painter.calls


def test_photographs_are_redrawn_and_bad_ones_are_told(command, painter, tmp_path, caplog):
    photos = tmp_path / 'photos'
    for name, grey in (('a.png', 10), ('b.png', 20)):
        images.write_bgr(photos / name, np.full((64, 64, 3), grey, np.uint8))
    (photos / 'c.png').write_bytes(b'no picture')
    what = ('--photos', photos, '--count', 1, '--subject', 'man')
    assert command(what=what) == 1 and 'failed' in caplog.text and 'c.png' in caplog.text
    assert [(each['photo'], each['subject']) for each in records(command.out)] == [('a.png', 'man'), ('b.png', 'man')]
    assert [photo[0][0, 0, 0] for _, _, photo in painter.calls] == [10, 20]
    assert json.loads((command.out / manifest_folder.SETTINGS).read_text())['strength'] == 0.6
    painter.calls = []
    images.write_bgr(photos / 'b.png', np.full((64, 64, 3), 30, np.uint8))  # another photograph of this name
    (photos / 'c.png').unlink()
    assert command(what=what) == 0 and [photo[0][0, 0, 0] for _, _, photo in painter.calls] == [30]


@pytest.mark.parametrize('words, part', [(('--steps', 20), 'steps is 50 there and 20 now'),
                                         (('--guidance', 3), 'guidance is 7.5 there and 3.0 now'),
                                         (('--seed', 1), 'seed is 0 there and 1 now'),
                                         (('--negative-prompt', 'text'), 'negative_prompt'),
                                         (('--batch', 2), 'batch is 1 there'), (('--size', 256), 'size is 512 there')])
def test_other_settings_in_the_same_folder_are_refused(command, painter, words, part):
    assert command('--count', 1) == 0
    before = contents(command.out)
    with pytest.raises(UserError, match=part):
        command(*words)
    assert contents(command.out) == before


def test_another_model_is_refused_and_other_versions_are_a_warning(command, painter, tmp_path, monkeypatch, caplog):
    assert command('--count', 1) == 0
    monkeypatch.setattr(diffusion, 'versions', lambda: {'torch': '3'})
    assert command('--count', 2) == 0 and 'other library versions' in caplog.text
    (tmp_path / 'flat' / 'unet').write_bytes(b'other weights')
    with pytest.raises(UserError, match='model is .flat '):
        command('--count', 2)


@pytest.mark.parametrize('words, part', [
    (('--strength', 0.5), '--strength goes with --photos'), (('--subject', 'man'), '--subject goes with --photos'),
    (('--size', 100), 'multiple of 8'), (('--steps', 0), 'at least 1'), (('--count', 0), 'at least 1'),
    (('--guidance', 'nan'), '--guidance'), (('--seed', -1), '--seed')])
def test_mistakes_are_refused(command, painter, words, part):
    with pytest.raises(UserError, match=part):
        command(*words)
    assert not command.out.exists()


def test_mistakes_with_photographs_and_prompts_are_refused(command, painter, tmp_path):
    images.write_bgr(tmp_path / 'photos' / 'a.png', np.zeros((64, 64, 3), np.uint8))
    for words, part in ((('--strength', 1.5), 'at most 1'), (('--strength', 0.1, '--steps', 5), 'less than a step')):
        with pytest.raises(UserError, match=part):
            command(*words, what=('--photos', tmp_path / 'photos'))
    with pytest.raises(UserError, match='the same folder'):
        command(what=('--photos', tmp_path / 'photos'), out='photos')
    with pytest.raises(UserError, match='no NAME in it'):
        generate_exemplars.main(['--prompt', 'a man', '--model', 'x', '--subjects', 'y', '--out', 'z'])
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out' / 'mine.png').write_bytes(b'x')
    with pytest.raises(UserError, match='not of this command'):
        command()


def test_a_missing_library_is_one_line(command, monkeypatch, capsys):
    for name in diffusion.LIBRARIES:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SystemExit) as left:
        exit_with(command)
    assert left.value.code == 2 and not command.out.exists()
    text = capsys.readouterr().err
    assert text.startswith('error: Python package torch is not installed') and text.count('\n') == 1


def test_the_training_environment_is_not_needed():
    code = ('import sys, data_tools.generate_exemplars; found = {"tensorflow", "dlib", "skimage", "scipy", "torch", '
            '"diffusers"} & set(sys.modules); assert not found, found')
    subprocess.run([sys.executable, '-c', code], cwd=str(ROOT), check=True)
