"""Pretrained networks by name, or as a frozen graph FILE.pb: identity, features of sets of images, LPIPS. (Content:
content_network.)

One rule for loss.content_network, identity_network and evaluate.features: a name stands for a file in checkpoints/ or
for an installed network; FILE.pb is a frozen graph image:0 float32 [N, H, W, 3] BGR in [-1, 1] -> features:0.
"""
import logging
from pathlib import Path
from typing import Callable, Dict, NamedTuple, Sequence

import numpy as np

from dctnet import frozen, places
from dctnet.compat import reason, tf
from dctnet.errors import UserError
from dctnet.face.installed_models import DESCRIPTOR, installed_model
from dctnet.nets import arcface, dlib_descriptor, inception, lpips
from dctnet.nets.dlib_file import read_descriptor_weights

log = logging.getLogger(__name__)

_FACE_SIDE = 256  # of aligned faces, unless a graph says otherwise

Embed = Callable[[tf.Tensor], tf.Tensor]


class _Imported(NamedTuple):
    """A network of data_tools.import_weights.

    file: its name in checkpoints/.
    inputs, outputs: names of its tensors.
    purpose: what it is needed for, for messages.
    advice: how to get it, for messages.
    """
    file: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    purpose: str
    advice: str


_IMPORTED: Dict[str, _Imported] = {
    'vgg19': _Imported(
        'vgg19.pb', [frozen.CONTENT_INPUT], [frozen.CONTENT_OUTPUT], 'the content loss needs VGG19',
        'fetch vgg19.npy or vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5 ("python -m data_tools.fetch '
        'vgg19_keras", or by hand: checkpoints/README.md) and run "python -m data_tools.import_weights vgg19 FILE"; or '
        'choose loss.content_network=dlib, a smaller trained network that is installed already, or =random for a '
        'try-out'),
    'arcface': _Imported(
        'arcface.pb', [arcface.INPUT], [arcface.OUTPUT], 'ArcFace is asked for',
        'run "python -m data_tools.fetch arcface_ir_se50" and "python -m data_tools.import_weights arcface '
        'checkpoints/model_ir_se50.pth", or choose dlib (loss.identity_network=dlib of the CCN, '
        'evaluate.identity_network=dlib of the TTN, --identity dlib of dctnet.evaluate)'),
    'inception': _Imported(
        'inception.pb', [inception.INPUT], [inception.OUTPUT], 'FID and KID ask for Inception',
        'run "python -m data_tools.fetch inception_2015" and "python -m data_tools.import_weights inception '
        'checkpoints/frozen_inception_v1_2015_12_05.tar.gz", or choose dlib (--features dlib, training: '
        'evaluate.features=dlib), which needs no download and whose figures compare only with each other'),
}


class EmbeddingNetwork(NamedTuple):
    """A network that turns images into vectors.

    kind: its name, or that of its file.
    file: where the weights are.
    side: of the images that it is made for, in pixels.
    embed: images [N, side, side, 3] BGR in [-1, 1] -> vectors [N, D], differentiable.
    """
    kind: str
    file: Path
    side: int
    embed: Embed


def imported_file(name: str) -> Path:
    """Where the network of that name ('vgg19', 'arcface', 'inception') is kept, or would be."""
    return places.checkpoints_folder() / _IMPORTED[name].file


def identity_network(name: str = 'auto') -> EmbeddingNetwork:
    """Aligned faces -> embeddings whose cosine measures how similar two persons are.

    name: 'arcface' (the published choice), 'dlib' (installed), 'auto' (ArcFace if it is there, else dlib) or FILE.pb.
    Raises UserError if the file is missing or no such graph.
    """
    if name == 'auto':
        name = 'arcface' if imported_file('arcface').exists() else 'dlib'
    if name == 'arcface':
        graph_def = read_imported(name)
        log.info('identity network: ArcFace (%s)', imported_file(name))
        return EmbeddingNetwork('arcface', imported_file(name), _FACE_SIDE, arcface_embedding(graph_def))
    if name == 'dlib':
        log.info('identity network: dlib\'s face descriptor (installed; ArcFace is the published choice)')
        return _dlib()
    return _embedding_of_file(Path(name), 'identity network', ('auto', 'arcface', 'dlib'))


def feature_network(name: str) -> EmbeddingNetwork:
    """Images -> vectors whose distribution describes a set of images, for FID and KID.

    name: 'inception', 'dlib' (the face descriptor, for aligned faces) or FILE.pb. Raises UserError if the file is
    missing or no such graph.
    """
    if name == 'inception':
        graph_def = read_imported(name)
        return EmbeddingNetwork('inception', imported_file(name), inception.SIDE,
                                lambda images: inception.features(images, graph_def))
    if name == 'dlib':
        return _dlib()
    return _embedding_of_file(Path(name), 'features', ('inception', 'dlib'))


