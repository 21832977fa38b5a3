"""Identity networks behind one face: aligned pictures -> embeddings whose cosine tells how alike two persons are."""
import logging
from pathlib import Path
from typing import Callable, NamedTuple

import numpy as np

from dctnet import frozen
from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.face.installed_models import DESCRIPTOR, installed_model
from dctnet.nets import arcface, dlib_descriptor, inception
from dctnet.nets.dlib_file import read_descriptor_weights

log = logging.getLogger(__name__)

ARCFACE_FILE = Path(__file__).resolve().parents[2] / 'checkpoints' / 'arcface.pb'


class IdentityNetwork(NamedTuple):
    """kind: 'arcface' or 'dlib'. file: where its weights are. embed: pictures [N, S, S, 3] BGR in [-1, 1] ->
    [N, 512] or [N, 128], differentiable."""
    kind: str
    file: Path
    embed: Callable[[tf.Tensor], tf.Tensor]


def identity_network(kind: str = 'auto') -> IdentityNetwork:
    """kind: 'arcface' (checkpoints/arcface.pb, the published choice), 'dlib' (installed), or 'auto': ArcFace where it
    is there. Raises UserError where the wanted file is missing or damaged."""
    if kind == 'arcface' and not ARCFACE_FILE.exists():
        raise UserError('ArcFace is asked for, and checkpoints/arcface.pb is not there: run "python -m '
                        'data_tools.fetch arcface_ir_se50" and "python -m data_tools.import_weights arcface '
                        'checkpoints/model_ir_se50.pth", or choose dlib (loss.identity_network=dlib of the CCN, '
                        'evaluate.identity_network=dlib of the TTN, --identity dlib of dctnet.evaluate)')
    if kind == 'arcface' or kind == 'auto' and ARCFACE_FILE.exists():
        log.info('identity network: ArcFace (%s)', ARCFACE_FILE)
        graph_def = frozen.read_graph(ARCFACE_FILE)
        frozen.check_tensors(graph_def, [arcface.INPUT, arcface.OUTPUT], str(ARCFACE_FILE))
        return IdentityNetwork('arcface', ARCFACE_FILE, arcface_embedding(graph_def))
    log.info('identity network: dlib\'s face descriptor (installed; ArcFace is the published choice)')
    file = installed_model(DESCRIPTOR)
    return IdentityNetwork('dlib', file, dlib_embedding(dlib_descriptor.freeze_graph(read_descriptor_weights(file))))


def arcface_embedding(graph_def: tf.GraphDef) -> Callable[[tf.Tensor], tf.Tensor]:
    """IR-SE50 (arcface.freeze_graph): pictures [N, S, S, 3] BGR in [-1, 1] -> [N, 512]."""
    return lambda pictures: frozen.import_into(
        graph_def, {arcface.INPUT: arcface.face_of(pictures)}, [arcface.OUTPUT], 'ArcFace')[0]


def dlib_embedding(graph_def: tf.GraphDef) -> Callable[[tf.Tensor], tf.Tensor]:
    """dlib's descriptor network (dlib_descriptor.freeze_graph): pictures [N, S, S, 3] BGR in [-1, 1] -> [N, 128]."""
    return lambda pictures: frozen.import_into(
        graph_def, {dlib_descriptor.INPUT: dlib_descriptor.chip_of(pictures)}, [dlib_descriptor.OUTPUT],
        'dlib\'s descriptor network')[0]


INCEPTION_FILE = Path(__file__).resolve().parents[2] / 'checkpoints' / 'inception.pb'
_ALIGNED = 256


class FeatureNetwork(NamedTuple):
    """kind: 'inception', 'dlib' or the file's name. file: where the weights are. side: of the pictures that it takes.
    embed: pictures [N, side, side, 3] BGR in [-1, 1] -> [N, D]."""
    kind: str
    file: Path
    side: int
    embed: Callable[[tf.Tensor], tf.Tensor]


def feature_network(kind: str) -> FeatureNetwork:
    """kind: 'inception', 'dlib' (the face descriptor, for aligned faces), or a frozen graph FILE.pb, image:0 ->
    features:0 (features with height and width are averaged). Raises UserError where the file is missing or something
    else."""
    if kind == 'dlib':
        dlib = identity_network('dlib')
        return FeatureNetwork('dlib', dlib.file, _ALIGNED, dlib.embed)
    if kind == 'inception':
        if not INCEPTION_FILE.exists():
            raise UserError('FID and KID ask for Inception, and checkpoints/inception.pb is not there: run "python -m '
                            'data_tools.fetch inception_2015" and "python -m data_tools.import_weights inception '
                            'checkpoints/frozen_inception_v1_2015_12_05.tar.gz", or choose dlib (--features dlib, '
                            'training: evaluate.features=dlib), which needs no download and whose figures compare '
                            'only with each other')
        graph_def = frozen.read_graph(INCEPTION_FILE)
        frozen.check_tensors(graph_def, [inception.INPUT, inception.OUTPUT], str(INCEPTION_FILE))
        return FeatureNetwork('inception', INCEPTION_FILE, inception.SIDE,
                              lambda pictures: inception.features(pictures, graph_def))
    return _network_of_file(Path(kind))


def _network_of_file(file: Path) -> FeatureNetwork:
    if file.suffix != '.pb':
        raise UserError(f'features {file}: choose inception, dlib or a frozen graph FILE.pb')
    graph_def = frozen.read_graph(file)
    frozen.check_tensors(graph_def, [frozen.CONTENT_INPUT, frozen.CONTENT_OUTPUT], str(file))
    node = next(node for node in graph_def.node if node.name + ':0' == frozen.CONTENT_INPUT)
    sides = [dim.size for dim in node.attr['shape'].shape.dim][1:3]
    side = sides[0] if len(set(sides)) == 1 and sides[0] > 0 else _ALIGNED

    def embed(pictures: tf.Tensor) -> tf.Tensor:
        found, = frozen.import_into(graph_def, {frozen.CONTENT_INPUT: pictures}, [frozen.CONTENT_OUTPUT], str(file))
        return tf.reduce_mean(found, axis=[1, 2]) if found.shape.ndims == 4 else found
    _check_output(embed, side, file)
    return FeatureNetwork(file.name, file, side, embed)


def _check_output(embed: Callable[[tf.Tensor], tf.Tensor], side: int, file: Path) -> None:
    graph = picture_network(embed, side, 'cpu')
    try:
        shape = np.shape(graph(np.zeros([2, side, side, 3], np.float32)))
    except tf.errors.OpError as error:
        raise UserError('{} does not take pictures of {} px: {}'.format(
            file, side, str(error.message).split('\n')[0][:200])) from error
    finally:
        graph.close()
    if len(shape) != 2 or shape[0] != 2:
        raise UserError(f'{file} gives an array of the shape {list(shape)} for two pictures, but a vector each is '
                        'needed: [2, D], or [2, h, w, D]')


def picture_network(embed: Callable[[tf.Tensor], tf.Tensor], side: int, device: str) -> frozen.FrozenGraph:
    """A network of constants, ready to be called: float32 [N, side, side, 3] BGR in [-1, 1] -> [N, D]."""
    with tf.Graph().as_default() as graph:
        image = tf.placeholder(tf.float32, [None, side, side, 3], name='image')
        tf.identity(embed(image), name='features')
    return frozen.FrozenGraph(graph.as_graph_def(), [frozen.CONTENT_INPUT], [frozen.CONTENT_OUTPUT], device)
