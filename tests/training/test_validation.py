"""train.py ttn with measurements: the training is the same, the best is kept, mistakes are reported before it."""
import json
import os
import shutil
import signal

import numpy as np
import pytest

from dctnet import export, frozen, images, train
from dctnet.compat import tf
from dctnet.config import EvaluateConfig, TtnConfig
from dctnet.config_file import load
from dctnet.metrics.edges import edge_agreement
from dctnet.metrics.features import embed_images
from dctnet.metrics.fid import frechet_distance_of_few
from dctnet.metrics.kid import kernel_distance
from dctnet.metrics.pairs import cosine
from dctnet.metrics.style_distance import colour_distance
from dctnet.metrics.style_gap import StyleGap
from dctnet.metrics.style_vectors import style_vectors
from dctnet.nets import texture_network
from dctnet.runs import checkpoint_files
from dctnet.training.validation import Embeddings, TtnEvaluator
from tests.training.tiny_training import CONFIG, SIZE, at_step, message, metrics, newest_weights, plain, saved_steps


@pytest.fixture(scope='module')
def network(tmp_path_factory):
    """Mean of each colour and of each colour's square."""
    with tf.Graph().as_default() as graph:
        image = tf.placeholder(tf.float32, [None, SIZE, SIZE, 3], name='image')
        tf.reduce_mean(tf.concat([image, tf.square(image)], axis=3), axis=[1, 2], name='features')
    path = tmp_path_factory.mktemp('network') / 'network.pb'
    frozen.write_graph(graph.as_graph_def(), path)
    return path


@pytest.fixture(scope='module')
def validation(tmp_path_factory):
    """Four photographs that the training does not see."""
    folder, rng = tmp_path_factory.mktemp('validation'), np.random.RandomState(5)
    for i in range(4):
        images.write_bgr(folder / f'v{i}.png', rng.randint(0, 256, (50, 44, 3)).astype(np.uint8))
    return folder


@pytest.fixture(scope='module')
def faces(tmp_path_factory):
    """Coarse pixels in the place of dlib's 29 convolutions."""
    with tf.Graph().as_default() as graph:
        image = tf.placeholder(tf.float32, [None, 256, 256, 3], name='image')
        tf.reshape(tf.nn.avg_pool(image, 32, 32, 'VALID'), [-1, 8 * 8 * 3], name='features')
    path = tmp_path_factory.mktemp('faces') / 'faces.pb'
    frozen.write_graph(graph.as_graph_def(), path)
    return path


@pytest.fixture()
def settings(validation, network, faces):
    return ['evaluate.every=2', f'evaluate.photo={validation}', f'evaluate.features={network}',
            f'evaluate.identity_network={faces}']


def measured(run):
    return {line['step']: {name: value for name, value in line.items() if name.startswith('eval/')}
            for line in metrics(run) if 'eval/kid' in line}


@pytest.mark.long
def test_the_training_is_the_same_and_resumes_exactly(tmp_path, pictures, settings, monkeypatch, caplog):
    def command(name, *more):
        return plain(pictures, tmp_path / name, 'train.steps=6', *more)

    assert train.main(command('without')) == 0
    assert train.main(command('whole', *settings)) == 0
    assert 'evaluation took ' in caplog.text and 'training photographs, too' not in caplog.text
    run = tmp_path / 'killed'
    with monkeypatch.context() as patch:
        at_step(patch, 4, lambda: os.kill(os.getpid(), signal.SIGTERM))
        assert train.main(command('killed', *settings)) == 75
    checkpoint_files.remove(run / 'checkpoints' / 'model-4')  # as if killed after the measurement, before it was saved
    assert train.main(command('killed', *settings)) == 0

    plainly, whole, killed = [newest_weights(tmp_path / name) for name in ('without', 'whole', 'killed')]
    assert set(plainly) == set(whole) == set(killed) and len(plainly) > 50
    for other in (whole, killed):
        assert [name for name in plainly if plainly[name].tobytes() != other[name].tobytes()] == []
    assert metrics(run) == metrics(tmp_path / 'whole')
    assert list(measured(run)) == [2, 4, 6]
    assert set(measured(run)[2]) == {'eval/' + name for name in (
        'style', 'style_texture', 'style_ink', 'style_chroma', 'style_colour', 'style_network', 'style_features', 'kid',
        'fd', 'id', 'colour', 'edges', 'saturation', 'sharpness')}
    best = [json.loads((tmp_path / name / 'best' / 'best.json').read_text()) for name in ('whole', 'killed')]
    assert best[0] == best[1]
    values = {step: found['eval/style'] for step, found in measured(run).items()}
    assert best[0]['value'] == min(values.values()) == values[best[0]['step']]
    assert json.loads((run / 'pictures.json').read_text())['evaluate.photo']['count'] == 4


