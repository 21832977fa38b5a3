"""Published generators in the formats they come in, with random numbers in place of the published ones."""
import json
import shutil

import numpy as np
import pytest

from dctnet import frozen, images
from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.exporters.translator import translator_graph
from dctnet.nets import unet
from dctnet.runs import checkpoint
from tests.data_tools.command import cut, exit_code, run

CHANNELS = 4


pytestmark = pytest.mark.usefixtures('quick_export')


@pytest.fixture(scope='module')
def weights():
    """A narrow generator; its numbers fit half precision exactly."""
    rng = np.random.RandomState(1)
    with tf.Graph().as_default():
        unet.unet(tf.placeholder(tf.float32, [1, 16, 16, 3]), CHANNELS)
        shapes = {variable.op.name: variable.shape.as_list() for variable in unet.variables()}
    return {name: (0.2 * rng.standard_normal(shape)).astype(np.float16).astype(np.float32)
            for name, shape in shapes.items()}


@pytest.fixture(scope='module')
def graph_def(weights):
    return translator_graph(weights, 'random weights')


@pytest.fixture()
def npz(tmp_path, weights):
    np.savez(str(tmp_path / 'style.npz'), **{name: array.astype(np.float16) for name, array in weights.items()})
    return tmp_path / 'style.npz'


def same(found, expected):
    assert set(found) == set(expected)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype and np.array_equal(found[name], array), name


def imported(folder):
    return frozen.constants(folder / 'cartoon_h.pb', 'generator')


@pytest.mark.long
def test_an_npz_in_half_precision_becomes_a_model_folder(tmp_path, npz, weights, capsys):
    images.write_bgr(tmp_path / 'mask.png', np.full((20, 30, 3), 77, np.uint8))
    assert run('generator', npz, '--out', tmp_path / 'out', '--mask', tmp_path / 'mask.png') == 0
    assert '36 loaded' in capsys.readouterr().out
    same(imported(tmp_path / 'out'), weights)
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == [
        'alpha.jpg', 'cartoon_bg.json', 'cartoon_bg.pb', 'cartoon_bg.pb.py', 'cartoon_h.json', 'cartoon_h.pb',
        'cartoon_h.pb.py']
    assert abs(int(images.read_bgr(tmp_path / 'out' / 'alpha.jpg').mean()) - 77) <= 1
    card = json.loads((tmp_path / 'out' / 'cartoon_bg.json').read_text())
    assert card['source'] == 'style.npz' and card['channels'] == CHANNELS and card['step'] is None
    assert card['parameters'] == sum(array.size for array in weights.values())


@pytest.fixture(scope='module')
def training_run(tmp_path_factory, weights):
    """RUN/checkpoints/model-7.* as tf.train.Saver writes it, with what else a training keeps."""
    folder = tmp_path_factory.mktemp('run') / 'checkpoints'
    folder.mkdir()
    extra = {'disc_gray/conv/w': np.ones(3, np.float32), 'generator/Conv/weights/Adam': np.ones(2, np.float32),
             'beta1_power': np.float32(0.5), 'global_step': np.int64(7)}
    with tf.Graph().as_default(), tf.Session() as session:
        for name, array in list(weights.items()) + list(extra.items()):
            tf.get_variable(name, initializer=array)
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, str(folder / 'model'), global_step=7)
    return folder.parent


@pytest.mark.parametrize('name', ['checkpoints', 'checkpoints/model-7', 'checkpoints/model-7.index',
                                  'checkpoints/model-7.meta'])
def test_every_name_of_a_checkpoint_is_accepted(training_run, weights, name):
    found = checkpoint.read_arrays(training_run / name)
    same({name: found[name] for name in weights}, weights)


def test_a_run_folder_gives_its_newest_generator(tmp_path, training_run, weights, capsys):
    assert run('generator', training_run, '--out', tmp_path / 'out') == 0
    same(imported(tmp_path / 'out'), weights)
    # What belongs to an optimiser is expected there and not told.
    assert '36 loaded; 1 unused (disc_gray/conv/w)' in capsys.readouterr().out
    assert json.loads((tmp_path / 'out' / 'cartoon_h.json').read_text())['step'] == 7


def test_a_frozen_graph_gives_its_weights_back(tmp_path, graph_def, weights):
    """Ours, with the sizes and slopes that are constants too: bit-equal weights, and the same file again."""
    frozen.write_graph(graph_def, tmp_path / 'style.pb')
    same(checkpoint.read_arrays(tmp_path / 'style.pb'), weights)
    assert run('generator', tmp_path / 'style.pb', '--out', tmp_path / 'out') == 0
    assert (tmp_path / 'out' / 'cartoon_bg.pb').read_bytes() == (tmp_path / 'style.pb').read_bytes()


