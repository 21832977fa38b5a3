"""The parts of a training step, and the work of its convolutions."""
import numpy as np
import pytest

from dctnet.compat import tf
from tests.bench import parts
from tests.bench.batch import training_batch
from tests.bench.ours import OurTrainer
from tests.bench.parts import PARTS, Trace
from tests.training.tiny_training import content_network


@pytest.mark.long
def test_every_part_of_a_tiny_step_takes_time():
    result = parts.time_parts(OurTrainer(training_batch(32, 1), content_network(), 2, 'joint'), rounds=1,
                              matrix_side=32)
    assert list(result['seconds']) == list(PARTS) and all(value > 0 for value in result['seconds'].values())


def test_figures_are_medians_over_the_steps():
    seconds = [dict.fromkeys(PARTS, value) for value in (1.0, 2.0, 9.0)]
    # 10, 40 and 20 GFLOP/s of convolutions beside 100, 80 and 50 of a matrix product: shares 0.1, 0.5 and 0.4.
    result = parts.summary([Trace(seconds[0], 2e10, 2.0, 1e11), Trace(seconds[1], 4e10, 1.0, 8e10),
                            Trace(seconds[2], 2e10, 1.0, 5e10)])
    assert result['seconds'] == dict.fromkeys(PARTS, 2.0)
    assert result['gflops'] == {'convolutions': 20.0, 'matrix product': 80.0}
    assert result['share_of_matrix_product'] == pytest.approx(0.4)


def test_operations_of_a_convolution_and_its_gradients():
    with tf.Graph().as_default() as graph:
        x, kernel = tf.ones([2, 8, 6, 3]), tf.ones([3, 3, 3, 5])
        tf.gradients(tf.nn.conv2d(x, kernel, [1, 2, 2, 1], 'SAME'), [x, kernel])
        counts = {operation.type: parts.operations_of(operation) for operation in graph.get_operations()}
    once = 2 * 2 * 4 * 3 * np.prod([3, 3, 3, 5])
    assert [counts[name] for name in ('Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter')] == [once] * 3
    assert counts['Const'] == 0
