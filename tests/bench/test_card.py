"""Every row that is measured on a card runs on a CPU at a small size, and failures leave the others alone."""
import pytest

from dctnet.config import CcnModelConfig
from dctnet.errors import UserError
from tests.bench import calibration, card, card_report
from tests.bench.card import Card
from tests.training.tiny_training import content_network

TINY = {'device': 'cpu', 'size': 32, 'batch': 2, 'channels': 2, 'batches': (1,), 'steps': 1, 'warmup': 1,
        'calibration': (2, CcnModelConfig(max_channels=2, style_dim=2, mapping_layers=1)), 'pictures': ((32, 48),),
        'heads': (2,), 'folder': (2, 200), 'loads': 2, 'matrix_side': 64, 'seconds': 1e3}


def result(rows):
    return {'rows': rows, 'tensorflow': '2.15.1', 'python': '3.11', 'cores': 2, 'size': 32, 'tf32': False, 'cards': []}


@pytest.mark.long
def test_every_row_runs(monkeypatch):
    monkeypatch.setattr(calibration, 'dlib_embedding', lambda graph: lambda x: x[:, 0, :, 0])
    monkeypatch.setattr(card, 'COMPILED', {})  # XLA leaves CPUs alone
    rows = list(card.measured(Card(content_network(), **TINY)))
    assert not [row for row in rows if 'impossible' in row or 'left_out' in row]
    parts = [row['part'] for row in rows]
    assert {part.split(',')[0] for part in parts} == {'matrix product', 'step', 'input pipeline', 'translator',
                                                      'inference', 'content calibration'}
    steps = [row for row in rows if row['part'].startswith('step')]
    assert len(steps) == len(card.WAYS) + 2 + 2 and all(row['pictures_per_second'] > 0 for row in steps)
    off = next(row for row in steps if row['name'] == 'joint, superpixels off')
    output = next(row for row in steps if row['name'] == 'joint, superpixels of the output, cpu')
    assert off['tflops'] * off['seconds'] < output['tflops'] * output['seconds']  # a pass more through the network
    table = card_report.markdown(result(rows))
    assert all(row['name'] in table for row in rows)


def test_a_row_that_fails_leaves_the_others_alone(monkeypatch):
    def fail(*arguments):
        raise UserError('no such card')

    monkeypatch.setattr(card, '_step', fail)
    monkeypatch.setattr(card, '_plan', lambda given: iter([
        ('step', 'one', lambda: card._step(given, 1, {})), ('step', 'two', lambda: {'seconds': 0.5, 'tflops': 2.0,
                                                                                    'precision': 'float16'}),
        ('matrix product', 'float16', lambda: {'tflops': 8.0})]))
    rows = list(card.measured(Card(None, **TINY)))
    assert [set(row) - {'part', 'name', 'took'} for row in rows] == [{'impossible'}, {'seconds', 'tflops', 'precision'},
                                                                     {'tflops'}]
    table = card_report.markdown(result(rows))
    assert 'not here: no such card' in table and '| 500.0 |  | 2.0 | 25% |' in table


def test_rows_that_the_time_does_not_suffice_for_are_left_out(monkeypatch):
    monkeypatch.setattr(card, '_plan', lambda given: iter([('a', 'b', dict)]))
    rows = list(card.measured(Card(None, **dict(TINY, seconds=-1.0))))
    assert rows == [{'part': 'a', 'name': 'b', 'left_out': True, 'took': 0.0}]
    assert 'left out: no time' in card_report.markdown(result(rows))
