"""The translator as a TFLite model: input_images [1, H, W, 3] -> output_images, of free or of one size."""
from typing import Any, Dict, Optional, Sequence, Tuple

import numpy as np

from dctnet import frozen
from dctnet.compat import TENSORFLOW_VERSION, session_config, tf, tflite_bytes, tflite_has_free_sizes
from dctnet.exporters import parity, programs
from dctnet.exporters.card import card, encoded, tensor
from dctnet.exporters.choice import FLOAT16, FLOAT32, INT8, TFLITE, file_name
from dctnet.exporters.translator import Weights, batch_graph

Size = Tuple[int, int]
ARITHMETIC = {FLOAT32: 'float32', FLOAT16: 'float16 weights, float32 arithmetic',
              INT8: 'int8 weights, activations quantised as they come (dynamic range)'}
_HEAD_SIZE = (288, 288)  # of head crops


def size_of_file(size: Optional[Size]) -> Optional[Size]:
    """Height and width of the pictures that a file will take; None if all.

    size: what was asked for; None for all sizes, which TensorFlow 1.15 cannot: it gets the size of head crops.
    """
    return size if size or tflite_has_free_sizes() else _HEAD_SIZE


def tflite_files(stem: str, weights: Weights, where: str, origin: Dict[str, Any], precisions: Sequence[str],
                 of: parity.Reference, size: Optional[Size] = None) -> Dict[str, bytes]:
    """TFLite models with their cards and programs, checked in TensorFlow's interpreter: file name -> content.

    stem: of the file names.
    weights, where, origin: of the translator, the name of their origin, entries of the card about it.
    precisions: float32, float16, int8.
    of: what the live graph gives, at this size if there is one.
    size: as from `size_of_file`.
    Raises UserError if a precision changes the pictures too much.
    """
    shape = (1,) + (size or (None, None)) + (3,)
    graph_def, files = batch_graph(weights, where, shape), {}
    told = tuple(side or letter for side, letter in zip(shape, '1HW3'))
    for precision in precisions:
        name = file_name(stem, TFLITE, precision)
        data = _converted(graph_def, precision)
        found = parity.measured(lambda batch: run(data, batch), of, f'TensorFlow Lite of {TENSORFLOW_VERSION}')
        parity.check(found, precision, name)
        files[name] = data
        files[f'{name}.json'] = encoded(card(
            'DCT-Net translator, TensorFlow Lite', data, weights, origin,
            input=tensor(frozen.BATCH_INPUT.split(':')[0], 'float32', told),
            output=tensor(frozen.BATCH_OUTPUT.split(':')[0], 'uint8', told), resizable=size is None,
            precision=precision, arithmetic=ARITHMETIC[precision], parity=found,
            versions={'tensorflow': TENSORFLOW_VERSION}))
        files[f'{name}.py'] = programs.for_tflite(name, size or ())
    return files


def run(data: bytes, batch: np.ndarray) -> np.ndarray:
    """Run a model on float32 [1, H, W, 3] once."""
    interpreter = tf.lite.Interpreter(model_content=data)
    entry, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    if tuple(entry['shape']) != batch.shape:
        interpreter.resize_tensor_input(entry['index'], batch.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(entry['index'], batch)
    interpreter.invoke()
    return interpreter.get_tensor(result['index'])


def _converted(graph_def: tf.GraphDef, precision: str) -> bytes:
    with tf.Graph().as_default() as graph, tf.Session(config=session_config('cpu')) as session:
        tf.import_graph_def(graph_def, name='')
        ends = [graph.get_tensor_by_name(name) for name in (frozen.BATCH_INPUT, frozen.BATCH_OUTPUT)]
        converter = tf.lite.TFLiteConverter.from_session(session, ends[:1], ends[1:])
        if precision != FLOAT32:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision == FLOAT16:
            converter.target_spec.supported_types = [tf.float16]
        return tflite_bytes(converter)
