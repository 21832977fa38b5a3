"""dlib's face descriptor network as a differentiable graph: a trained identity network that needs no download.

29 convolutions in residual blocks, 5.6 million parameters, 128 numbers for each face; two descriptors less than 0.6
apart show the same person. Trained by Davis King, public domain.
"""
from typing import Iterator, List, Tuple

import numpy as np

from dctnet import frozen
from dctnet.compat import session_config, tf
from dctnet.nets.dlib_file import DescriptorWeights
from dctnet.ops.resample import resampled, triangle_matrix

CHIP = 150  # side of the aligned face that the network was trained on: dlib.get_face_chip(image, landmarks, 150, 0.25)
INPUT, OUTPUT = 'image:0', 'descriptor:0'
# Where that chip lies in aligned images of 256 px (published alignment, ratio 0.75; FFHQ's is the same to a few
# pixels): the median of dlib's own chips on 80 such photographs, which spread by 2.5 pixels.
REFERENCE_SIZE, ROWS, COLUMNS = 256, (68, 246), (42, 220)
MEAN_RGB = (122.782, 117.001, 104.298)
_BLOCKS = ((32, 3), (64, 4), (128, 3), (256, 3), (256, 1))  # channels, residual blocks; all but the first start at /2


def first_levels(image: tf.Tensor, weights: DescriptorWeights) -> List[tf.Tensor]:
    """Features of three depths: the first convolution, 32 channels at 1/2 of the size; the 32-channel blocks at 1/4;
    the 64-channel blocks at 1/8. image: [N, H, W, 3] BGR in [-1, 1], H and W multiples of 8."""
    convolutions = iter(weights.convolutions)
    levels = [tf.nn.relu(_convolution(_normalised(image), next(convolutions), 2, 'SAME'))]
    x = tf.nn.max_pool(levels[0], [1, 3, 3, 1], [1, 2, 2, 1], 'SAME')
    for group, (_, count) in enumerate(_BLOCKS[:2]):
        for block in range(count):
            x = _residual_block(x, convolutions, halved=group > 0 and block == 0, padding='SAME')
        levels.append(x)
    return levels


def descriptor(chip: tf.Tensor, weights: DescriptorWeights) -> tf.Tensor:
    """chip: [N, 150, 150, 3] BGR in [-1, 1] -> [N, 128]. The weights become constants."""
    convolutions = iter(weights.convolutions)
    x = tf.nn.relu(_convolution(_normalised(chip), next(convolutions), 2, 'VALID'))
    x = tf.nn.max_pool(x, [1, 3, 3, 1], [1, 2, 2, 1], 'VALID')
    for group, (_, count) in enumerate(_BLOCKS):
        for block in range(count):
            x = _residual_block(x, convolutions, halved=group > 0 and block == 0, padding='VALID')
    return tf.matmul(tf.reduce_mean(x, [1, 2]), tf.constant(weights.matrix))


def chip_of(picture: tf.Tensor) -> tf.Tensor:
    """The chip of an aligned image of any known size, [N, S, S, 3] -> [N, 150, 150, 3]."""
    size = picture.shape.as_list()[1]
    rows, columns = [triangle_matrix(size, first * size / REFERENCE_SIZE, last * size / REFERENCE_SIZE, CHIP)
                     for first, last in (ROWS, COLUMNS)]
    return resampled(picture, rows, columns)


def _normalised(image: tf.Tensor) -> tf.Tensor:
    return ((image[..., ::-1] + 1.0) * 127.5 - tf.constant(MEAN_RGB, tf.float32)) / 256.0


def _convolution(x: tf.Tensor, weights: Tuple[np.ndarray, np.ndarray], stride: int, padding: str) -> tf.Tensor:
    kernel, bias = weights
    return tf.nn.bias_add(tf.nn.conv2d(x, tf.constant(kernel), [1, stride, stride, 1], padding), tf.constant(bias))


def _residual_block(x: tf.Tensor, convolutions: Iterator[Tuple[np.ndarray, np.ndarray]], halved: bool, padding: str,
                    ) -> tf.Tensor:
    """padding: of the layers that halve the size; dlib's own is VALID."""
    branch = _convolution(x, next(convolutions), *((2, padding) if halved else (1, 'SAME')))
    branch = _convolution(tf.nn.relu(branch), next(convolutions), 1, 'SAME')
    shortcut = tf.nn.avg_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], padding) if halved else x
    return tf.nn.relu(_padded_sum(branch, shortcut))


def _padded_sum(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """dlib's addition: if a size differs, the smaller operand gets zeros at the end."""
    shapes = np.array([a.shape.as_list()[1:], b.shape.as_list()[1:]])
    ends = shapes.max(0) - shapes
    return tf.pad(a, [(0, 0)] + [(0, n) for n in ends[0]]) + tf.pad(b, [(0, 0)] + [(0, n) for n in ends[1]])


def freeze_graph(weights: DescriptorWeights) -> tf.GraphDef:
    """The identity network as a frozen graph, image:0 -> descriptor:0."""
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu')) as session:
        image = tf.placeholder(tf.float32, [None, CHIP, CHIP, 3], name='image')
        output = tf.identity(descriptor(image, weights), name='descriptor')
        return frozen.freeze(session, [output])
