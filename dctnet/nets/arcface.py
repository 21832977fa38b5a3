"""IR-SE50, the ArcFace network of the published identity loss, as a differentiable graph (docs/recipe.md, "CCN")."""
from typing import Dict, List, Tuple

import numpy as np

from dctnet import frozen
from dctnet.compat import session_config, tf
from dctnet.ops.resample import averaging_matrix, resampled

# The face within an aligned image of 256 px: rows 35 to 223, columns 32 to 220, averaged down to 112.
REFERENCE_SIZE, ROWS, COLUMNS, FACE = 256, (35, 223), (32, 220), 112
INPUT, OUTPUT = 'image:0', 'embedding:0'
EMBEDDING = 512
_STAGES = ((64, 3), (128, 4), (256, 14), (512, 3))  # channels, bottlenecks; the first of each halves the size
_REDUCTION = 16  # of the squeeze-and-excitation


def bottlenecks() -> List[Tuple[int, int, int]]:
    """(inputs, outputs, stride) of the 24 units."""
    units, inputs = [], 64
    for outputs, count in _STAGES:
        for index in range(count):
            units.append((inputs, outputs, 2 if index == 0 else 1))
            inputs = outputs
    return units


def shapes() -> Dict[str, Tuple[int, ...]]:
    """Name -> shape of every weight: kernels [h, w, in, out]; normalisations as a scale and an offset."""
    result = {'input/kernel': (3, 3, 3, 64), 'input/slope': (64,)}
    normalised = {'input': 64, 'output': 512, 'embedding': EMBEDDING}
    for index, (inputs, outputs, _) in enumerate(bottlenecks()):
        name = f'body/{index}/'
        result.update({name + 'kernel1': (3, 3, inputs, outputs), name + 'slope': (outputs,),
                       name + 'kernel2': (3, 3, outputs, outputs),
                       name + 'squeeze': (outputs, outputs // _REDUCTION),
                       name + 'excite': (outputs // _REDUCTION, outputs)})
        normalised.update({name + 'before': inputs, name + 'after': outputs})
        if inputs != outputs:
            result[name + 'shortcut'] = (1, 1, inputs, outputs)
            normalised[name + 'beside'] = outputs
    result.update({'embedding/matrix': (7 * 7 * 512, EMBEDDING), 'embedding/bias': (EMBEDDING,)})
    for name, width in normalised.items():
        result.update({name + '/scale': (width,), name + '/offset': (width,)})
    return result


def embedding(face: tf.Tensor, weights: Dict[str, np.ndarray]) -> tf.Tensor:
    """Faces cut out by `face_of` [N, 112, 112, 3] BGR in [-1, 1] -> [N, 512] of length 1. Weights become constants."""
    constants = {name: tf.constant(array) for name, array in weights.items()}

    def normalised(x: tf.Tensor, name: str) -> tf.Tensor:
        return x * constants[name + '/scale'] + constants[name + '/offset']

    x = face[..., ::-1]  # RGB
    x = _prelu(normalised(_conv(x, constants['input/kernel'], 1), 'input'), constants['input/slope'])
    for index, (inputs, outputs, stride) in enumerate(bottlenecks()):
        name = f'body/{index}/'
        if inputs == outputs:
            shortcut = x[:, ::stride, ::stride]
        else:
            shortcut = normalised(_conv(x, constants[name + 'shortcut'], stride), name + 'beside')
        y = _prelu(_conv(normalised(x, name + 'before'), constants[name + 'kernel1'], 1), constants[name + 'slope'])
        y = normalised(_conv(y, constants[name + 'kernel2'], stride), name + 'after')
        squeezed = tf.nn.relu(tf.matmul(tf.reduce_mean(y, [1, 2]), constants[name + 'squeeze']))
        x = y * tf.sigmoid(tf.matmul(squeezed, constants[name + 'excite']))[:, None, None, :] + shortcut
    x = tf.reshape(normalised(x, 'output'), [-1, 7 * 7 * 512])
    x = normalised(tf.matmul(x, constants['embedding/matrix']) + constants['embedding/bias'], 'embedding')
    return tf.nn.l2_normalize(x, axis=1)


def face_of(picture: tf.Tensor) -> tf.Tensor:
    """The published crop of an aligned image of any known size, [N, S, S, 3] -> [N, 112, 112, 3]."""
    size = picture.shape.as_list()[1]
    rows, columns = [averaging_matrix(size, first * size / REFERENCE_SIZE, last * size / REFERENCE_SIZE, FACE)
                     for first, last in (ROWS, COLUMNS)]
    return resampled(picture, rows, columns)


def _conv(x: tf.Tensor, kernel: tf.Tensor, stride: int) -> tf.Tensor:
    border = [kernel.shape.as_list()[0] // 2] * 2  # PyTorch's padding: the same on both sides, with a stride too
    return tf.nn.conv2d(tf.pad(x, [[0, 0], border, border, [0, 0]]), kernel, [1, stride, stride, 1], 'VALID')


def _prelu(x: tf.Tensor, slope: tf.Tensor) -> tf.Tensor:
    return tf.nn.relu(x) - slope * tf.nn.relu(-x)


def freeze_graph(weights: Dict[str, np.ndarray]) -> tf.GraphDef:
    """A frozen graph image:0 -> embedding:0, the form in which checkpoints/arcface.pb is kept."""
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu')) as session:
        image = tf.placeholder(tf.float32, [None, FACE, FACE, 3], name='image')
        output = tf.identity(embedding(image, weights), name='embedding')
        return frozen.freeze(session, [output])
