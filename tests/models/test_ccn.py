"""The training graph of the CCN: whom its phases move, lazy regularisation, the identity loss, and the average."""
import numpy as np
import pytest

from dctnet import config_file
from dctnet.compat import tf
from dctnet.config import CcnConfig
from dctnet.engine.optim import build_updates
from dctnet.models import ccn
from dctnet.nets import stylegan2

BATCH = 4
MODEL = {'max_channels': 4, 'style_dim': 8, 'mapping_layers': 2}


def config(**loss):
    return config_file.from_dict(CcnConfig, {'data': {'size': 16, 'batch_size': BATCH}, 'model': MODEL, 'loss': loss,
                                             'source': 'x'}, 'test')


def embedding(pictures):
    """A face embedding that sees every pixel."""
    kernel = np.random.RandomState(5).standard_normal((16 * 16 * 3, 7)).astype(np.float32)
    return tf.matmul(tf.reshape(pictures, [-1, 16 * 16 * 3]), tf.constant(kernel))


def build(settings, step, with_identity=True):
    real = tf.constant(np.random.RandomState(0).uniform(-1, 1, (BATCH, 16, 16, 3)).astype(np.float32))
    networks = ccn.create_networks(ccn.architecture_of(settings), with_source=with_identity)
    return networks, ccn.build_ccn(settings, networks, real, step, embedding if with_identity else None)


def load(session, networks, alike=False):
    """Random weights everywhere; the source differs from the generator unless `alike`."""
    session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    for seed, weights in enumerate(networks):
        arrays = stylegan2.starting_weights({n: tuple(v.shape.as_list()) for n, v in weights.items()},
                                            0 if alike and weights is networks.source else seed)
        for name, variable in weights.items():
            variable.load(arrays[name], session)


@pytest.fixture(scope='module')
def whole():
    with tf.Graph().as_default(), tf.Session() as session:
        step = tf.placeholder_with_default(tf.constant(0, tf.int64), [])
        networks, stage = build(config(identity=0.5), step)
        yield session, networks, stage, build_updates(stage), step


def values(session, weights):
    return {name: value for name, value in zip(weights, session.run(list(weights.values())))}


def moved(before, after):
    return {name for name in before if not np.array_equal(before[name], after[name])}


def test_gradients_are_summed_in_a_fixed_order(whole):
    session = whole[0]
    sums = [op for op in session.graph.get_operations() if op.type == 'AddN']
    assert sums and all(len(op.inputs) == 2 for op in sums)


def test_phases_move_their_own_network_only(whole):
    session, networks, stage, updates, _ = whole
    assert [(phase.name, phase.every) for phase in stage.phases] == [('d', 1), ('d_r1', 16), ('g', 1), ('g_path', 4)]
    assert not stage.joint
    for phase in stage.phases:
        load(session, networks)
        before = [values(session, weights) for weights in networks]
        session.run(updates[phase.name])
        changes = [moved(b, values(session, weights)) for b, weights in zip(before, networks)]
        own = 2 if phase.name.startswith('d') else 0
        assert [bool(change) for change in changes] == [i == own for i in range(4)], phase.name
        assert not any(name.startswith('noises/') for name in changes[0])
        # Penalties do not depend on the last biases; everything else moves.
        unmoved = set(before[own]) - changes[own] - {n for n in before[own] if n.startswith('noises/')}
        assert phase.name in ('d_r1', 'g_path') or unmoved == set(), phase.name
        assert len(unmoved) <= 12


def test_lazy_regularisation_scales_adam_and_shares_its_moments(whole):
    session, _, stage, _, _ = whole
    d, d_r1, g, g_path = stage.phases
    assert d.optim == d_r1.optim and g.optim == g_path.optim
    assert d.optim.lr == pytest.approx(2e-3 * 16 / 17) and d.optim.beta2 == pytest.approx(0.99 ** (16 / 17))
    assert g.optim.lr == pytest.approx(2e-3 * 4 / 5) and g.optim.beta1 == 0
    slots = [v.op.name for v in tf.global_variables() if v.op.name.startswith('discriminator/final_linear/1/bias/Adam')]
    assert len(slots) == 2  # one pair of moments for d and d_r1
    plain = config(r1=0, path=0, identity=0)
    assert ccn._lazy(plain, 0, 16).lr == 2e-3


def test_the_identity_loss_moves_the_generator():
    """Published code turned it into a number without a gradient."""
    with tf.Graph().as_default(), tf.Session() as session:
        networks, stage = build(config(identity=1.0, r1=0, path=0), tf.constant(0, tf.int64))
        g = stage.phases[1]
        gradient = tf.gradients(g.scalars['raw/identity'], g.variables)
        load(session, networks)
        assert all(np.abs(value).max() > 0 for value in session.run(gradient))
        assert tf.gradients(g.scalars['raw/identity'], list(networks.source.values())) == [None] * len(networks.source)
        assert session.run(g.scalars['raw/identity']) > 0.01
        # The same weights with the same latents and the same noise give the same face.
        load(session, networks, alike=True)
        assert session.run(g.scalars['raw/identity']) == pytest.approx(0, abs=1e-5)


def test_draws_depend_on_the_step_alone(whole):
    session, networks, stage, _, step = whole
    load(session, networks)
    loss = [phase.scalars['loss'] for phase in stage.phases]
    first, second, again = [session.run(loss, {step: n}) for n in (3, 4, 3)]
    np.testing.assert_array_equal(first, again)
    assert first[0] != second[0] and first[2] != second[2] and first[3] != second[3]
    assert first[1] == second[1]  # R1 looks at the pictures only


def test_without_a_source_there_is_no_identity():
    with tf.Graph().as_default():
        networks, stage = build(config(identity=0), tf.constant(0, tf.int64), with_identity=False)
        assert networks.source is None and set(stage.preview.columns) == {'average'}
        assert set(stage.phases[2].scalars) == {'loss', 'adversarial'}


def test_the_moving_average(whole):
    session, networks, stage, _, _ = whole
    load(session, networks)
    before, generator = values(session, networks.average), values(session, networks.generator)
    session.run(stage.step_ops)
    after = values(session, networks.average)
    decay = 0.5 ** (32 / 10000)
    name = 'convs/0/conv/weight'
    np.testing.assert_allclose(after[name], decay * before[name] + (1 - decay) * generator[name], rtol=1e-5)
