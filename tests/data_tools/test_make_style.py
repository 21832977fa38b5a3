"""One command for all stages: the commands that it runs are accepted by their own command lines, in order."""
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from data_tools import align_faces, filter_faces, generate_style_faces, make_style
from data_tools.recipe.stages import Recipe, Step
from dctnet import config_file, export, train
from dctnet.config import CcnConfig, TtnConfig
from dctnet.errors import UserError

ROOT = Path(__file__).parents[2]
PARSERS = {'dctnet.train': train.parse, 'data_tools.align_faces': align_faces.parse, 'dctnet.export': export.parse,
           'data_tools.generate_style_faces': generate_style_faces.parse, 'data_tools.filter_faces': filter_faces.parse}


def commands(name, **options):
    recipe = config_file.load(Recipe, ROOT / 'configs' / 'recipe' / name, options.pop('overrides', ()))
    return make_style.steps(recipe, Path('p'), Path('e'), Path('w'), **options)


@pytest.mark.parametrize('name', ['official.yaml', 'paper.yaml', 'smoke.yaml'])
def test_every_command_is_accepted_by_its_own_parser(name):
    found = commands(name)
    assert [step.stage for step in found] == ['align', 'align', 'source', 'ccn', 'sample', 'filter', 'ttn', 'export']
    for step in found:
        dash_m, program, *words = step.words
        assert dash_m == '-m'
        options = PARSERS[program](words)
        if program == 'dctnet.train':
            config_class = CcnConfig if options.stage == 'ccn' else TtnConfig
            loaded = config_file.load(config_class, ROOT / options.config, options.overrides)
            assert loaded.data.size == (64 if name == 'smoke.yaml' else 256)
            assert bool(getattr(loaded, 'source', '')) == (step.stage == 'ccn')
            if step.stage == 'ttn':
                assert not loaded.evaluate.every  # no recipe has photographs for it


def test_stages_feed_each_other():
    text = {step.stage: ' '.join(step.words) for step in commands('official.yaml', source=Path('ffhq.npz'))}
    assert 'source' not in text and 'source=ffhq.npz' in text['ccn'] and 'data.style=w/style' in text['ccn']
    assert '--run w/ccn --checkpoint 1000 --count 10000' in text['sample'] and '--out w/samples' in text['sample']
    assert 'data.generated=w/samples/keep.txt' in text['ttn'] and 'data.photo=w/photo' in text['ttn']
    assert text['export'].endswith('--run w/ttn --out w/model')


def test_aligned_pictures_are_not_aligned_and_landmarks_go_with_the_exemplars():
    aligned = commands('official.yaml', overrides=['align.photos=false', 'align.exemplars=false'])
    assert [step.stage for step in aligned][0] == 'source' and 'data.photo=p' in aligned[0].words
    assert 'data.style=e' in aligned[1].words
    marked = commands('official.yaml', landmarks=Path('marks.json'))
    assert '--landmarks' not in marked[0].words and marked[1].words[-2:] == ['--landmarks', 'marks.json']


def test_the_detector_is_chosen_for_both_folders():
    plain = commands('official.yaml')
    chosen = commands('official.yaml', overrides=['align.detector=cascade', 'align.cascade=anime.xml'])
    for before, after in zip(plain[:2], chosen[:2]):
        assert '--cascade' not in before.words
        options = align_faces.parse(after.words[2:])
        assert (options.detector, options.cascade) == ('cascade', 'anime.xml')


def ending(code, stage='ttn'):
    return Step(stage, ['-c', f'import sys; sys.exit({code})'])


def test_a_failed_stage_ends_the_recipe_and_some_failed_pictures_do_not(capfd):
    assert make_style.run([ending(0), ending(0)]) == 0
    assert make_style.run([ending(1, 'align'), ending(1, 'filter'), ending(0)]) == 0
    assert make_style.run([ending(75), ending(2)]) == 75
    with pytest.raises(UserError, match='stage ccn failed with exit code 2'):
        make_style.run([ending(2, 'ccn'), Step('ttn', ['-c', 'print("never")'])])
    with pytest.raises(UserError, match='stage ttn failed'):
        make_style.run([ending(1)])
    assert '\nnever' not in capfd.readouterr().out


def test_a_dry_run_only_prints(tmp_path, capsys):
    words = ['--recipe', str(ROOT / 'configs/recipe/smoke.yaml'), '--photos', str(tmp_path), '--exemplars',
             str(tmp_path), '--out', str(tmp_path / 'work'), '--dry-run', '--until', 'sample']
    assert make_style.main(words) == 0 and not (tmp_path / 'work').exists()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5 and lines[-1].startswith('[5/5 sample] $ python -m data_tools.generate_style_faces')


def test_mistakes_are_refused(tmp_path):
    words = ['--recipe', str(ROOT / 'configs/recipe/smoke.yaml'), '--photos', str(tmp_path / 'gone'), '--exemplars',
             str(tmp_path), '--out', str(tmp_path / 'work')]
    with pytest.raises(UserError, match='--photos .*gone is no folder'):
        make_style.main(words)
    with pytest.raises(UserError, match='did you mean samples.count'):
        make_style.main(words + ['--set', 'samples.cont=3'])


@pytest.mark.parametrize('heeds', ['lambda *_: sys.exit(75)', 'signal.SIG_DFL', 'lambda *_: sys.exit(0)'])
@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_a_signal_reaches_the_command_and_stops_what_comes_after_it(tmp_path, heeds, number):
    """Whether the command stops as it should, does not listen yet, or is done at this moment."""
    child = ('import pathlib, signal, sys, time\n'
             f'signal.signal({int(number)}, {heeds})\n'
             'pathlib.Path(sys.argv[1]).write_text("ready")\n'
             'time.sleep(60)')
    parent = ('import sys\nfrom data_tools.recipe.project_command import run_command\n'
              'sys.exit(run_command(["-c", sys.argv[1], sys.argv[2]]))')
    process = subprocess.Popen([sys.executable, '-c', parent, child, str(tmp_path / 'ready')], cwd=str(ROOT),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.time() + 30
    while not (tmp_path / 'ready').exists() and time.time() < deadline:
        time.sleep(0.05)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does
    else:
        process.send_signal(number)
    assert process.wait(30) == 75
