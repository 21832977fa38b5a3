"""The paper's experiments as a user meets them: what is refused, what is told, and every row on tiny material."""
import json
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data_tools import reproduce, reproduce_smoke
from data_tools.reproduction import running, writing
from data_tools.reproduction.networks import found_networks
from dctnet import images
from dctnet.errors import UserError
from tests.data_tools.reproduction.reports import write_report
from tests.data_tools.reproduction.test_pictures import write

ROOT = Path(__file__).parents[2]
SIX = ['a.png', 'b.png', 'c.png', 'd.png', 'e.png', 'f.png']


@pytest.fixture()
def words(tmp_path):
    for seed, name in enumerate(('photos', 'exemplars', 'test')):
        write(tmp_path / name, SIX, (64, 64), seed)
    return [str(word) for word in ('--photos', tmp_path / 'photos', '--exemplars', tmp_path / 'exemplars', '--test',
                                   tmp_path / 'test', '--out', tmp_path / 'work')]


ALIGNED = ['--set', 'size=64', 'align.photos=false', 'align.exemplars=false', 'ttn.loss.content_network=dlib']


def test_a_dry_run_prints_commands_time_and_room(words, tmp_path, capsys):
    assert reproduce.main(words + ['--dry-run', '--only', 'paper', 'without_facial', '--seeds', '2']) == 0
    told = capsys.readouterr().out
    assert not (tmp_path / 'work').exists()
    commands = [line for line in told.splitlines() if '] $ python -m' in line]
    assert len([line for line in commands if line.startswith('[ttn-')]) == 2  # two seeds, shared by both rows
    assert 'Reckoned for one NVIDIA H100' in told and 'all, one after the other' in told and ' GB' in told


@pytest.mark.long
def test_trainings_are_timed_on_this_machine(words, capsys):
    small = reproduce_smoke.SMALL + ['size=32', 'ttn.train.steps=100000']
    assert reproduce.main(words + ['--dry-run', '--measure', '--only', 'paper', '--source', 'ffhq.npz', '--set']
                          + small) == 0
    told = capsys.readouterr().out
    assert 'Reckoned for this machine' in told and 'trainings measured, the rest as of one NVIDIA H100' in told
    assert reproduce.main(words + ['--dry-run', '--only', 'paper', '--source', 'ffhq.npz', '--set'] + small) == 0
    assert told.splitlines()[-2] != capsys.readouterr().out.splitlines()[-2]  # the line of the row


def test_a_missing_network_is_told_of_each_row(words, monkeypatch, tmp_path, caplog):
    monkeypatch.setenv('DCTNET_CHECKPOINTS', str(tmp_path / 'none'))
    assert reproduce.main(words + ['--dry-run', '--only', 'paper', 'toonify']) == 0
    assert 'row paper cannot be made: its content network' in caplog.text and 'row toonify' not in caplog.text
    lacks = found_networks('auto').lacks
    assert {'fid', 'id', 'lpips'} == set(lacks) and 'needs Inception' in lacks['fid']
    with pytest.raises(UserError, match='inception'):
        reproduce.main(words + ['--dry-run', '--features', 'inception'])


@pytest.mark.parametrize('extra, told', [
    (['--only', 'papr'], 'there is no such row'), (['--others', 'GAN'], 'write it as NAME=FOLDER'),
    (['--others', 'GAN=/nowhere'], '/nowhere is no folder'), (['--others', 'paper=/'], 'there is a row paper already'),
    (['--others', 'a=/', 'a=/'], 'there is a row a already'), (['--set', 'samples.cuont=3'], 'did you mean'),
    (['--set', 'ttn.train.stesp=3'], 'did you mean train.steps'),
    (['--test', '/nowhere'], '--test /nowhere is no folder'),
    (['--plan', '/nowhere.yaml'], 'does not exist'), (['--rates', '/nowhere.yaml', '--dry-run'], 'does not exist')])
def test_mistakes_are_told_before_anything_is_made(words, tmp_path, extra, told):
    with pytest.raises(UserError, match=told):
        reproduce.main(words + extra)
    assert not (tmp_path / 'work').exists()


def test_a_disk_without_room_is_told_first(words, tmp_path, monkeypatch):
    monkeypatch.setattr(reproduce.shutil, 'disk_usage', lambda place: type('Usage', (), {'free': 10 ** 9}))
    with pytest.raises(UserError, match='1.0 GB of free space, and .* GB are needed'):
        reproduce.main(words + ['--set', 'ttn.loss.content_network=dlib'])
    assert not (tmp_path / 'work').exists()


