"""What a graph may hold: each of these once crashed, hung or filled the memory of the process that loaded it."""
import numpy as np
import pytest

from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.graph_safety import contents
from tests.graph_safety.hostile import node, translator


def refusal(graph_def):
    with pytest.raises(UserError) as caught:
        contents.check(graph_def, 'x.pb')
    assert '\n' not in str(caught.value) and 'x.pb' in str(caught.value)
    return str(caught.value)


def spoiled(name, change):
    graph_def = translator()
    change(node(graph_def, name))
    return graph_def


def test_a_sound_graph_passes_unchanged():
    graph_def = translator()
    contents.check(graph_def, 'x.pb')
    assert graph_def == translator()


def circle(first):
    first.input[0] = 'blurred'


@pytest.mark.parametrize('name, change, part', [
    ('blurred', circle, 'circle'),
    ('blurred', lambda it: it.input.append('^blurred'), 'circle'),
    ('blurred', lambda it: it.input.append('nowhere'), "reads 'nowhere', which is not there"),
    ('blurred', lambda it: it.input.append('kernel:99999999999'), 'which is not there'),
    ('kernel', lambda it: setattr(it, 'name', 'blurred'), 'exists twice'),
    ('kernel', lambda it: setattr(it, 'name', 'a\nb'), 'bad name'),
    ('kernel', lambda it: it.attr['dtype'].__setattr__('type', tf.int32.as_datatype_enum), 'of type 3 and its value'),
    ('kernel', lambda it: it.attr['value'].tensor.tensor_shape.dim[0].__setattr__('size', 4), '324 bytes for 108'),
    ('kernel', lambda it: it.attr['value'].tensor.tensor_shape.dim[0].__setattr__('size', -1), 'no shape'),
    ('kernel', lambda it: it.attr['value'].tensor.float_val.append(1), '324 bytes for 81'),
    ('kernel', lambda it: it.attr.pop('value'), 'no value'),
    ('blurred', lambda it: it.attr['strides'].list.i.__setitem__(1, 0), 'strides cannot be 0'),
    ('blurred', lambda it: it.attr['strides'].list.i.__setitem__(1, -3), 'strides cannot be -3'),
    ('blurred', lambda it: it.attr['dilations'].list.i.extend([1] * 99), 'too long'),
    ('blurred', lambda it: it.attr['padding'].__setattr__('s', b'x' * 2000), 'too long'),
    ('blurred', lambda it: it.attr['T'].__setattr__('type', tf.string.as_datatype_enum), 'no type of numbers'),
    ('blurred', lambda it: it.attr['T'].func.__setattr__('name', 'f'), 'no value'),
    ('blurred', lambda it: it.attr['more'].tensor.float_val.append(1), 'a tensor as more'),
    ('input_image', lambda it: it.attr['shape'].shape.dim[0].__setattr__('size', -2), 'the shape [-2, -1, 3]'),
    ('input_image', lambda it: it.attr['shape'].shape.__setattr__('unknown_rank', True), 'cannot be'),
])
def test_what_cannot_be_is_refused(name, change, part):
    if change is circle:
        graph_def = translator()
        circle(node(graph_def, node(graph_def, 'blurred').input[0]))
    else:
        graph_def = spoiled(name, change)
    assert part in refusal(graph_def)


def claim(graph_def, elements, count=1):
    constant = graph_def.node.add(name=f'claim{len(graph_def.node)}', op='Const')
    constant.attr['dtype'].type = tf.float32.as_datatype_enum
    tensor = constant.attr['value'].tensor
    tensor.dtype = tf.float32.as_datatype_enum
    tensor.tensor_shape.dim.add(size=elements)
    tensor.float_val.extend([2.0] * count)
    return constant


def test_few_bytes_that_claim_much_memory():
    graph_def = translator()
    for _ in range(8):  # each alone could be a vector of a network
        claim(graph_def, 2500000)
    assert 'claim 76 MB of memory' in refusal(graph_def)
    graph_def = translator()
    claim(graph_def, 2 ** 62)
    assert 'MB of memory' in refusal(graph_def)


@pytest.mark.parametrize('count, expected', [(0, [0, 0, 0, 0]), (1, [2, 2, 2, 2]), (3, [2, 2, 2, 2])])
def test_numbers_that_newer_versions_leave_out(count, expected):
    graph_def = translator()
    constant = claim(graph_def, 4, count)
    contents.check(graph_def, 'x.pb')
    assert tf.make_ndarray(constant.attr['value'].tensor).tolist() == expected


def test_what_computes_nothing_is_taken_out():
    graph_def = spoiled('kernel', lambda it: setattr(it, 'device', '/device:GPU:77'))
    node(graph_def, 'blurred').attr['_class'].list.s.append(b'loc:@nowhere')
    graph_def.library.function.add().signature.name = 'f'
    contents.check(graph_def, 'x.pb')
    assert graph_def.node == translator().node and not graph_def.library.function


@pytest.mark.parametrize('dtype', ['float16', 'float64', 'uint8', 'int64', 'bool', 'uint16', 'int8'])
@pytest.mark.parametrize('values', [[1, 0, 1, 1], 1])
def test_constants_of_every_type_pass(dtype, values):
    with tf.Graph().as_default() as graph:
        tf.constant(np.array(values, dtype), name='constant')
    graph_def = graph.as_graph_def()
    contents.check(graph_def, 'x.pb')
    assert tf.make_ndarray(graph_def.node[0].attr['value'].tensor).tolist() == np.array(values, dtype).tolist()
