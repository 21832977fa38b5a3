"""The parts of a training step add up, and the work of its convolutions is counted."""
import numpy as np
import pytest

from dctnet.compat import tf
from tests.bench import parts, report
from tests.bench.batch import training_batch
from tests.bench.ours import OurTrainer
from tests.training.tiny_training import content_network


@pytest.mark.long
def test_parts_of_a_tiny_step(monkeypatch):
    monkeypatch.setattr(parts, '_MATRIX_SIDE', 32)
    monkeypatch.setattr(parts, 'make_trainer', lambda name, size, count: OurTrainer(
        training_batch(size, count), content_network(), 2, name))
    found = parts.time_parts(32, 1, rounds=1)
    assert set(found['seconds']) == set(parts.PARTS) and all(value > 0 for value in found['seconds'].values())
    assert found['share_of_matrix_product'] == pytest.approx(
        found['gflops']['convolutions'] / found['gflops']['matrix product'])
    assert '| share |' in '\n'.join(report._parts(found))


def test_operations_of_a_convolution_and_its_gradients():
    with tf.Graph().as_default() as graph:
        x, kernel = tf.ones([2, 8, 6, 3]), tf.ones([3, 3, 3, 5])
        tf.gradients(tf.nn.conv2d(x, kernel, [1, 2, 2, 1], 'SAME'), [x, kernel])
        counts = {operation.type: parts._operations(operation) for operation in graph.get_operations()}
    once = 2 * 2 * 4 * 3 * np.prod([3, 3, 3, 5])
    assert [counts[name] for name in ('Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter')] == [once] * 3
    assert counts['Const'] == 0
