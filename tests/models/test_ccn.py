"""The training graph of the CCN: its phases, lazy regularisation, the identity loss, the average, augmentation."""
import numpy as np
import pytest

from dctnet import config_file
from dctnet.compat import tf
from dctnet.config import AugmentConfig, CcnConfig
from dctnet.distributed import Local
from dctnet.engine.updates import build_updates
from dctnet.models import ada, ccn
from dctnet.nets import stylegan2
from dctnet.stage import Phase

BATCH = 4
# Biases that no penalty sees: behind the last nonlinearity but leaky ReLU, whose slope a bias does not change.
UNMOVED = {'d_r1': {'final_conv/1/bias', 'final_linear/0/bias', 'final_linear/1/bias'},
           'g_path': {'to_rgb1/bias', 'to_rgbs/0/bias', 'to_rgbs/1/bias'}}
MODEL = {'max_channels': 4, 'style_dim': 8, 'mapping_layers': 2}


def config(augment=None, **loss):
    return config_file.from_dict(CcnConfig, {'data': {'size': 16, 'batch_size': BATCH}, 'model': MODEL, 'loss': loss,
                                             'augment': augment or {}, 'source': 'x'}, 'test')


def embedding(pictures):
    """A face embedding that sees every pixel."""
    kernel = np.random.RandomState(5).standard_normal((16 * 16 * 3, 7)).astype(np.float32)
    return tf.matmul(tf.reshape(pictures, [-1, 16 * 16 * 3]), tf.constant(kernel))


def build(settings, step, with_identity=True):
    real = tf.constant(np.random.RandomState(0).uniform(-1, 1, (BATCH, 16, 16, 3)).astype(np.float32))
    networks = ccn.create_networks(ccn.architecture_of(settings), with_source=with_identity)
    return networks, ccn.build_ccn(settings, networks, real, step, embedding if with_identity else None, Local())


def load(session, networks, alike=False):
    """Random weights everywhere; the source differs from the generator unless `alike`."""
    with session.graph.as_default():
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    feeds = {}  # all in one run: each kind of run costs a look at the whole graph
    for seed, weights in enumerate(networks):
        arrays = stylegan2.starting_weights({n: tuple(v.shape.as_list()) for n, v in weights.items()},
                                            0 if alike and weights is networks.source else seed)
        feeds.update({variable.initializer.inputs[1]: arrays[name] for name, variable in weights.items()})
    session.run([variable.initializer for weights in networks for variable in weights.values()], feeds)


def built(settings):
    with tf.Graph().as_default():
        step = tf.placeholder_with_default(tf.constant(0, tf.int64), [])
        networks, stage = build(settings, step)
        updates = {name: update.apply for group in build_updates(stage, Local()).values()
                   for name, update in group.items()}
        return tf.Session(), networks, stage, updates, step


@pytest.fixture(scope='module')
def whole():
    return built(config(identity=0.5))


@pytest.fixture(scope='module')
def adaptive():
    return built(config({'mode': 'adaptive', 'p': 0.5, 'length': 100}, identity=0.5, path=0))


def values(session, weights):
    return {name: value for name, value in zip(weights, session.run(list(weights.values())))}


def moved(before, after):
    return {name for name in before if not np.array_equal(before[name], after[name])}


def test_gradients_are_summed_in_a_fixed_order(whole):
    session = whole[0]
    sums = [op for op in session.graph.get_operations() if op.type == 'AddN']
    assert sums and all(len(op.inputs) == 2 for op in sums)


