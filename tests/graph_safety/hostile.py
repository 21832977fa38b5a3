"""Graphs of a few nodes to be spoiled."""
import numpy as np

from dctnet import frozen
from dctnet.compat import tf


def translator() -> tf.GraphDef:
    """A sound translator: a convolution of the picture."""
    with tf.Graph().as_default(), tf.Session() as session:
        picture = tf.placeholder(tf.float32, [None, None, 3], name='input_image')
        kernel = tf.constant(np.full((3, 3, 3, 3), 1 / 27), tf.float32, name='kernel')
        blurred = tf.nn.conv2d(picture[None], kernel, [1, 1, 1, 1], 'SAME', name='blurred')[0]
        return frozen.freeze(session, [tf.cast(blurred, tf.uint8, name='output_image')])


def node(graph_def: tf.GraphDef, name: str) -> tf.NodeDef:
    return next(entry for entry in graph_def.node if entry.name == name)
