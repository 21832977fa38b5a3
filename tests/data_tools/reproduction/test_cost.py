"""Time and room before it starts: by steps, pictures, sizes and rates."""
import pytest

from data_tools.reproduction import cost, tasks
from data_tools.reproduction.cost import Counts, Rates
from data_tools.reproduction.plan import read_plan
from dctnet.errors import UserError
from tests.data_tools.reproduction.test_plan import PLAN, ROOT
from tests.data_tools.reproduction.test_tasks import everything, layout_of

COUNTS = Counts(photos=10000, exemplars=100, test=5000, styles=100)
RATES = Rates(machine='a card', start=10, ttn_joint=200, ttn_sequential_superpixels=80, ccn=50, sample=100, project=250)


def seconds(name, rates=RATES, overrides=()):
    rows = read_plan(PLAN, overrides)
    task = next(task for task in everything(layout_of(rows), rows) if task.name == name)
    return cost.cost(task, COUNTS, rows[0].recipe.size, rates).seconds


def test_trainings_take_steps_times_batch():
    assert seconds('ttn-paper-0') == pytest.approx(10 + 300000 * 16 / 200)
    assert seconds('ttn-official-0') == pytest.approx(10 + 300000 * 16 / 80)
    assert seconds('ccn-paper') == pytest.approx(10 + 1500 * 8 / 50)
    assert seconds('ttn-paper-0', overrides=['ttn.train.steps=1000', 'ttn.train.accumulate=2']) == pytest.approx(
        10 + 1000 * 32 / 200)
    assert seconds('ttn-paper-0', overrides=['size=128']) == pytest.approx(10 + 300000 * 16 / 800)


def test_other_stages_take_pictures():
    assert seconds('sample-paper') == pytest.approx(10 + 10000 / 100)
    assert seconds('project-toonify-0') == pytest.approx(10 + 5000 * 1000 / 250)
    assert seconds('export-paper-0') == 10
    assert seconds('align-photo') is None  # no rate


def test_what_several_rows_need_counts_once_and_what_is_done_not_at_all():
    rows = read_plan(PLAN)
    layout = layout_of()
    groups = {row.name: tasks.row_tasks(layout, row, 0) for row in rows if row.name in ('paper', 'without_facial')}
    rates = RATES.__class__(**dict(vars(RATES), translate=100, measure=100))
    both = cost.lines(groups, [], COUNTS, 256, rates)
    assert '6.7 hours' in both[1] and '6.7' not in both[2] and both[2].split() == ['without_facial', '0:02:00,', '0.6',
                                                                                   'GB']
    assert '0:' in cost.lines(groups, ['ttn-paper-0'], COUNTS, 256, rates)[1]
    assert 'at least' in cost.lines(groups, [], COUNTS, 256, RATES)[-1]  # translate and measure are unknown


def test_room_goes_with_checkpoints_and_pictures():
    rows = read_plan(PLAN)
    ccn = next(task for task in everything(layout_of()) if task.name == 'ccn-paper')
    assert cost.room_needed([ccn], COUNTS, 256) == pytest.approx(15 * 950e6)
    fewer = read_plan(PLAN, ['ccn.train.keep=2'])
    ccn = next(task for task in everything(layout_of(fewer), fewer) if task.name == 'ccn-paper')
    assert cost.room_needed([ccn], COUNTS, 256) == pytest.approx(2 * 950e6)
    translate = tasks.row_tasks(layout_of(), rows[0], 0)[2]
    assert cost.room_needed([translate], COUNTS, 256) == pytest.approx(5000 * 0.12e6)


@pytest.mark.parametrize('name', ['rates_h100.yaml', 'rates_cpu.yaml'])
def test_the_shipped_rates_know_every_kind_of_work(name):
    rates = cost.read_rates(ROOT / 'configs' / 'reproduce' / name)
    for task in everything(layout_of()):
        assert cost.cost(task, COUNTS, 256, rates).seconds > 0, task.name


def test_mistakes_in_rates_are_told(tmp_path):
    (tmp_path / 'rates.yaml').write_text('ccn: -1')
    with pytest.raises(UserError, match='ccn must be 0 or more'):
        cost.read_rates(tmp_path / 'rates.yaml')
    (tmp_path / 'rates.yaml').write_text('ttn_jont: 1')
    with pytest.raises(UserError, match='did you mean ttn_joint'):
        cost.read_rates(tmp_path / 'rates.yaml')
