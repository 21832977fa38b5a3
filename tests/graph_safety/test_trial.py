"""A graph is run in a process of its own first; what was run once is not run again."""
import numpy as np
import pytest

from dctnet import frozen
from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.graph_safety import trial, trial_process
from dctnet.inference.graph_translator import GraphTranslator
from tests.graph_safety.hostile import translator

INPUTS, OUTPUTS = [frozen.TRANSLATOR_INPUT], [frozen.TRANSLATOR_OUTPUT]


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    return tmp_path / 'cache' / 'dctnet' / 'tried-graphs'


@pytest.fixture()
def started(monkeypatch):
    """The commands of the processes that are started."""
    commands, run = [], trial.subprocess.run

    def recorded(command, **options):
        commands.append(command)
        return run(command, **options)
    monkeypatch.setattr(trial.subprocess, 'run', recorded)
    return commands


def written(path, graph_def):
    """As a file from elsewhere: frozen.write_graph would trust it."""
    path.write_bytes(graph_def.SerializeToString())
    return path


def graph_of(function):
    with tf.Graph().as_default() as graph:
        picture = tf.placeholder(tf.float32, [None, None, 3], name='input_image')
        tf.cast(function(picture), tf.uint8, name='output_image')
    return graph.as_graph_def()


@pytest.mark.long
def test_a_file_from_elsewhere_is_tried_once(tmp_path, started):
    path = written(tmp_path / 'x.pb', translator())
    for _ in range(2):
        assert frozen.read_runnable(path, INPUTS, OUTPUTS) == translator()
    assert len(started) == 1 and started[0][1:3] == ['-m', 'dctnet.graph_safety.trial_process']
    written(path, graph_of(lambda x: x + 1.0))
    frozen.read_runnable(path, INPUTS, OUTPUTS)
    assert len(started) == 2


def test_a_file_of_our_own_is_not(tmp_path, started, empty_cache):
    frozen.write_graph(translator(), tmp_path / 'x.pb')
    frozen.read_runnable(tmp_path / 'x.pb', INPUTS, OUTPUTS)
    assert not started and len(list(empty_cache.glob('*/*'))) == 1


@pytest.mark.long
def test_a_graph_that_asks_for_all_memory(tmp_path, empty_cache):
    # Few numbers and plain arithmetic: only running it tells. 3 TB.
    path = written(tmp_path / 'x.pb', graph_of(lambda x: tf.reduce_sum(tf.fill([900000, 900000], x[0, 0, 0])) + x))
    with pytest.raises(UserError, match=r'x.pb is refused: it .* when it was tried on small pictures'):
        frozen.FrozenGraph(path)
    assert not empty_cache.exists()


@pytest.mark.long
def test_a_graph_that_ends_the_process(tmp_path, monkeypatch):
    monkeypatch.setattr(trial_process, 'DONE', 'never said')  # as if it had died before
    path = written(tmp_path / 'x.pb', translator())
    with pytest.raises(UserError, match=r'x.pb is refused: it ended the process \(code 0\)'):
        frozen.read_runnable(path, INPUTS, OUTPUTS)


@pytest.mark.long
def test_what_tensorflow_refuses_itself_is_told_in_its_words(tmp_path):
    path = written(tmp_path / 'x.pb', graph_of(lambda x: tf.reshape(x, [7, 7, 7])))
    with pytest.raises(UserError, match='x.pb does not translate pictures: .*[Rr]eshape'):
        GraphTranslator(path, 'cpu', 1)


def test_without_a_process_a_warning(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(trial.sys, 'executable', str(tmp_path / 'missing'))
    path = written(tmp_path / 'x.pb', translator())
    assert frozen.read_runnable(path, INPUTS, OUTPUTS) == translator()
    assert 'x.pb is used without a trial' in caplog.text


@pytest.mark.long
def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / 'file').write_text('x')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'file'))
    frozen.write_graph(translator(), tmp_path / 'x.pb')
    assert frozen.read_runnable(tmp_path / 'x.pb', INPUTS, OUTPUTS) == translator()


@pytest.mark.long
def test_another_size_later(tmp_path):
    """A graph may treat small pictures well and a larger one differently."""
    def odd(picture):
        return picture[:tf.minimum(tf.shape(picture)[0], 100)]
    translate = GraphTranslator(written(tmp_path / 'x.pb', graph_of(odd)), 'cpu', 1)
    assert translate(np.zeros((64, 64, 3), np.uint8)).shape == (64, 64, 3)
    with pytest.raises(UserError, match=r'x.pb turns a picture of 64x128 pixels into uint8 \[100, 64, 3\]'):
        translate(np.zeros((128, 64, 3), np.uint8))
