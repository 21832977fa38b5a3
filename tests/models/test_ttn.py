"""The training graph of the TTN: which terms are built, whom they reach, and when the updates see each other."""
from collections import Counter

import numpy as np
import pytest

from dctnet import config_file
from dctnet.compat import gradients, tf
from dctnet.config import TtnConfig
from dctnet.distributed import Local
from dctnet.engine.updates import build_updates
from dctnet.errors import UserError
from dctnet.losses import total_variation
from dctnet.models import ttn
from dctnet.models.ttn_losses import TtnBatch, ttn_losses
from dctnet.nets import unet
from tests.training.tiny_training import content_network

SIZE = 32
OPTIM = {'lr': 1e-2, 'beta1': 0.5, 'beta2': 0.99}


def config(train=None, start=None, **loss):
    loss = dict({'superpixel': 'off'}, **loss)
    start = dict({'discriminator': 0, 'ramp': 0}, **start or {})
    return config_file.from_dict(TtnConfig, {
        'data': {'size': SIZE, 'batch_size': 2}, 'model': {'channels': 2}, 'loss': loss, 'optim': OPTIM,
        'train': train or {}, 'start': start}, 'test')


def build(config, with_superpixels=False, unit=1.0):
    """(stage, step variable) in the current graph, for fixed pictures. unit: of their openness and its spread."""
    draw = np.random.RandomState(0).uniform(-1, 1, (3, 2, SIZE, SIZE, 3)).astype(np.float32)
    tf.set_random_seed(0)
    step = tf.train.get_or_create_global_step()
    batch = TtnBatch(tf.constant(draw[0]), tf.constant(draw[1]), tf.constant(draw[2]) if with_superpixels else None,
                     tf.constant([[0.3, 0.2, 0.0], [0.1, 0.4, 0.5]]) * unit if config.loss.facial else None)
    spread = unit * np.array([[0.25, 0.25, 0.25], [0.1, 0.1, 0.25]]) if config.loss.facial else None
    return ttn.build_ttn(config, batch, step, content_network(), draw[0], spread), step


def names(variables):
    return {variable.op.name for variable in variables}


def values(session):
    variables = tf.global_variables()
    return {v.op.name: value for v, value in zip(variables, session.run(variables))}


def on_host(graph):
    """Whether scikit-image takes part. The content network's weights begin in Python, too."""
    return any(op.type == 'PyFunc' and 'frozen_weights' not in op.name for op in graph.get_operations())


def changed(before, after):
    return {name for name in before if not np.array_equal(before[name], after[name])}


@pytest.fixture(scope='module', params=['joint', pytest.param('sequential', marks=pytest.mark.long)])
def whole_model(request):
    """(session, stage, updates, schedule); built once, to be initialised by each test."""
    with tf.Graph().as_default(), tf.Session() as session:
        stage, _ = build(config({'schedule': request.param}, content=1, tv=10, facial=1))
        updates = {name: update.apply for group in build_updates(stage, Local()).values()
                   for name, update in group.items()}
        yield session, stage, updates, request.param


def test_updates_change_their_own_variables_only(whole_model):
    session, stage, updates, schedule = whole_model
    session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    generator = {v.op.name for v in unet.variables()}
    discriminator = {v.op.name for v in tf.trainable_variables('disc_')}
    expression = {v.op.name for v in tf.trainable_variables('expression/')}
    assert 'raw/content' in stage.phases[0].scalars and 'raw/content_superpixel' not in stage.phases[0].scalars
    assert not on_host(session.graph)  # superpixels are off
    assert stage.joint == (schedule == 'joint')
    assert [(phase.name, phase.every) for phase in stage.phases] == [('g', 1), ('d', 1), ('expression', 1)]
    assert [names(phase.variables) for phase in stage.phases] == [generator, discriminator, expression]
    moved = []
    for phase in ('g', 'd', 'expression'):
        before = values(session)
        session.run(updates[phase])
        moved.append({name for name in changed(before, values(session)) if '/Adam' not in name and 'power' not in name})
    assert moved == [generator, discriminator, expression]  # every one of them, and nothing else
    before = values(session)
    with session.graph.as_default():
        step_ops = stage.step_ops()
    session.run(step_ops)
    us = {v.op.name for v in tf.global_variables() if v.op.name.endswith('/u')}
    assert len(us) == len(step_ops) == 20
    assert us - {'disc_gray/conv_out/u', 'disc_blur/conv_out/u'} <= changed(before, values(session)) <= us


