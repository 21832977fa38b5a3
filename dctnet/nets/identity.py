"""Identity networks behind one face: aligned pictures -> embeddings whose cosine tells how alike two persons are."""
from typing import Callable

from dctnet import frozen
from dctnet.compat import tf
from dctnet.nets import arcface, dlib_descriptor


def arcface_embedding(graph_def: 'tf.GraphDef') -> Callable[['tf.Tensor'], 'tf.Tensor']:
    """IR-SE50 (arcface.freeze_graph): pictures [N, S, S, 3] BGR in [-1, 1] -> [N, 512]."""
    return lambda pictures: frozen.import_into(
        graph_def, {arcface.INPUT: arcface.face_of(pictures)}, [arcface.OUTPUT], 'ArcFace')[0]


def dlib_embedding(graph_def: 'tf.GraphDef') -> Callable[['tf.Tensor'], 'tf.Tensor']:
    """dlib's descriptor network (dlib_descriptor.freeze_graph): pictures [N, S, S, 3] BGR in [-1, 1] -> [N, 128]."""
    return lambda pictures: frozen.import_into(
        graph_def, {dlib_descriptor.INPUT: dlib_descriptor.chip_of(pictures)}, [dlib_descriptor.OUTPUT],
        'dlib\'s descriptor network')[0]
