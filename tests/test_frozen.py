"""Frozen graphs: what is refused, gradients through them, and calling them from several threads."""
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from dctnet import frozen
from dctnet.compat import tf
from dctnet.errors import UserError


def graph_of(function, name='output_image'):
    with tf.Graph().as_default(), tf.Session() as session:
        output = tf.identity(function(tf.placeholder(tf.float32, [None, None, 3], name='input_image')), name=name)
        session.run(tf.global_variables_initializer())
        return frozen.freeze(session, [output])


def message(function, *arguments):
    with pytest.raises(UserError) as caught:
        function(*arguments)
    assert '\n' not in str(caught.value)
    return str(caught.value)


def test_written_read_and_called(tmp_path):
    graph_def = graph_of(lambda x: x * tf.get_variable('w', initializer=3.0))
    assert not {node.op for node in graph_def.node} & {'VarHandleOp', 'VariableV2'}
    frozen.write_graph(graph_def, tmp_path / 'a' / 'x.pb')
    frozen.write_graph(graph_def, tmp_path / 'y.pb')
    assert (tmp_path / 'a' / 'x.pb').read_bytes() == (tmp_path / 'y.pb').read_bytes()
    for source in (tmp_path / 'y.pb', str(tmp_path / 'y.pb'), graph_def):
        graph = frozen.FrozenGraph(source, device='cpu')
        assert (graph(np.ones((2, 5, 3), np.float32)) == 3).all()
        graph.close()


def test_several_inputs_and_outputs():
    with tf.Graph().as_default(), tf.Session() as session:
        a, b = [tf.placeholder(tf.float32, [2], name=name) for name in 'ab']
        graph_def = frozen.freeze(session, [tf.add(a, b, name='sum'), tf.multiply(a, b, name='product')])
    graph = frozen.FrozenGraph(graph_def, ['a:0', 'b:0'], ['sum:0', 'product:0'])
    found = graph(np.array([1, 2]), np.array([3, 4]))
    assert [list(entry) for entry in found] == [[4, 6], [3, 8]]


@pytest.mark.parametrize('name, function', [
    ('ReadFile', lambda x: x + tf.strings.to_number(tf.io.read_file('/etc/hostname'))),
    ('WriteFile', lambda x: tf.tuple([x], control_inputs=[tf.io.write_file('/tmp/never', 'x')])[0]),
    ('PyFunc', lambda x: tf.numpy_function(lambda y: y, [x], tf.float32)),
    ('RandomUniform', lambda x: x + tf.random.uniform([3])),
    ('Print', lambda x: tf.Print(x, [x])),
    ('While', lambda x: tf.while_loop(lambda i: i < 3.0, lambda i: i + 1.0, [tf.reduce_sum(x)]) + x),
])
def test_operations_beyond_arithmetic_are_refused(tmp_path, name, function):
    frozen.write_graph(graph_of(function), tmp_path / 'x.pb')
    text = message(frozen.read_graph, tmp_path / 'x.pb')
    assert 'x.pb is refused' in text and (name in text or name == 'While' and 'Merge' in text)


def test_functions_in_the_library_are_looked_at_too(tmp_path):
    graph_def = graph_of(lambda x: x)
    function = graph_def.library.function.add()
    function.signature.name = 'f'
    function.node_def.add(name='r', op='ReadFile')
    frozen.write_graph(graph_def, tmp_path / 'x.pb')
    assert 'ReadFile' in message(frozen.read_graph, tmp_path / 'x.pb')


def test_files_that_are_no_graph(tmp_path):
    path = tmp_path / 'x.pb'
    assert 'does not exist' in message(frozen.read_graph, path)
    assert 'is a folder' in message(frozen.read_graph, tmp_path)
    for data, part in [(b'', 'holds no graph (0 bytes)'), (b'\xff' * 999, 'x.pb'), (b'no graph at all', 'x.pb'),
                       (np.random.RandomState(0).bytes(5000), 'x.pb')]:
        path.write_bytes(data)
        assert part in message(frozen.read_graph, path)
    assert 'x.pb' in message(frozen.read_graph, path / 'y.pb')


def test_a_graph_cut_anywhere_is_a_clear_error(tmp_path):
    whole = graph_of(lambda x: x * tf.constant(np.ones(40), tf.float32)[:3] + 1.0).SerializeToString()
    path = tmp_path / 'x.pb'
    for end in range(1, len(whole), 7):
        path.write_bytes(whole[:end])
        assert str(path) in message(frozen.FrozenGraph, path)


def test_missing_tensors_are_named(tmp_path):
    frozen.write_graph(graph_of(lambda x: x), tmp_path / 'x.pb')
    text = message(frozen.FrozenGraph, tmp_path / 'x.pb', ['image:0'], ['conv4_4:0'])
    assert 'x.pb has no tensor image:0, conv4_4:0' in text and 'it takes input_image:0' in text
    assert 'x.pb' in message(frozen.FrozenGraph, tmp_path / 'x.pb', ['input_image:0'], ['output_image:3'])


def test_gradients_flow_through_an_imported_graph():
    graph_def = graph_of(lambda x: tf.nn.relu(x * tf.get_variable('w', initializer=[1.0, 2.0, -3.0])))
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.ones([2, 2, 3])
        first, = frozen.import_into(graph_def, {'input_image:0': x}, ['output_image:0'], 'it')
        second, = frozen.import_into(graph_def, {'input_image:0': x * 2.0}, ['output_image:0'], 'it')  # twice
        assert not tf.trainable_variables()
        gradient, = tf.gradients(tf.reduce_sum(first), x)
        values = session.run([gradient, first, second])
    assert (values[0] == [1, 2, 0]).all() and np.array_equal(values[2], 2 * values[1])


def test_threads_share_a_graph():
    graph = frozen.FrozenGraph(graph_of(lambda x: x * 2.0), device='cpu', threads=1)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: graph(np.full((4, 4, 3), i, np.float32)), range(40)))
    assert all((array == 2 * i).all() for i, array in enumerate(found))


def test_a_device_that_is_not_there(monkeypatch):
    monkeypatch.setattr(frozen, 'gpu_available', lambda: False)
    assert 'no GPU' in message(lambda: frozen.FrozenGraph(graph_of(lambda x: x), device='gpu'))
