"""ONNX models with smaller numbers. The guided filter stays in float32: its variances are small differences of large
numbers, and its output is the picture."""
import logging
import os
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Dict, Iterator, List, Optional, Set

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnxruntime import quantization
from skimage import data

from dctnet import images
from dctnet.exporters.choice import FLOAT16, FLOAT32, INT8

ARITHMETIC = {
    FLOAT32: 'float32',
    FLOAT16: 'float16 in the U-Net, float32 in the guided filter, input and output',
    INT8: 'int8 weights per channel and uint8 activations (QDQ) in all convolutions but the first and the last; '
          'float32 elsewhere'}
CALIBRATION_SIDE = 256  # of the pictures on which the ranges of activations are measured


def float16(model: onnx.ModelProto) -> onnx.ModelProto:
    """The U-Net in half precision; input, output and guided filter as they are."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph, inside = result.graph, _unet_nodes(model.graph)
    constants = {constant.name: constant for constant in graph.initializer}
    of_unet = {output for node in graph.node if node.name in inside for output in node.output}
    nodes: List[onnx.NodeProto] = []
    converted: Set[str] = set()
    for node in graph.node:
        half = node.name in inside
        for index, name in enumerate(node.input):
            if name in constants:
                if half and node.op_type == 'Conv':
                    values = numpy_helper.to_array(constants[name]).astype(np.float16)
                    constants[name].CopyFrom(numpy_helper.from_array(values, name))
            elif half != (name in of_unet):
                node.input[index] = name + ('_half' if half else '_whole')
                if node.input[index] not in converted:
                    kind = onnx.TensorProto.FLOAT16 if half else onnx.TensorProto.FLOAT
                    nodes.append(helper.make_node('Cast', [name], [node.input[index]], node.input[index], to=kind))
                    converted.add(node.input[index])
        nodes.append(node)
    del graph.node[:], graph.value_info[:]  # the latter tell types, which are others now
    graph.node.extend(nodes)
    onnx.checker.check_model(result)
    return result


def int8(model: onnx.ModelProto, input_name: str) -> onnx.ModelProto:
    """Convolutions in 8 bits, but the first and the last. input_name: of the model."""
    convolutions = [node.name for node in model.graph.node if node.op_type == 'Conv']
    with TemporaryDirectory() as folder, _working_in(folder), _without_advice():
        onnx.save(model, str(Path(folder, 'whole.onnx')))
        quantization.quantize_static(
            str(Path(folder, 'whole.onnx')), str(Path(folder, 'int8.onnx')), _Calibration(input_name),
            quant_format=quantization.QuantFormat.QDQ, per_channel=True,
            activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8,
            op_types_to_quantize=['Conv'], nodes_to_exclude=[convolutions[0], convolutions[-1]])
        result = onnx.load(str(Path(folder, 'int8.onnx')))
    domains = {node.domain for node in result.graph.node}
    for entry in [entry for entry in result.opset_import if entry.domain not in domains]:
        result.opset_import.remove(entry)  # onnxruntime 1.10 names all that it knows
    return result


class _Calibration(quantization.CalibrationDataReader):
    """Hands the calibration pictures to onnxruntime one by one."""

    def __init__(self, input_name: str) -> None:
        self._batches = iter([{input_name: picture[None].astype(np.float32)} for picture in calibration_pictures()])

    def get_next(self) -> Optional[Dict[str, np.ndarray]]:
        return next(self._batches, None)


def calibration_pictures() -> List[np.ndarray]:
    """Parts of photographs that scikit-image brings, none as in `parity.pictures`, uint8 [H, W, 3] BGR."""
    face = data.astronaut()[:280, 90:370, ::-1]
    photographs = [face[:, ::-1], data.chelsea()[:, :300, ::-1], data.coffee()[:, 200:, ::-1],
                   data.rocket()[:, 300:, ::-1]]
    return [images.square(np.ascontiguousarray(photograph), CALIBRATION_SIDE) for photograph in photographs]


def _unet_nodes(graph: onnx.GraphProto) -> List[str]:
    """Names of the nodes from the first convolution to the last: what depends on the one and what the other needs."""
    convolutions = [node for node in graph.node if node.op_type == 'Conv']
    after, before = set(convolutions[0].output), set(convolutions[-1].input)
    for node in graph.node:
        if after & set(node.input):
            after |= set(node.output)
    for node in reversed(graph.node):
        if before & set(node.output):
            before |= set(node.input)
    ends = (convolutions[0].name, convolutions[-1].name)
    return [node.name for node in graph.node
            if node.name in ends or (after & set(node.output) and before & set(node.output))]


@contextmanager
def _working_in(folder: str) -> Iterator[None]:
    """A context with this working directory: onnxruntime 1.10 leaves a file there when it measures ranges."""
    usual = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(usual)


@contextmanager
def _without_advice() -> Iterator[None]:
    """A context: onnxruntime's advice on how to quantise, which it gives to the root logger, is not shown."""
    def kept(record: logging.LogRecord) -> bool:
        return 'pre-processing' not in record.getMessage()

    logging.getLogger().addFilter(kept)
    try:
        yield
    finally:
        logging.getLogger().removeFilter(kept)
