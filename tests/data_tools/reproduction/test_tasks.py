"""The commands of the experiments: each is accepted by its own command line, and what can be shared is made once."""
from pathlib import Path

import pytest

from data_tools import align_faces, filter_faces, generate_style_faces, project
from data_tools.reproduction import tasks
from data_tools.reproduction.plan import read_plan
from data_tools.reproduction.tasks import Inputs, Layout
from dctnet import evaluate, export, infer, train
from tests.data_tools.reproduction.test_plan import PLAN

PARSERS = {'dctnet.train': train.parse, 'data_tools.align_faces': align_faces.parse, 'dctnet.export': export.parse,
           'data_tools.generate_style_faces': generate_style_faces.parse, 'data_tools.filter_faces': filter_faces.parse,
           'data_tools.project': project.parse, 'dctnet.infer': infer.parse, 'dctnet.evaluate': evaluate.parse}
ROWS = read_plan(PLAN)


def layout_of(rows=ROWS, **changes):
    inputs = Inputs(Path('p'), Path('e'), Path('t'), Path('e'), None, Path('w'), 'dlib', None)._replace(**changes)
    return Layout(inputs, rows)


def everything(layout, rows=ROWS, seeds=1):
    return tasks.alignment(layout, rows[0].recipe) + tasks.calibration(layout, rows) + [
        task for row in rows for seed in range(seeds) for task in tasks.row_tasks(layout, row, seed)]


def test_every_command_is_accepted_by_its_own_parser():
    for task in everything(layout_of(lpips=Path('lpips.pb'))):
        dash_m, program, *words = task.step.words
        assert dash_m == '-m'
        options = PARSERS[program](words)
        if program == 'dctnet.train':
            assert task.config is not None and task.config.data.size == 256
        if program == 'dctnet.evaluate':
            assert options.standard_errors and options.lpips == Path('lpips.pb')


def test_what_rows_share_is_made_once():
    names = [task.name for task in everything(layout_of(), seeds=2)]
    assert names.count('source') == 1 and names.count('align-photo') == 1
    assert {name for name in names if name.startswith('ccn-')} == {'ccn-paper', 'ccn-official', 'ccn-toonify'}
    assert {name for name in names if name.startswith('sample-')} == {'sample-paper', 'sample-official'}
    assert names.count('ttn-paper-1') == 2 and 'ttn-without_facial-1' not in names  # the same training
    others = [name for name in names if name.startswith('ttn-') and not name.startswith('ttn-paper')]
    assert len(others) == len(set(others)) == 2 * 7


def test_a_row_alone_finds_what_the_others_have_made():
    rows = [row for row in ROWS if row.name == 'without_facial']
    layout = layout_of()
    shared = [task.name for task in tasks.calibration(layout, rows)]
    assert shared == ['source', 'ccn-paper', 'sample-paper', 'filter-paper']
    names = [task.name for task in tasks.row_tasks(layout, rows[0], 0)]
    assert names == ['ttn-paper-0', 'export-paper-0', 'translate-without_facial-0', 'measure-without_facial-0']


def words_of(name, layout=None, seed=0):
    layout = layout or layout_of()
    row = next(row for row in ROWS if row.name == name)
    return {task.step.stage: ' '.join(task.step.words) for task in tasks.row_tasks(layout, row, seed)}


def test_stages_feed_each_other():
    paper = words_of('paper', seed=3)
    assert 'data.generated=w/calibration/paper/samples/keep.txt' in paper['ttn'] and 'train.seed=3' in paper['ttn']
    assert '--model w/runs/paper/seed-3/model' in paper['translate'] and '--mode whole' in paper['translate']
    assert '--results w/translations/seed-3/paper --styles w/aligned/style' in paper['measure']
    assert 'data.generated' not in words_of('without_calibration')['ttn']
    toonify = words_of('toonify')
    assert '--run w/calibration/toonify/ccn --checkpoint 1000 --blend 4 --photos w/test' in toonify['project']


@pytest.mark.parametrize('changes, aligned', [({}, ['photo', 'style', 'test']),
                                              ({'styles': Path('s')}, ['photo', 'style', 'test', 'compared'])])
def test_folders_are_aligned_as_the_recipe_says(changes, aligned):
    layout = layout_of(**changes)
    assert [task.name for task in tasks.alignment(layout, ROWS[0].recipe)] == [f'align-{name}' for name in aligned]
    assert layout.styles == Path('w/aligned') / ('compared' if changes else 'style')
    plain = read_plan(PLAN, ['align.photos=false', 'align.exemplars=false'])
    layout = layout_of(plain, **changes)
    assert not tasks.alignment(layout, plain[0].recipe)
    assert (layout.photos, layout.styles) == (Path('p'), changes.get('styles', Path('e')))


def test_settings_do_not_depend_on_where_the_folder_lies():
    here, there = [next(task for task in everything(layout_of(out=Path(out))) if task.name == 'ttn-strong-0').settings(
        Path(out)) for out in ('/a/work', '/b')]
    assert here == there and here['config']['loss']['facial'] == 1.0