def test_gradients_are_summed_in_a_fixed_order(whole_model):
    """A longer sum begins with whichever buffer is free: its last bits depend on the timing of threads."""
    session, stage, updates, schedule = whole_model
    graph_def = session.graph.as_graph_def()
    sums = [node for node in graph_def.node if node.op == 'AddN']
    assert sums and all(len(node.input) == 2 for node in sums)


@pytest.mark.long
def test_joint_updates_come_from_the_same_weights_sequential_ones_see_each_other(whole_model):
    session, stage, updates, schedule = whole_model
    session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    found = {phase.name: gradients(phase.loss, phase.variables) for phase in stage.phases}
    for step in range(2):
        start = values(session)
        expected = session.run(found)
        if schedule == 'joint':
            session.run(list(updates.values()))
        else:
            session.run(updates['g'])
            for name in ('d', 'expression'):
                before, expected[name] = expected[name], session.run(found[name])
                assert any(np.abs(a - b).max() > 1e-3 * np.abs(b).max() for a, b in zip(before, expected[name]))
                session.run(updates[name])
        end = values(session)
        for phase in stage.phases:
            optim = phase.optim
            for variable, gradient in zip(phase.variables, expected[phase.name]):
                name = variable.op.name
                first, second = start[name + '/Adam'], start[name + '/Adam_1']
                first = optim.beta1 * first + (1 - optim.beta1) * gradient
                second = optim.beta2 * second + (1 - optim.beta2) * gradient ** 2
                rate = optim.lr * np.sqrt(1 - optim.beta2 ** (step + 1)) / (1 - optim.beta1 ** (step + 1))
                np.testing.assert_allclose(end[name + '/Adam'], first, rtol=1e-4, atol=1e-6 * np.abs(first).max())
                np.testing.assert_allclose(end[name], start[name] - rate * first / (np.sqrt(second) + 1e-8),
                                           rtol=2e-3, atol=2e-5)


@pytest.mark.parametrize('term', ['texture', 'surface', 'content', 'tv', 'facial'])
def test_a_single_term_reaches_the_whole_generator_and_builds_nothing_else(term):
    weights = dict({'texture': 0, 'surface': 0, 'content': 0, 'tv': 0}, **{term: 1})
    with tf.Graph().as_default() as graph, tf.Session() as session:
        stage, _ = build(config(superpixel='output', **weights))
        raw = {name for name in stage.phases[0].scalars if name.startswith('raw/')}
        assert raw == ({'raw/content', 'raw/content_superpixel'} if term == 'content' else {'raw/' + term})
        scope, phase = {'texture': ('disc_gray', 'd'), 'surface': ('disc_blur', 'd'),
                        'facial': ('expression', 'expression')}.get(term, (None, None))
        assert {name.split('/')[0] for name in names(tf.global_variables())} - {'global_step'} == (
            {'generator', scope} - {None})
        assert [phase.name for phase in stage.phases] == ['g'] + [phase] * bool(phase)
        ops = graph.get_operations()
        assert any(op.name.startswith('frozen') for op in ops) == (term == 'content')
        assert any(op.type == 'PyFunc' for op in ops) == (term == 'content')
        assert bool(stage.step_ops()) == bool(scope)
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        for phase in stage.phases:
            gradients = tf.gradients(phase.loss, phase.variables)
            assert None not in gradients
            assert min(np.abs(gradient).max() for gradient in session.run(gradients)) > 0


def test_style_weight_0_builds_no_discriminator_and_all_0_is_a_mistake():
    with tf.Graph().as_default(), tf.Session() as session:
        stage, _ = build(config(style=0))
        assert [phase.name for phase in stage.phases] == ['g'] and not tf.trainable_variables('disc_')
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        columns = session.run(stage.preview.columns, stage.preview.feed)
    assert list(stage.preview.columns) == ['photo', 'output']
    assert columns['photo'].shape == columns['output'].shape == (2, SIZE, SIZE, 3)
    with tf.Graph().as_default():
        with pytest.raises(UserError, match='nothing to train'):
            build(config(style=0, content=0, tv=0))


@pytest.mark.parametrize('form, superpixel', [('lsgan', 'output'),
                                              pytest.param('log', 'photo', marks=pytest.mark.long)])
