"""dlib's face descriptor network as a frozen graph against dlib itself."""
from pathlib import Path

import dlib
import numpy as np
from skimage import data

from dctnet import frozen
from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.images import square
from dctnet.nets import dlib_descriptor

TOLERANCE = 1e-5  # of one number of the descriptor, whose length is about 1


def largest_difference(graph: tf.GraphDef, source: Path) -> float:
    """Between the descriptors that the graph and dlib (reading `source`) give of a face, of its mirror image and of
    noise. Raises UserError if dlib cannot read the file."""
    try:
        model = dlib.face_recognition_model_v1(str(source))
    except RuntimeError as error:
        raise UserError(f'dlib cannot read {source} ({error}): fetch it again') from error
    face = square(data.astronaut()[20:220, 120:320], dlib_descriptor.CHIP)
    chips = np.stack([face, face[:, ::-1], np.random.RandomState(0).randint(0, 256, face.shape).astype(np.uint8)])
    expected = [np.array(model.compute_face_descriptor(np.ascontiguousarray(chip))) for chip in chips]
    network = frozen.FrozenGraph(graph, [dlib_descriptor.INPUT], [dlib_descriptor.OUTPUT])
    descriptors = network(chips[..., ::-1].astype(np.float32) / 127.5 - 1)
    network.close()
    return float(np.abs(descriptors - expected).max())