@pytest.mark.long
def test_values_are_those_of_the_exported_translator(tmp_path, pictures, settings, validation, network, faces,
                                                     caplog):
    run = tmp_path / 'run'
    assert train.main(plain(pictures, run, 'train.steps=3', 'loss.tv=1', 'train.keep=1', 'evaluate.best=edges',
                            'optim.ema_decay=0.9', 'optim.lr=1e-2', *settings)) == 0
    found, best = measured(run), json.loads((run / 'best' / 'best.json').read_text())
    assert best['value'] == max(values['eval/edges'] for values in found.values()) and saved_steps(run) == [3]
    assert export.main(['--run', str(run), '--out', str(tmp_path / 'model'), '--checkpoint', 'best']) == 0
    assert json.loads((tmp_path / 'model' / 'cartoon_h.json').read_text())['step'] == best['step']

    translate = frozen.FrozenGraph(tmp_path / 'model' / 'cartoon_h.pb', device='cpu')
    photos, styles = [[images.square(images.read_bgr(path), SIZE) for path in images.list_images(folder)]
                      for folder in (validation, pictures / 'style')]
    results = [translate(photo.astype(np.float32)) for photo in photos]
    features = frozen.FrozenGraph(network, ['image:0'], ['features:0'], 'cpu')
    embed = frozen.FrozenGraph(faces, ['image:0'], ['features:0'], 'cpu')
    texture = texture_network.session('cpu')

    def vectors(side):
        return dict(style_vectors([np.stack(side)], texture), features=embed_images(side, features, SIZE))
    gap = StyleGap(vectors(photos), vectors(styles))
    expected = {
        'style': gap.left(vectors(results))['style'],
        'fd': frechet_distance_of_few(*[embed_images(side, features, SIZE) for side in (results, styles)]),
        'kid': kernel_distance(*[embed_images(side, features, SIZE) for side in (results, styles)]).value,
        'id': cosine(*[embed_images(side, embed, 256) for side in (results, photos)]).mean(),
        'colour': colour_distance(results, styles),
        'edges': np.mean([edge_agreement(*pair) for pair in zip(photos, results)])}
    for name, value in expected.items():
        assert found[best['step']]['eval/' + name] == pytest.approx(value, rel=0.02, abs=2e-3), name
    assert found[3]['eval/style_last'] != found[3]['eval/style']  # the export takes the moving average
    assert 'on 4 photographs, which themselves have kid {:.4g}, fd {:.4g}, colour {:.4g} and'.format(
        kernel_distance(*[embed_images(side, features, SIZE) for side in (photos, styles)]).value,
        frechet_distance_of_few(*[embed_images(side, features, SIZE) for side in (photos, styles)]),
        colour_distance(photos, styles)) in caplog.text


def test_features_and_identity_of_one_file_are_embedded_once(faces):
    config = EvaluateConfig(features=str(faces), identity_network=str(faces))
    embeddings = Embeddings(config, 'cpu')
    vectors = embeddings.of(np.zeros((3, SIZE, SIZE, 3), np.uint8))
    assert list(vectors) == [faces] and embeddings.features == embeddings.identity == faces
    assert vectors[faces].shape == (3, 8 * 8 * 3)


