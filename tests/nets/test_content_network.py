"""The content network: a weight means the same with each, whatever the change; cards of files; the same file twice."""
import numpy as np
import pytest

from data_tools.weights.content_changes import SIZE, TRAINED, changes, costs
from dctnet import frozen
from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.nets.content_network import content_file, content_network
from tests.training import tiny_training


@pytest.mark.parametrize('name, factor', [('dlib', 1.7), pytest.param('random', 2.6, marks=pytest.mark.long)])
def test_a_weight_means_the_same_as_with_a_trained_vgg(name, factor):
    ratios = {change: cost / TRAINED[change] for change, cost in costs(content_network(name, SIZE), name).items()}
    assert {change: ratio for change, ratio in ratios.items() if not 1 / factor < ratio < factor} == {}
    assert 0.6 < np.median(list(ratios.values())) < 1.5


def written(folder, card=None):
    file = folder / 'mine.pb'
    frozen.write_graph(tiny_training.content_network(), file)
    if card is not None:
        file.with_suffix('.json').write_text(card)
    return file


def features_of(network):
    with tf.Graph().as_default(), tf.Session() as session:
        inputs = {frozen.CONTENT_INPUT: tf.constant(changes()['photo'])}
        return session.run(frozen.import_into(network, inputs, [frozen.CONTENT_OUTPUT], 'it'))[0]


def test_the_card_of_a_file_scales_its_features(tmp_path, caplog):
    caplog.set_level('INFO')
    plain = features_of(content_network(str(written(tmp_path)), SIZE))
    assert 'mine.pb, its features times 1 (no' in caplog.text and 'content_scale' in caplog.text
    scaled = features_of(content_network(str(written(tmp_path, '{"content_scale": 2.5, "source": "x"}')), SIZE))
    np.testing.assert_allclose(scaled, 2.5 * plain, rtol=1e-6)
    assert 'mine.pb, its features times 2.5' in caplog.text
    assert np.abs(plain).max() > 0


@pytest.mark.parametrize('card, told', [
    ('{', 'card of .*mine.json is not valid JSON'), ('[1]', 'card of .*mine.json must be a JSON object'),
    ('{"content_scale": 0}', 'set a number above 0'),
    ('{"content_scale": "2"}', 'set a number above 0'), ('{"content_scale": true}', 'set a number above 0'),
    ('{"content_scale": NaN}', 'set a number above 0')])
def test_cards_that_cannot_be_used(tmp_path, card, told):
    with pytest.raises(UserError, match=told):
        content_network(str(written(tmp_path, card)), SIZE)


@pytest.mark.parametrize('name', ['dlib', 'random'])
def test_the_scale_in_force_is_told(name, caplog):
    caplog.set_level('INFO')
    content_network(name, SIZE)
    assert 'content network: ' in caplog.text and 'trained' in caplog.text


def test_the_gradient_reaches_every_pixel_and_colour():
    with tf.Graph().as_default(), tf.Session() as session:
        picture = tf.constant(changes()['photo'])
        features, = frozen.import_into(content_network('dlib', SIZE), {frozen.CONTENT_INPUT: picture},
                                       [frozen.CONTENT_OUTPUT], 'it')
        gradient = session.run(tf.gradients(tf.reduce_sum(tf.square(features)), picture)[0])
    assert features.shape.as_list()[1:] == [SIZE // 8, SIZE // 8, 320]
    assert np.isfinite(gradient).all() and (np.abs(gradient) > 0).mean() > 0.99


def test_the_file_behind_a_name(tmp_path, monkeypatch):
    monkeypatch.setenv('DCTNET_CHECKPOINTS', str(tmp_path))
    assert content_file('vgg19') == tmp_path / 'vgg19.pb' and content_file('random') is None
    assert content_file('dlib').suffix == '.dat' and content_file('x/mine.pb').name == 'mine.pb'