def test_the_loss_is_the_weighted_sum(form, superpixel):
    settings = config({'seed': 3}, style=0.5, texture=2, surface=3, content=5, tv=7, adversarial=form,
                      superpixel=superpixel, start={'ramp': 4})
    with tf.Graph().as_default() as graph, tf.Session() as session:
        stage, step = build(settings, with_superpixels=superpixel == 'photo')
        output = unet.translate(stage.preview.columns['photo'], 2)
        assert on_host(graph) == (superpixel == 'output')
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        g, d = session.run([phase.scalars for phase in stage.phases])
        tv = session.run(total_variation(output), stage.preview.feed)
    raw = {name[4:]: value for name, value in g.items() if name.startswith('raw/')}
    factors = {'texture': 0.5 * 2 * 0.25, 'surface': 0.5 * 3 * 0.25, 'content': 5, 'content_superpixel': 5, 'tv': 7}
    assert set(raw) == set(factors)
    for name, factor in factors.items():
        assert raw[name] > 0 and g[name] == pytest.approx(factor * raw[name], rel=1e-5)
    assert g['loss'] == pytest.approx(sum(factors[name] * raw[name] for name in raw), rel=1e-5)
    assert d['loss'] == pytest.approx(d['texture'] + d['surface'], rel=1e-5)  # the style weight is G's alone
    assert raw['tv'] == pytest.approx(tv, rel=1e-4)
    assert raw['content'] != raw['content_superpixel']


@pytest.mark.long
@pytest.mark.parametrize('superpixel', ['output', 'photo'])
def test_superpixels_in_the_graph(superpixel):
    def content(backend):
        settings = config(style=0, tv=0, superpixel=superpixel, superpixel_backend=backend)
        with tf.Graph().as_default() as graph, tf.Session() as session:
            stage, _ = build(settings)
            kinds = Counter(op.type for op in graph.get_operations())
            session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
            scalars = session.run(stage.phases[0].scalars)
            return scalars['raw/content_superpixel'], kinds, 'seconds/superpixel' in scalars

    found, kinds, timed = content('graph')
    assert kinds['ArgMin'] >= 10 and not timed  # the k-means
    wanted, kinds, timed = content('cpu')
    assert not kinds['ArgMin'] and timed
    assert found == pytest.approx(wanted, rel=0.05)


def test_the_facial_loss_is_the_distance_to_the_photographs_openness():
    pictures, photos = np.random.RandomState(0).uniform(-1, 1, (2, 3, 4, 4, 3)).astype(np.float32)
    openness = np.array([[0.3, 0.2, 0.1], [np.nan] * 3, [0.4, 0.4, 0.0]], np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        output, photo = tf.constant(pictures), tf.constant(photos)
        batch = TtnBatch(photo, output, openness=tf.constant(openness))
        weights = config(facial=3, content=0, tv=1).loss
        losses = ttn_losses(weights, batch, output, {}, lambda x: tf.reduce_mean(x, [1, 2]), features=None,
                            shift=None, ramp=tf.constant(0.5))
        g, expression = session.run([losses.generator.scalars, losses.expression.scalars])
        gradient = session.run(tf.gradients(losses.expression.loss, output)[0])
    expected, on_photo = [np.linalg.norm(x.mean(axis=(1, 2)) - openness, axis=1)[[0, 2]].mean()
                          for x in (pictures, photos)]
    assert g['raw/facial'] == expression['output'] == pytest.approx(expected, rel=1e-5)
    assert expression['photo'] == pytest.approx(on_photo, rel=1e-5)  # R_exp learns from the photographs, G does not
    assert expression['loss'] == pytest.approx(expected + on_photo, rel=1e-5)
    assert g['facial'] == pytest.approx(3 * 0.5 * expected, rel=1e-5)  # held back like the style
    assert g['loss'] == pytest.approx(g['facial'] + g['tv'], rel=1e-5)
    assert losses.discriminator is None
    assert (gradient[1] == 0).all() and (gradient[[0, 2]] != 0).all()  # nothing from a photograph without a face


def test_a_facial_weight_means_the_same_whatever_the_spread_of_the_openness():
    found = []
    for unit in (1.0, 20.0):
        with tf.Graph().as_default(), tf.Session() as session:
            stage, _ = build(config(facial=1, style=0, content=0, tv=0), unit=unit)
            session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
            found.append(session.run(stage.phases[0].scalars['raw/facial']))
    assert found[0] == pytest.approx(found[1], rel=1e-4)
    assert 1 < found[0] < 2.5  # of two photographs a deviation or so apart in each of three numbers