@pytest.mark.parametrize('graph', ['whole', pytest.param('adaptive', marks=pytest.mark.long)])
def test_phases_move_their_own_network_only(graph, request):
    session, networks, stage, updates, _ = request.getfixturevalue(graph)
    names = [(phase.name, phase.every) for phase in stage.phases]
    assert names == [('d', 1), ('d_r1', 16), ('g', 1)] + [('g_path', 4)] * (graph == 'whole')
    assert not stage.joint
    for phase in stage.phases:
        load(session, networks)
        before = [values(session, weights) for weights in networks]
        session.run(updates[phase.name])
        changes = [moved(b, values(session, weights)) for b, weights in zip(before, networks)]
        own = 2 if phase.name.startswith('d') else 0
        assert [bool(change) for change in changes] == [i == own for i in range(4)], phase.name
        assert not any(name.startswith('noises/') for name in changes[0])
        unmoved = {name for name in before[own] if not name.startswith('noises/')} - changes[own]
        assert unmoved == UNMOVED.get(phase.name, set()), phase.name


def test_lazy_regularisation_scales_adam_and_shares_its_moments(whole):
    session, _, stage, _, _ = whole
    d, d_r1, g, g_path = stage.phases
    assert d.optim == d_r1.optim and g.optim == g_path.optim
    assert d.optim.lr == pytest.approx(2e-3 * 16 / 17) and d.optim.beta2 == pytest.approx(0.99 ** (16 / 17))
    assert g.optim.lr == pytest.approx(2e-3 * 4 / 5) and g.optim.beta1 == 0
    slots = [v.op.name for v in session.graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)
             if v.op.name.startswith('discriminator/final_linear/1/bias/Adam')]
    assert len(slots) == 2  # one pair of moments for d and d_r1
    plain = config(r1=0, path=0, identity=0)
    assert ccn.lazy_optim(plain, 0, 16).lr == 2e-3


@pytest.mark.long
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


@pytest.mark.long
def test_without_a_weight_the_identity_is_logged_and_moves_nothing():
    with tf.Graph().as_default(), tf.Session() as session:
        networks, stage = build(config(identity=0, r1=0, path=0), tf.constant(0, tf.int64))
        g = stage.phases[1]
        assert set(g.scalars) == {'loss', 'adversarial', 'raw/identity'}
        load(session, networks)
        assert session.run(g.scalars['raw/identity']) > 0.01
        assert tf.gradients(g.loss, list(networks.source.values())) == [None] * len(networks.source)
        assert session.run(g.loss) == session.run(g.scalars['adversarial'])
        # The gradient is that of the adversarial term, bit by bit.
        gradients = [tf.gradients(loss, g.variables) for loss in (g.loss, g.scalars['adversarial'])]
        for ours, plain in zip(*session.run(gradients)):
            np.testing.assert_array_equal(ours, plain)


def test_draws_depend_on_the_step_alone(whole):
    session, networks, stage, _, step = whole
    load(session, networks)
    loss = [phase.scalars['loss'] for phase in stage.phases]
    first, second, again = [session.run(loss, {step: n}) for n in (3, 4, 3)]
    np.testing.assert_array_equal(first, again)
    assert first[0] != second[0] and first[2] != second[2] and first[3] != second[3]
    assert first[1] == second[1]  # R1 looks at the pictures only


@pytest.mark.long
def test_without_a_source_there_is_no_identity():
    with tf.Graph().as_default():
        networks, stage = build(config(identity=0), tf.constant(0, tf.int64), with_identity=False)
        assert networks.source is None and set(stage.preview.columns) == {'average'}
        assert set(stage.phases[2].scalars) == {'loss', 'adversarial'}


def test_the_moving_average(whole):
    session, networks, stage, _, _ = whole
    load(session, networks)
    before, generator = values(session, networks.average), values(session, networks.generator)
    with session.graph.as_default():
        session.run(stage.step_ops())
    after = values(session, networks.average)
    decay = 0.5 ** (32 / 10000)
    name = 'convs/0/conv/weight'
    np.testing.assert_allclose(after[name], decay * before[name] + (1 - decay) * generator[name], rtol=1e-5)


def variable(session, name):
    found, = [v for v in session.graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES) if v.op.name == name]
    return found


