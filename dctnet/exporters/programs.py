"""The short program beside each exported file, which translates one picture without this project."""
from typing import Sequence

_OPENING = '''"""python {file}.py PHOTO CARTOON: translate one picture with {file}. Needs {needs} and opencv-python."""
import sys
from pathlib import Path

import cv2
'''
_READ = '''
photo = cv2.imread(sys.argv[1])  # uint8 [H, W, 3], BGR
height, width = photo.shape[:2]
padded = cv2.copyMakeBorder(photo, 0, -height % 4, 0, -width % 4, cv2.BORDER_REPLICATE).astype('float32')
'''
_WRITE = 'cv2.imwrite(sys.argv[2], cartoon[:height, :width])\n'
_GRAPH = _OPENING + '''import tensorflow.compat.v1 as tf
''' + _READ + '''graph_def = tf.GraphDef.FromString(Path(__file__).with_name('{file}').read_bytes())
with tf.Graph().as_default(), tf.Session() as session:
    output, = tf.import_graph_def(graph_def, return_elements=['output_image:0'], name='')
    cartoon = session.run(output, {{'input_image:0': padded}})
''' + _WRITE
_SAVED_MODEL = _OPENING + '''import tensorflow.compat.v1 as tf
''' + _READ + '''with tf.Graph().as_default(), tf.Session() as session:
    tf.saved_model.loader.load(session, ['serve'], str(Path(__file__).with_name('{file}')))
    cartoon = session.run('output_images:0', {{'input_images:0': padded[None]}})[0]
''' + _WRITE
_ONNX = _OPENING + '''import onnxruntime
''' + _READ + '''file = Path(__file__).with_name('{file}')
session = onnxruntime.InferenceSession(str(file), providers=['CPUExecutionProvider'])
cartoon = session.run(None, {{'input_images': padded[None]}})[0][0]
''' + _WRITE
_TFLITE = '''from tensorflow.lite.python.interpreter import Interpreter  # the same: tflite_runtime.interpreter
{read}interpreter = Interpreter(str(Path(__file__).with_name('{file}')))
number = interpreter.get_input_details()[0]['index']
{resize}interpreter.allocate_tensors()
interpreter.set_tensor(number, padded[None])
interpreter.invoke()
cartoon = interpreter.get_tensor(interpreter.get_output_details()[0]['index'])[0]
'''
_READ_ONE_SIZE = '''
photo = cv2.imread(sys.argv[1])  # uint8 [H, W, 3], BGR
height, width = {height}, {width}  # the only size that this file takes
padded = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA).astype('float32')
'''


def for_graph(file: str) -> bytes:
    """For a .pb."""
    return _GRAPH.format(file=file, needs='tensorflow').encode()


def for_saved_model(file: str) -> bytes:
    """For a SavedModel; file: its folder."""
    return _SAVED_MODEL.format(file=file, needs='tensorflow').encode()


def for_onnx(file: str) -> bytes:
    """For an .onnx."""
    return _ONNX.format(file=file, needs='onnxruntime').encode()


def for_tflite(file: str, size: Sequence[int] = ()) -> bytes:
    """For a .tflite. size: height and width if it takes no others."""
    read = _READ_ONE_SIZE.format(height=size[0], width=size[1]) if size else _READ
    resize = '' if size else 'interpreter.resize_tensor_input(number, (1,) + padded.shape)\n'
    body = _TFLITE.format(file=file, read=read, resize=resize)
    return (_OPENING.format(file=file, needs='tensorflow') + body + _WRITE).encode()
