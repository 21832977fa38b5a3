"""ONNX: what onnxruntime and OpenCV make of a model is the live graph's, at any size; what smaller numbers change."""
import json
from collections import Counter

import cv2
import numpy as np
import pytest

from dctnet.errors import UserError
from dctnet.exporters import parity
from dctnet.exporters.translator import live_translations

onnx = pytest.importorskip('onnx', reason='requirements/onnx-*.txt pin it for the two runtimes alone')
onnx_file = pytest.importorskip('dctnet.exporters.onnx_file', reason='needs onnxruntime, as above')


@pytest.fixture(scope='module')
def model(weights):
    return onnx_file.onnx_model(weights, 'x')


def files(weights, reference, *precisions):
    return onnx_file.onnx_files('cartoon', weights, 'x', {'source': 'x'}, precisions, reference)


def constants(model):
    return {entry.name: onnx.numpy_helper.to_array(entry) for entry in model.graph.initializer}


@pytest.mark.parametrize('size', [(32, 32), (20, 44), (4, 8)])
def test_batches_of_any_size(model, weights, size):
    pictures = np.random.RandomState(1).randint(0, 256, (3,) + size + (3,)).astype(np.float32)
    found = onnx_file.runner(model.SerializeToString())(pictures)
    expected = live_translations(weights, 'x', list(pictures))
    assert found.dtype == np.uint8 and found.shape == pictures.shape and np.std(expected) > 5
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_the_contract_of_the_file(model):
    entry, result = model.graph.input[0], model.graph.output[0]
    assert (entry.name, result.name) == ('input_images', 'output_images')
    assert (entry.type.tensor_type.elem_type, result.type.tensor_type.elem_type) == (1, 2)  # float32, uint8
    for value in (entry, result):
        assert [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim] == ['N', 'H', 'W', 3]
    assert [(entry.domain, entry.version) for entry in model.opset_import if not entry.domain] == [('', 13)]


def test_sizes_are_doubled_by_constants(model):
    resized = [node for node in model.graph.node if node.op_type == 'Resize']
    assert len(resized) == 2
    assert all(constants(model)[node.input[2]].tolist() == [1, 1, 2, 2] and len(node.input) == 3 for node in resized)
    assert not {'Shape', 'Slice', 'Gather'} & {node.op_type for node in model.graph.node}


def test_opencv_runs_it(model, reference):
    net = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
    for picture, expected in zip(reference.pictures, reference.translations):
        net.setInput(picture[None].astype(np.float32))
        found = np.floor(net.forward())  # OpenCV does not truncate
        assert np.abs(found[0] - expected).max() <= 1


def test_float16_is_for_the_unet_alone(model, weights, reference):
    made = files(weights, reference, 'float16')
    half = onnx.load_model_from_string(made['cartoon-float16.onnx'])
    kinds = Counter(str(array.dtype) for array in constants(half).values())
    assert kinds['float16'] == 36 == 2 * Counter(node.op_type for node in half.graph.node)['Conv']
    casts = [node for node in half.graph.node if node.op_type == 'Cast']
    assert len(casts) - sum(node.op_type == 'Cast' for node in model.graph.node) == 2  # into the U-Net and out of it
    assert half.graph.input[0].type.tensor_type.elem_type == 1
    found = json.loads(made['cartoon-float16.onnx.json'].decode())['parity']
    assert parity.largest(found) <= 2 and list(found['sizes']) == ['32x32', '20x28', '16x24']


def test_int8_leaves_both_ends_and_the_guided_filter(weights, reference, monkeypatch, tmp_path):
    monkeypatch.setitem(parity.LIMITS, 'int8', (255, 255))
    monkeypatch.chdir(tmp_path)
    made = files(weights, reference, 'int8')
    assert not list(tmp_path.iterdir())  # onnxruntime 1.10 leaves a file in the working directory
    small = onnx.load_model_from_string(made['cartoon-int8.onnx'])
    by_output = {output: node for node in small.graph.node for output in node.output}
    convolutions = [node for node in small.graph.node if node.op_type == 'Conv']
    in_8_bits = [node.input[1] in by_output and by_output[node.input[1]].op_type == 'DequantizeLinear'
                 for node in convolutions]
    assert in_8_bits == [False] + [True] * 16 + [False]
    assert sum(array.dtype == np.int8 and array.ndim == 4 for array in constants(small).values()) == 16
    scales = [constants(small)[by_output[node.input[1]].input[1]] for node in convolutions[1:-1]]
    assert all(scale.shape == (constants(small)[by_output[node.input[1]].input[0]].shape[0],)
               for scale, node in zip(scales, convolutions[1:-1]))  # one a channel
    for node in small.graph.node:
        if node.op_type in ('AveragePool', 'Div'):
            assert not any(by_output[name].op_type == 'DequantizeLinear' for name in node.input if name in by_output)
    card = json.loads(made['cartoon-int8.onnx.json'].decode())
    assert 0 < parity.mean(card['parity']) < 30 and card['precision'].startswith('int8')


def test_what_changes_the_pictures_too_much_is_refused(weights, reference, monkeypatch):
    monkeypatch.setitem(parity.LIMITS, 'int8', (255, 1e-4))
    with pytest.raises(UserError, match=r'cartoon-int8.onnx differs from the live graph by [\d.]+ grey levels on ave'):
        files(weights, reference, 'int8')


def test_a_wrong_conversion_is_a_bug(weights, reference):
    other = {name: array + (0.2 if name.endswith('Conv_6/biases') else 0) for name, array in weights.items()}
    with pytest.raises(RuntimeError, match='cartoon.onnx differs'):
        files(other, reference, 'float32')


def test_no_weights_no_model():
    with pytest.raises(UserError, match='there holds no generator'):
        onnx_file.onnx_model({}, 'there')
