"""A training that goes on from a checkpoint of the published trainer: its variables, its two Adams, no counter."""
import numpy as np
import pytest

from dctnet import train
from dctnet.compat import tf
from dctnet.config import TtnLossConfig
from dctnet.models.ttn_losses import build_discriminators
from dctnet.nets import unet
from dctnet.runs import checkpoint
from tests.training.tiny_training import SIZE, arguments

BETA1 = 0.5


@pytest.fixture(scope='module')
def published(tmp_path_factory):
    """(prefix of a tf_ckpts/model-N, its arrays): the published names and order of optimisers, G before D."""
    folder = tmp_path_factory.mktemp('published') / 'tf_ckpts'
    with tf.Graph().as_default(), tf.Session() as session:
        image = tf.placeholder(tf.float32, [1, SIZE, SIZE, 3])
        unet.unet(image, 2)
        build_discriminators(TtnLossConfig(), 2)
        for part in ('gene', 'disc'):
            variables = [variable for variable in tf.trainable_variables() if part in variable.name]
            loss = tf.add_n([tf.reduce_sum(tf.square(variable - 0.1)) for variable in variables])
            tf.train.AdamOptimizer(1e-3, BETA1, 0.99).minimize(loss, var_list=variables)
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            session.run([op for op in tf.get_default_graph().get_operations() if op.name in ('Adam', 'Adam_1')])
        prefix = tf.train.Saver().save(session, str(folder / 'model'), write_meta_graph=False, global_step=1000)
    reader = tf.train.load_checkpoint(prefix)
    return prefix, {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def after_one_step(pictures, run, prefix, *more):
    steps = ('train.steps=1', 'loss.superpixel=off', 'optim.lr=0', 'train.seed=3')
    assert train.main(arguments(pictures, run, *steps) + ['--init-from', prefix] + list(more)) == 0
    return checkpoint.read_arrays(run)


@pytest.mark.long
def test_weights_and_moments_of_both_networks_go_on(published, pictures, tmp_path, caplog):
    caplog.set_level('INFO')
    prefix, before = published
    warm = after_one_step(pictures, tmp_path / 'warm', prefix)
    assert 'Adam of the generator and the discriminators goes on' in caplog.text
    fresh = after_one_step(pictures, tmp_path / 'fresh', prefix, '--fresh-optimiser')
    assert 'Adam of no network goes on' in caplog.text
    moments = [name for name in before if name.endswith('/Adam')]
    assert {name.split('/')[0] for name in moments} == {'generator', 'disc_gray', 'disc_blur'}
    for name in moments:
        variable = name[:-len('/Adam')]
        np.testing.assert_array_equal(warm[variable], before[variable])  # the learning rate is 0
        # The step's gradients are the same, so what differs is what was there before.
        np.testing.assert_allclose(warm[name] - fresh[name], BETA1 * before[name], rtol=1e-3, atol=1e-7)
    for power in ('beta1_power', 'beta1_power_1'):
        assert warm[power] == pytest.approx(BETA1 * before[power]) and fresh[power] == pytest.approx(BETA1 ** 2)
    assert warm['global_step'] == 1
