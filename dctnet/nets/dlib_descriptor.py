"""dlib's face descriptor network as a differentiable graph: a trained identity network that needs no download.

29 convolutions in residual blocks, 5.6 million parameters, 128 numbers a face; descriptors nearer than 0.6 are of the
same person. Trained by Davis King, public domain.
"""
import numpy as np

from dctnet import frozen
from dctnet.compat import session_config, tf
from dctnet.face.descriptor_file import DescriptorWeights

CHIP = 150  # side of the aligned face that the network was trained on: dlib.get_face_chip(image, landmarks, 150, 0.25)
INPUT, OUTPUT = 'image:0', 'descriptor:0'
MEAN_RGB = (122.782, 117.001, 104.298)
_BLOCKS = ((32, 3), (64, 4), (128, 3), (256, 3), (256, 1))  # channels, residual blocks; all but the first start at /2


def descriptor(chip: 'tf.Tensor', weights: DescriptorWeights) -> 'tf.Tensor':
    """chip: [N, 150, 150, 3] BGR in [-1, 1] -> [N, 128]. The weights become constants."""
    convolutions = iter(weights.convolutions)

    def convolution(x: 'tf.Tensor', stride: int, padding: str) -> 'tf.Tensor':
        kernel, bias = next(convolutions)
        return tf.nn.bias_add(tf.nn.conv2d(x, tf.constant(kernel), [1, stride, stride, 1], padding), tf.constant(bias))

    x = ((chip[..., ::-1] + 1.0) * 127.5 - tf.constant(MEAN_RGB, tf.float32)) / 256.0
    x = tf.nn.relu(convolution(x, 2, 'VALID'))
    x = tf.nn.max_pool(x, [1, 3, 3, 1], [1, 2, 2, 1], 'VALID')
    for group, (_, count) in enumerate(_BLOCKS):
        for block in range(count):
            halved = group > 0 and block == 0
            branch = tf.nn.relu(convolution(x, 2, 'VALID') if halved else convolution(x, 1, 'SAME'))
            branch = convolution(branch, 1, 'SAME')
            shortcut = tf.nn.avg_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], 'VALID') if halved else x
            x = tf.nn.relu(_padded_sum(branch, shortcut))
    return tf.matmul(tf.reduce_mean(x, [1, 2]), tf.constant(weights.matrix))


def _padded_sum(a: 'tf.Tensor', b: 'tf.Tensor') -> 'tf.Tensor':
    """dlib's addition: where a size differs, the smaller operand gets zeros at the end."""
    shapes = np.array([a.shape.as_list()[1:], b.shape.as_list()[1:]])
    ends = shapes.max(0) - shapes
    return tf.pad(a, [(0, 0)] + [(0, n) for n in ends[0]]) + tf.pad(b, [(0, 0)] + [(0, n) for n in ends[1]])


def freeze_graph(weights: DescriptorWeights) -> 'tf.GraphDef':
    """A frozen graph image:0 -> descriptor:0."""
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu')) as session:
        image = tf.placeholder(tf.float32, [None, CHIP, CHIP, 3], name='image')
        output = tf.identity(descriptor(image, weights), name='descriptor')
        return frozen.freeze(session, [output])