def scoped(graph_def, *scopes):
    with tf.Graph().as_default() as graph:
        for scope in scopes:
            tf.import_graph_def(graph_def, name=scope)
        return graph.as_graph_def()


def test_a_frozen_graph_under_a_name_scope_is_read(tmp_path, graph_def, weights):
    frozen.write_graph(scoped(graph_def, 'model_head/inner'), tmp_path / 'style.pb')
    same(checkpoint.read_arrays(tmp_path / 'style.pb'), weights)


def test_two_networks_in_one_graph_are_refused(tmp_path, graph_def):
    frozen.write_graph(scoped(graph_def, 'head', 'background'), tmp_path / 'style.pb')
    with pytest.raises(UserError, match='several networks.*background/generator, head/generator'):
        checkpoint.read_arrays(tmp_path / 'style.pb')


@pytest.mark.long
def test_a_frozen_graph_in_half_precision_is_read(tmp_path, weights):
    with tf.Graph().as_default() as graph:
        for name, array in weights.items():
            tf.cast(tf.constant(array.astype(np.float16), name=name), tf.float32, name=name + '/read')
        frozen.write_graph(graph.as_graph_def(), tmp_path / 'style.pb')
    same(checkpoint.read_arrays(tmp_path / 'style.pb'), weights)


def test_what_does_not_fit_is_named(tmp_path, weights):
    wrong = dict(weights, extra=np.zeros(3, np.float32))
    wrong['generator/Conv_1/weights'] = np.zeros((3, 3, 4, 5), np.float32)
    del wrong['generator/block_2/conv1/biases']
    np.savez(str(tmp_path / 'style.npz'), **wrong)
    with pytest.raises(UserError) as told:
        run('generator', tmp_path / 'style.npz', '--out', tmp_path / 'out')
    for part in ('34 loaded', '1 missing (generator/block_2/conv1/biases)', '1 unused (extra)',
                 'generator/Conv_1/weights [3, 3, 4, 5] instead of [3, 3, 4, 4]'):
        assert part in str(told.value)
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('suffix', ['.npz', '.pb', '.index', '.data-00000-of-00001'])
@pytest.mark.parametrize('share', [0.0, 0.5])
def test_truncated_files_are_refused(tmp_path, npz, graph_def, training_run, capsys, suffix, share):
    frozen.write_graph(graph_def, tmp_path / 'style.pb')
    for path in (training_run / 'checkpoints').glob('model-7.*'):
        shutil.copy(str(path), str(tmp_path / path.name.replace('model-7', 'style')))
    cut(tmp_path / ('style' + suffix), share)
    named = tmp_path / ('style' + (suffix if suffix in ('.npz', '.pb') else ''))
    assert exit_code('generator', named, '--out', tmp_path / 'out') == 2
    assert str(named) in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('change, reason', [
    ({'generator/Conv/weights': np.zeros(3, np.float32)}, 'no translator'),
    ({'generator/Conv/biases': np.full(CHANNELS, np.nan, np.float32)}, r'no finite numbers \(generator/Conv/biases\)'),
    ({'generator/Conv/biases': np.array(['a'] * CHANNELS)}, 'no finite numbers')])
def test_weights_of_something_else_are_refused(tmp_path, weights, change, reason):
    np.savez(str(tmp_path / 'style.npz'), **dict(weights, **change))
    with pytest.raises(UserError, match=reason):
        run('generator', tmp_path / 'style.npz', '--out', tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


def test_sources_and_places_that_cannot_serve_are_refused(tmp_path, npz, capsys):
    np.savez(str(tmp_path / 'other.npz'), conv1=np.zeros(3))
    np.save(str(tmp_path / 'array.npy'), np.zeros(3))
    (tmp_path / 'array.npy').rename(tmp_path / 'array.npz')
    (tmp_path / 'empty').mkdir()
    for name in ('none.npz', 'none.pb', 'model-3', 'empty', 'other.npz', 'array.npz'):
        assert exit_code('generator', tmp_path / name, '--out', tmp_path / 'out') == 2
        assert str(tmp_path / name) in capsys.readouterr().err
    assert exit_code('generator', npz, '--out', tmp_path / 'out', '--mask', tmp_path / 'none.jpg') == 2
    assert not (tmp_path / 'out').exists()
    assert exit_code('generator', npz, '--out', npz) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ['array.npz', 'empty', 'other.npz', 'style.npz']


@pytest.mark.parametrize('arguments', [[], ['generator'], ['generator', 'x'], ['vgg16', 'x'], ['vgg19']])
def test_incomplete_commands_exit_with_2(arguments, capsys):
    assert exit_code(*arguments) == 2
    assert 'usage' in capsys.readouterr().err
