"""TensorFlow Lite: any size if this TensorFlow can, else one size, which the card tells."""
import json

import numpy as np
import pytest

from dctnet import process
from dctnet.compat import tf, tflite_has_free_sizes
from dctnet.exporters import parity, tflite_file

FREE = tflite_has_free_sizes()


@pytest.fixture(autouse=True, scope='module')
def converter():
    process.find_own_programs()


def files(weights, reference, precision, size=None):
    return tflite_file.tflite_files('cartoon', weights, 'x', {}, [precision], reference, size)


def test_sizes_are_free_or_that_of_heads():
    assert tflite_file.size_of_file((96, 64)) == (96, 64)
    assert tflite_file.size_of_file(None) == (None if FREE else (288, 288))


@pytest.mark.skipif(not FREE, reason='TensorFlow 1.15 converts to one size only')
def test_all_sizes(weights, reference):
    made = files(weights, reference, 'float32')
    card = json.loads(made['cartoon.tflite.json'].decode())
    assert card['resizable'] and card['input']['shape'] == [1, 'H', 'W', 3]
    assert parity.largest(card['parity']) <= 1 and list(card['parity']['sizes']) == ['32x32', '20x28', '16x24']


@pytest.mark.long
def test_one_size(exported):
    folder, printed = exported
    card = json.loads((folder / 'cartoon.tflite.json').read_text())
    assert not card['resizable'] and card['input']['shape'] == card['output']['shape'] == [1, 32, 48, 3]
    assert list(card['parity']['sizes']) == ['32x48'] and parity.largest(card['parity']) <= 1
    entry = tf.lite.Interpreter(model_path=str(folder / 'cartoon.tflite')).get_input_details()[0]
    assert entry['shape'].tolist() == [1, 32, 48, 3] and entry['dtype'] == np.float32
    assert entry['name'].split(':')[0] == card['input']['name']
    assert f'{folder}/cartoon.tflite: ' in printed and 'at most 32x48 ' in printed


@pytest.mark.long
@pytest.mark.parametrize('precision, share', [('float16', 0.7), ('int8', 0.5)])
def test_smaller_numbers(exported, precision, share, monkeypatch):
    from tests.frozen_graphs.__main__ import weights
    monkeypatch.setitem(parity.LIMITS, 'int8', (255, 255))
    of = parity.reference(weights(16), 'x', [(32, 48)])
    whole = len(files(weights(16), of, 'float32', (32, 48))['cartoon.tflite'])
    made = files(weights(16), of, precision, (32, 48))
    assert len(made[f'cartoon-{precision}.tflite']) < share * whole
    found = json.loads(made[f'cartoon-{precision}.tflite.json'].decode())['parity']
    assert parity.mean(found) < (0.1 if precision == 'float16' else 6)
