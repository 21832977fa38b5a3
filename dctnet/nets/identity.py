"""Identity networks behind one face: aligned pictures -> embeddings whose cosine tells how alike two persons are."""
import logging
from pathlib import Path
from typing import Callable, NamedTuple

from dctnet import frozen
from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.face.descriptor_file import read_descriptor_weights
from dctnet.face.installed_models import DESCRIPTOR, installed_model
from dctnet.nets import arcface, dlib_descriptor

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