def test_augmentation_that_is_off_builds_nothing(whole):
    session, networks, stage, _, _ = whole
    assert not [op.name for op in session.graph.get_operations() if op.type == 'GatherNd' or 'augment' in op.name]
    assert set(stage.phases[0].scalars) == {'loss', 'mean_real', 'mean_fake'} and not stage.phases[0].update_ops()
    with session.graph.as_default():
        assert len(stage.step_ops()) == len(networks.average)


@pytest.mark.long
def test_the_discriminator_sees_augmented_pictures_and_nobody_else(whole, adaptive):
    def losses(graph, p=None):
        session, networks, stage, _, _ = graph
        load(session, networks)
        if p is not None:
            variable(session, 'augment_p').load(p, session)
        d, d_r1, g = stage.phases[:3]
        return np.array(session.run([d.scalars['mean_real'], d.scalars['mean_fake'], d_r1.scalars['raw/r1'],
                                     g.scalars['adversarial'], g.scalars['raw/identity']]))
    plain, never, always = losses(whole), losses(adaptive, 0.0), losses(adaptive, 1.0)
    np.testing.assert_allclose(never, plain, rtol=1e-4)
    assert (np.abs(always / plain - 1) > 1e-3).tolist() == [True] * 4 + [False]


@pytest.mark.long
@pytest.mark.parametrize('bias, start, expected', [
    (1e3, 0.5, 0.5 + 8 * BATCH / 100), (-1e3, 0.5, 0.5 - 8 * BATCH / 100), (1e3, 0.8, 1), (-1e3, 0.2, 0)])
def test_p_follows_how_sure_the_discriminator_is(adaptive, bias, start, expected):
    """Certain of all real pictures: up by the pictures seen / length, once every four steps."""
    session, networks, stage, updates, _ = adaptive
    load(session, networks)
    p = variable(session, 'augment_p')
    p.load(start, session)
    with session.graph.as_default():
        step_ops = stage.step_ops()
    seen = []
    for _ in range(8):
        networks.discriminator['final_linear/1/bias'].load([bias], session)
        sign, logged, _ = session.run([stage.phases[0].scalars['real_sign'], stage.phases[0].scalars['augment_p'],
                                       updates['d']])
        assert sign == np.sign(bias) and logged == session.run(p)
        session.run(step_ops)
        seen.append(float(session.run(p)))
    assert seen[:3] == [pytest.approx(start)] * 3 and seen[3:7] == [seen[3]] * 4
    assert seen[3] != pytest.approx(start) and seen[7] == pytest.approx(expected)


def test_p_goes_down_where_half_of_the_pictures_pass():
    """A mean sign of 0 is below the target of 0.6 and above one of -0.6."""
    for target, expected in ((0.6, 0.5 - 4 * 2 / 100), (-0.6, 0.5 + 4 * 2 / 100)):
        settings = AugmentConfig('adaptive', p=0.5, target=target, length=100)
        with tf.Graph().as_default(), tf.Session() as session:
            p = ada.probability(settings)
            phase, adapt = ada.adapting(settings, p, Phase('d', None, {}, [], 1, None),
                                        tf.constant([[3.0], [-4.0]]), Local())
            session.run(tf.global_variables_initializer())
            observe, change = phase.update_ops(), adapt()
            for _ in range(4):
                session.run(observe)
                session.run(change)
            assert session.run(p) == pytest.approx(expected)


def test_a_fixed_p_is_no_variable():
    with tf.Graph().as_default(), tf.Session() as session:
        settings = AugmentConfig('fixed', p=0.25)
        p = ada.probability(settings)
        phase, adapt = ada.adapting(settings, p, Phase('d', None, {}, [], 1, None), tf.ones([2, 1]),
                                    Local())
        assert session.run(phase.scalars) == {'augment_p': 0.25, 'real_sign': 1}
        assert not adapt() and not phase.update_ops() and not tf.global_variables()
