"""The translator as an ONNX model: input_images [N, H, W, 3] -> output_images, all three sizes free, opset 13."""
from typing import Any, Dict, List, Sequence

import numpy as np
import onnx
import onnxruntime
import tf2onnx
from onnx import numpy_helper

from dctnet import frozen
from dctnet.compat import TENSORFLOW_VERSION
from dctnet.errors import UserError
from dctnet.exporters import onnx_precision, parity, programs
from dctnet.exporters.card import card, encoded, tensor
from dctnet.exporters.choice import FLOAT16, INT8, file_name
from dctnet.exporters.translator import Weights, batch_graph

OPSET = 13
INPUT, OUTPUT = (name.split(':')[0] for name in (frozen.BATCH_INPUT, frozen.BATCH_OUTPUT))
_UPSAMPLING = np.array([1, 1, 2, 2], np.float32)  # of [N, C, H, W]


def onnx_files(stem: str, weights: Weights, where: str, origin: Dict[str, Any], precisions: Sequence[str],
               of: parity.Reference) -> Dict[str, bytes]:
    """ONNX models with their cards and programs, checked in onnxruntime: file name -> content.

    stem: of the file names.
    weights, where, origin: of the translator, the name of their origin, entries of the card about it.
    precisions: float32, float16, int8.
    of: what the live graph gives.
    Raises UserError if a precision changes the pictures too much.
    """
    whole, files = onnx_model(weights, where), {}
    for precision in precisions:
        name = file_name(stem, 'onnx', precision)
        data = _in_precision(whole, precision).SerializeToString()
        found = parity.measured(runner(data), of, f'onnxruntime {onnxruntime.__version__}')
        parity.check(found, precision, name)
        files[name] = data
        files[f'{name}.json'] = encoded(card(
            'DCT-Net translator, ONNX', data, weights, origin, opset=OPSET, input=tensor(INPUT, 'float32'),
            output=tensor(OUTPUT, 'uint8'), precision=precision,
            arithmetic=onnx_precision.ARITHMETIC[precision], parity=found,
            versions={'tensorflow': TENSORFLOW_VERSION, 'tf2onnx': tf2onnx.__version__, 'onnx': onnx.__version__,
                      'onnxruntime': onnxruntime.__version__}))
        files[f'{name}.py'] = programs.for_onnx(name)
    return files


def onnx_model(weights: Weights, where: str) -> onnx.ModelProto:
    """The translator in float32; arguments as for `onnx_files`."""
    try:
        model, _ = tf2onnx.convert.from_graph_def(
            batch_graph(weights, where), name='DCT-Net translator', input_names=[frozen.BATCH_INPUT],
            output_names=[frozen.BATCH_OUTPUT], opset=OPSET,
            tensors_to_rename={frozen.BATCH_INPUT: INPUT, frozen.BATCH_OUTPUT: OUTPUT})
    except (ValueError, NotImplementedError) as error:
        raise UserError(f"{where} cannot be converted to ONNX: {' '.join(str(error).split())[:300]}") from error
    _scale_by_constants(model.graph)
    for value in list(model.graph.input) + list(model.graph.output):
        for dimension, name in zip(value.type.tensor_type.shape.dim, 'NHW'):
            dimension.dim_param = name
    onnx.checker.check_model(model)
    return model


def runner(data: bytes) -> parity.Run:
    """Runs a model on batches in onnxruntime."""
    session = onnxruntime.InferenceSession(data, providers=['CPUExecutionProvider'])
    return lambda batch: session.run([OUTPUT], {INPUT: batch})[0]


def _in_precision(model: onnx.ModelProto, precision: str) -> onnx.ModelProto:
    if precision == FLOAT16:
        return onnx_precision.float16(model)
    if precision == INT8:
        return onnx_precision.int8(model, INPUT)
    return model


def _scale_by_constants(graph: onnx.GraphProto) -> None:
    """Let every Resize double its picture, instead of computing the size from the shape of its input: OpenCV's dnn
    cannot do that."""
    for node in graph.node:
        if node.op_type == 'Resize':
            node.input[:] = [node.input[0], node.input[1], 'twice']
    graph.initializer.append(numpy_helper.from_array(_UPSAMPLING, 'twice'))
    _remove_unused(graph)


def _remove_unused(graph: onnx.GraphProto) -> None:
    """Remove nodes and constants that nothing uses."""
    needed = {value.name for value in graph.output}
    kept: List[onnx.NodeProto] = []
    for node in reversed(graph.node):  # inputs stand before what uses them
        if needed & set(node.output):
            needed |= set(node.input)
            kept.insert(0, node)
    constants = [constant for constant in graph.initializer if constant.name in needed]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(kept)
    graph.initializer.extend(constants)
