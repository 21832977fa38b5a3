"""The step against float64: what is right passes, and a switch that computes otherwise is seen."""
import numpy as np
import pytest

from dctnet import frozen
from dctnet.compat import session_config, tf
from dctnet.diagnosis import step
from dctnet.diagnosis.findings import GRADIENT_LIMIT, LOSS_LIMIT
from tests.training.tiny_training import content_network


@pytest.mark.long
def test_numbers_of_the_cpu_are_right_but_not_those_of_float64():
    found = step.numbers('cpu', content_network())
    assert set(found.losses) == set(found.gradients) == {'g', 'd'}
    assert max(found.losses.values()) < LOSS_LIMIT / 100
    assert all(1e-8 < value < GRADIENT_LIMIT / 5 for value in found.gradients.values())


@pytest.mark.long
def test_a_device_that_rounds_is_seen(monkeypatch):
    """float32 weights of the reference with 10 bits after the point, as TF32 has."""
    def rounded(graph_def):
        for node in graph_def.node:
            value = node.attr['value'].tensor if node.op == 'Const' else None
            if value is not None and value.dtype == tf.float32.as_datatype_enum and len(value.tensor_shape.dim) == 4:
                bits = tf.make_ndarray(value).view(np.int32)
                value.CopyFrom(tf.make_tensor_proto((bits & ~0x1fff).view(np.float32)))
        return whole(graph_def)

    whole = step.in_float64
    monkeypatch.setattr(step, 'in_float64', rounded)
    found = step.numbers('cpu', content_network())
    assert max(found.gradients.values()) > GRADIENT_LIMIT


def test_a_graph_in_float64_computes_in_it_with_the_same_random_numbers():
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu')) as session:
        drawn = tf.random.stateless_uniform([4, 4, 4, 3], seed=[1, 2])
        small = tf.identity(drawn * 1e-9 + 1. - 1., name='small')
        resized = tf.identity(tf.image.resize_bilinear(drawn, [8, 8]), name='resized')
        float32 = session.run([small, resized])
        graph_def = frozen.freeze(session, [small, resized])
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu')) as session:
        float64 = session.run(tf.import_graph_def(step.in_float64(graph_def),
                                                  return_elements=['small:0', 'resized:0']))
    assert float32[0].dtype == np.float32 and not float32[0].any()
    assert float64[0].dtype == np.float64 and .2e-9 < float64[0].mean() < .8e-9
    np.testing.assert_allclose(float64[1], float32[1], rtol=1e-6)


def test_relative_differences():
    assert step.relative(np.array([1., 2.2]), np.array([1., 2.])) == pytest.approx(.2 / 5 ** .5)
    assert step.relative(np.zeros(2), np.zeros(2)) == 0
    assert np.isnan(step.relative(np.array([np.nan]), np.ones(1)))