def perceptual_distance(file: Path, device: str) -> frozen.FrozenGraph:
    """LPIPS of two images, (photo, result) [N, S, S, 3] BGR in [-1, 1] -> [N]. Raises UserError if the file is missing
    or no such graph."""
    return frozen.FrozenGraph(file, [lpips.PHOTO, lpips.RESULT], [lpips.OUTPUT], device)


def arcface_embedding(graph_def: tf.GraphDef) -> Embed:
    """IR-SE50 (arcface.freeze_graph): images [N, S, S, 3] BGR in [-1, 1] -> [N, 512]."""
    return lambda images: frozen.import_into(
        graph_def, {arcface.INPUT: arcface.face_of(images)}, [arcface.OUTPUT], 'ArcFace')[0]


def dlib_embedding(graph_def: tf.GraphDef) -> Embed:
    """dlib's descriptor network (dlib_descriptor.freeze_graph): images [N, S, S, 3] BGR in [-1, 1] -> [N, 128]."""
    return lambda images: frozen.import_into(
        graph_def, {dlib_descriptor.INPUT: dlib_descriptor.chip_of(images)}, [dlib_descriptor.OUTPUT],
        'dlib\'s descriptor network')[0]


def embedding_session(network: EmbeddingNetwork, device: str) -> frozen.FrozenGraph:
    """An embedding network ready to be called: float32 [N, side, side, 3] BGR in [-1, 1] -> [N, D]."""
    with tf.Graph().as_default() as graph:
        image = tf.placeholder(tf.float32, [None, network.side, network.side, 3], name='image')
        tf.identity(network.embed(image), name='features')
    return frozen.FrozenGraph(graph.as_graph_def(), [frozen.CONTENT_INPUT], [frozen.CONTENT_OUTPUT], device)


def _dlib() -> EmbeddingNetwork:
    file = installed_model(DESCRIPTOR)
    graph_def = dlib_descriptor.freeze_graph(read_descriptor_weights(file))
    return EmbeddingNetwork('dlib', file, _FACE_SIDE, dlib_embedding(graph_def))


def read_imported(name: str) -> tf.GraphDef:
    """The network of that name ('vgg19', 'arcface', 'inception'). Raises UserError if it is missing or another one."""
    network, file = _IMPORTED[name], imported_file(name)
    if not file.exists():
        raise UserError(f'{network.purpose}, and {file} is not there: {network.advice}')
    return frozen.read_runnable(file, network.inputs, network.outputs)


def read_file(file: Path, what: str, names: Sequence[str]) -> tf.GraphDef:
    """A graph image:0 -> features:0 that the user names. what: its purpose; names: what it could be instead, both for
    messages. Raises UserError if it cannot be used."""
    if file.suffix != '.pb':
        raise UserError(f"{what} {file}: choose {', '.join(names)} or a frozen graph FILE.pb")
    return frozen.read_runnable(file, [frozen.CONTENT_INPUT], [frozen.CONTENT_OUTPUT])


def _embedding_of_file(file: Path, what: str, names: Sequence[str]) -> EmbeddingNetwork:
    """A graph as embedding network. Images are scaled to the size of its input, if that is fixed; features with height
    and width are averaged."""
    graph_def = read_file(file, what, names)
    node = next(node for node in graph_def.node if node.name + ':0' == frozen.CONTENT_INPUT)
    sides = [dim.size for dim in node.attr['shape'].shape.dim][1:3]
    fixed = len(set(sides)) == 1 and sides[0] > 0
    side = sides[0] if fixed else _FACE_SIDE

    def embed(images: tf.Tensor) -> tf.Tensor:
        if fixed and images.shape.as_list()[1:3] != [side, side]:
            images = tf.image.resize_bilinear(images, [side, side])
        features, = frozen.import_into(graph_def, {frozen.CONTENT_INPUT: images}, [frozen.CONTENT_OUTPUT], str(file))
        return tf.reduce_mean(features, axis=[1, 2]) if features.shape.ndims == 4 else features
    network = EmbeddingNetwork(file.name, file, side, embed)
    _check_vectors(network)
    return network


def _check_vectors(network: EmbeddingNetwork) -> None:
    graph = embedding_session(network, 'cpu')
    side = network.side
    try:
        shape = np.shape(graph(np.zeros([2, side, side, 3], np.float32)))
    except tf.errors.OpError as error:
        raise UserError('{} does not take pictures of {} px: {}'.format(
            network.file, side, reason(error))) from error
    finally:
        graph.close()
    if len(shape) != 2 or shape[0] != 2:
        raise UserError(f'{network.file} gives an array of the shape {list(shape)} for two pictures, but a vector each '
                        'is needed: [2, D], or [2, h, w, D]')