def test_two_translators_are_measured_and_the_first_chooses(pictures, validation, network, faces, settings):
    """The names of the values, as a moving average of the generator needs them."""
    config = load(TtnConfig, CONFIG, settings + [f'data.size={SIZE}', 'loss.content=0', 'train.device=cpu'])
    styles = images.list_images(pictures / 'style')
    with tf.Graph().as_default(), tf.Session() as session:
        evaluator = TtnEvaluator(config, images.list_images(validation), styles, Embeddings(config.evaluate, 'cpu'),
                                 {'': tf.identity, 'inverted': tf.negative})
        evaluator.prepare()
        found = evaluator.measure(session)
    assert (found['id'], found['edges'], found['style']) == pytest.approx((1, 1, 1), abs=5e-3)  # rounded to uint8
    assert found['id_inverted'] < 0 and found['style_inverted'] != found['style'] and evaluator.metric == 'style'
    assert {name + '_inverted' for name in found if not name.endswith('_inverted')} < set(found)


@pytest.mark.long
def test_a_network_that_also_holds_the_content_is_told(tmp_path, pictures, settings, caplog):
    command = plain(pictures, tmp_path / 'run', *settings, f"evaluate.features={pictures / 'content.pb'}")
    assert train.main(command + ['--set', 'loss.content=1', '--dry-run']) == 0
    assert 'loss.content_network and evaluate.features are the same network' in caplog.text
    caplog.clear()
    assert train.main(command + ['--dry-run']) == 0  # no content term
    assert 'the same network' not in caplog.text


@pytest.mark.long
def test_photographs_of_the_training_are_told(tmp_path, pictures, validation, settings, caplog):
    shutil.copytree(str(validation), str(tmp_path / 'mixed'))
    shutil.copy(str(pictures / 'photo' / 'p1.png'), str(tmp_path / 'mixed' / 'renamed.png'))
    command = plain(pictures, tmp_path / 'run', *settings + [f"evaluate.photo={tmp_path / 'mixed'}"])
    assert train.main(command + ['--dry-run']) == 0
    assert '1 of 5 pictures of evaluate.photo are among the training photographs, too (renamed.png)' in caplog.text
    assert not (tmp_path / 'run').exists()


@pytest.mark.parametrize('dry', [[], ['--dry-run']])
@pytest.mark.parametrize('change, told', [
    ('evaluate.photo=', 'evaluate.photo is not set'),
    ('evaluate.photo={one}', 'evaluate.photo holds one picture'),
    ('evaluate.photo={damaged}', 'v9.png as a picture'),
    ('evaluate.photo={small}', 'v9.png is only 8x9 pixels'),
    ('evaluate.features=vgg', 'evaluate.features must be one of dlib, inception or a file *.pb'),
    ('evaluate.features={one}/none.pb', 'does not exist'),
    ('evaluate.identity_network=arcface', 'checkpoints/arcface.pb is not there'),
    ('evaluate.best=fid', 'evaluate.best'),
])
def test_mistakes_are_told_before_the_training(tmp_path, pictures, validation, settings, monkeypatch, change, told,
                                               dry):
    monkeypatch.setenv('DCTNET_CHECKPOINTS', str(tmp_path / 'checkpoints'))
    shutil.copytree(str(validation), str(tmp_path / 'damaged'))
    (tmp_path / 'damaged' / 'v9.png').write_bytes(b'no picture')
    shutil.copytree(str(validation), str(tmp_path / 'small'))
    images.write_bgr(tmp_path / 'small' / 'v9.png', np.zeros((9, 8, 3), np.uint8))
    (tmp_path / 'one').mkdir()
    shutil.copy(str(validation / 'v0.png'), str(tmp_path / 'one'))
    change = change.format(one=tmp_path / 'one', damaged=tmp_path / 'damaged', small=tmp_path / 'small')
    command = plain(pictures, tmp_path / 'run', *settings + [change, 'data.check_folders=false'])
    assert told in message(*command + dry) and not (tmp_path / 'run').exists()
    assert checkpoint_files.latest(tmp_path / 'run' / 'checkpoints') is None