def test_a_row_that_fails_is_noted_and_the_others_run(words, tmp_path, monkeypatch, capsys):
    """The table has what was measured, and says why a row is missing; the same command repeats that one alone."""
    run = []

    def chain(tasks, out, title):
        run.append(title)
        for task in tasks:
            if task.step.stage == 'measure':
                if title.startswith('strong'):
                    raise UserError('no memory')
                name, _, seed = task.output.stem.rpartition('-')
                write_report(task.output.parent, name, int(seed))
            elif task.step.stage in ('translate', 'project'):
                write(task.output, SIX, (64, 64), len(run))
        return 0
    monkeypatch.setattr(running, 'run_chain', chain)
    others = write(tmp_path / 'a-gan', SIX[:4], (32, 32))
    code = reproduce.main(words + ALIGNED + ['--only', 'paper', 'strong', 'toonify', '--seeds', '2', '--others',
                                             f'GAN={others}'])
    assert code == 1
    assert run == ['faces', 'shared', 'photographs-0', 'GAN-0', 'paper-0', 'strong-0', 'toonify-0', 'paper-1',
                   'strong-1']
    work = tmp_path / 'work'
    table = json.loads((work / 'table.json').read_text())
    rows = {row['name']: row for row in table['rows']}
    assert rows['paper']['figures']['fid']['runs'] == 2 and rows['toonify']['figures']['fid']['runs'] == 1
    assert rows['strong']['lacks'] == 'no memory' and rows['GAN']['kind'] == 'other'
    assert rows['photographs']['kind'] == 'reference' and 'without_geometry' not in rows
    page = (work / 'table.html').read_text(encoding='utf-8')
    assert page.count('<figure>') == 4 and page.count('missing</span>') == 2  # the GAN has four of six
    assert 'DCT-Net as in the paper' in (work / 'table.md').read_text(encoding='utf-8')
    study = (work / 'study.html').read_text(encoding='utf-8')
    assert '"methods": ["GAN", "paper", "toonify"]' in study
    assert 'look at' in capsys.readouterr().out


def test_a_row_made_with_other_settings_is_refused_before_any_row_runs(words, tmp_path, monkeypatch):
    def never(*_):
        raise AssertionError('something runs')
    monkeypatch.setattr(running, 'run_chain', never)
    record = tmp_path / 'work' / 'done' / 'ttn-strong-0.json'
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({'done': True, 'settings': {'config': {'train': {'steps': 7}}}}))
    with pytest.raises(UserError, match='holds ttn-strong-0 made with other settings'):
        reproduce.main(words + ALIGNED + ['--only', 'paper', 'strong'])


def test_the_table_alone_needs_no_training(words, tmp_path):
    work = tmp_path / 'work'
    write_report(work / 'figures', 'paper')
    write(work / 'test', SIX, (64, 64))
    assert reproduce.main(words + ALIGNED + ['--only', 'table']) == 0
    assert [row['name'] for row in json.loads((work / 'table.json').read_text())['rows']] == ['paper']


def test_nothing_measured_is_told(words, tmp_path):
    write(tmp_path / 'work' / 'test', SIX, (64, 64))
    with pytest.raises(UserError, match='nothing has been measured'):
        reproduce.main(words + ALIGNED + ['--only', 'table'])


@pytest.mark.long
def test_every_row_on_tiny_material(tmp_path):
    """make reproduce-smoke; the same again is quick; a folder of another size is refused."""
    command = [sys.executable, '-m', 'data_tools.reproduce_smoke', '--out', str(tmp_path)]
    done = subprocess.run(command, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout.decode()[-3000:]
    work = tmp_path / 'work'
    rows = {row['name']: row for row in json.loads((work / 'table.json').read_text())['rows']}
    assert len(rows) == 12 and all(set(row['figures']) == {'fid', 'kid', 'style', 'id', 'edges'}
                                   for row in rows.values())
    assert rows['without_facial']['figures'] == rows['paper']['figures']
    assert rows['photographs']['figures']['id']['mean'] == pytest.approx(1)
    test, toonified = [images.list_images(folder) for folder in (work / 'test', work / 'translations/seed-0/toonify')]
    assert [path.name for path in test] == [path.name for path in toonified] and len(test) >= 8
    translations = {name: np.stack([images.read_bgr(work / 'translations/seed-0' / name / path.name) for path in test])
                    for name in ('paper', 'without_geometry', 'without_texture', 'sequential')}
    for name, found in translations.items():
        assert name == 'paper' or (found != translations['paper']).any(), name
    again = subprocess.run(command, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode()
    assert '$ python -m' not in again + (tmp_path / 'second-half.log').read_text()
    assert 'paper-0: ttn-paper-0 is done' in again
    words = shlex.split(next(line for line in done.stdout.decode().splitlines() if '[paper-0 1/4 ttn] $ ' in line
                             ).partition('$ python ')[2])
    assert words[:3] == ['-m', 'dctnet.train', 'ttn']  # the printed command is one to type by hand
    typed = subprocess.run([sys.executable] + words + ['--dry-run'], cwd=str(ROOT), stdout=subprocess.PIPE)
    assert typed.returncode == 0
    with pytest.raises(UserError, match='made with other settings: .*steps'):
        reproduce.main([str(word) for word in (
            '--photos', tmp_path / 'photos', '--exemplars', tmp_path / 'exemplars', '--test', tmp_path / 'test',
            '--out', work, '--set', *reproduce_smoke.SMALL, 'ttn.train.steps=31')])


def test_the_smoke_has_the_rows_of_the_paper():
    from data_tools.reproduction.plan import read_plan
    rows = read_plan(ROOT / 'configs' / 'reproduce' / 'paper.yaml', reproduce_smoke.SMALL)
    assert len(rows) == 10 and {row.recipe.size for row in rows} == {64}
    assert writing.PHOTOGRAPHS not in [row.name for row in rows]
    assert sorted(sum(reproduce_smoke.HALVES, ())) == sorted(row.name for row in rows)
