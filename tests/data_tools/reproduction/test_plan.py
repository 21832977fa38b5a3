"""The rows of the plan: the paper's experiments, each differing from the full method in what its title says."""
import dataclasses
from pathlib import Path

import pytest

from data_tools.reproduction.plan import TOONIFY, chosen, read_plan
from data_tools.reproduction.tasks import ttn_config
from dctnet import config_file
from dctnet.errors import UserError
from dctnet.files import changes as changes_of

ROOT = Path(__file__).parents[3]
PLAN = ROOT / 'configs' / 'reproduce' / 'paper.yaml'


def rows_by_name(*overrides):
    return {row.name: row for row in read_plan(PLAN, overrides)}


def changes(row, full):
    """What the translator of a row does otherwise than that of the full method."""
    return {change.key: change.new for change in changes_of.differences(
        *[config_file.to_dict(ttn_config(each)) for each in (full, row)])}


def test_the_rows_of_the_paper_differ_in_one_thing_each():
    rows = rows_by_name()
    found = {name: changes(row, rows['paper']) for name, row in rows.items() if row.options.method != TOONIFY}
    assert found['without_geometry'] == {'data.geometry': 'off'}
    assert found['strong'] == {'loss.facial': 1.0} and found['without_facial'] == {}
    assert found['without_texture'] == {'loss.texture': 0.0} and found['without_surface'] == {'loss.surface': 0.0}
    assert found['sequential'] == {'train.schedule': 'sequential'}
    assert found['without_calibration'] == {} and not rows['without_calibration'].options.calibrated
    assert set(found['official']) == {'data.geometry', 'loss.adversarial', 'loss.superpixel', 'train.schedule'}
    assert all(row.options.against in ('', 'paper', 'strong') for row in rows.values())


def test_changes_go_where_they_belong_and_the_last_one_counts(tmp_path):
    rows = rows_by_name('size=64', 'ttn.train.steps=7', 'ccn.loss.r1=3', 'ccn.checkpoint=0', 'samples.count=9',
                        'ttn.data.geometry=official')
    row = rows['without_geometry']
    assert (row.recipe.size, row.recipe.ccn.checkpoint, row.recipe.samples.count) == (64, 0, 9)
    assert row.changes['ccn'] == ['loss.r1=3'] and row.changes['source'] == []
    config = ttn_config(row)
    assert (config.train.steps, config.data.size, config.data.geometry) == (7, 64, 'official')


def write(path, text):
    path.write_text(text, encoding='utf-8')
    return path


@pytest.mark.parametrize('text, told', [
    ('rows: {}', 'no rows'), ('row: {a: {}}', 'row'), ('rows:\n  a: 3', 'rows.a must be a section'),
    ('rows:\n  a: {tilte: b}', 'did you mean title'), ('rows:\n  a: {method: magic}', 'one of translator, toonify'),
    ('rows:\n  a: {against: b}', 'names b, which is no row'), ('set: size\nrows:\n  a: {}', 'list of KEY=VALUE'),
    ('rows:\n  a: {}\n  b: {set: [size=64]}', 'differ in size'),
    ('rows:\n  a: {set: [samples.cuont=3]}', 'did you mean samples.count'),
    ('projection_steps: many\nrows:\n  a: {}', 'must be a whole number')])
def test_mistakes_are_told(tmp_path, text, told):
    with pytest.raises(UserError, match=told):
        read_plan(write(tmp_path / 'plan.yaml', text))


def test_rows_are_chosen_by_name():
    rows = read_plan(PLAN)
    assert [row.name for row in chosen(rows, ['strong', 'paper'])] == ['paper', 'strong']
    assert chosen(rows, []) == rows
    with pytest.raises(UserError, match='--only papr: there is no such row; there are paper, official'):
        chosen(rows, ['papr'])


def test_options_of_rows_are_those_of_the_plan():
    assert {'title', 'recipe', 'method', 'calibrated', 'against'} == {
        field.name for field in dataclasses.fields(read_plan(PLAN)[0].options)}
