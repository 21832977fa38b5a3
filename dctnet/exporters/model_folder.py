"""A trained generator as a model folder for infer.py and for the published pipelines: cartoon_h.pb, cartoon_bg.pb,
alpha.jpg and a JSON card beside each .pb."""
import json
import logging
from pathlib import Path
from typing import Any, Dict, Optional

import cv2
import numpy as np

import dctnet
from dctnet import frozen, images
from dctnet.compat import TENSORFLOW_VERSION, session_config, tf
from dctnet.errors import UserError
from dctnet.face.alignment import ellipse_mask
from dctnet.files import atomic
from dctnet.files.hashing import sha256_of_bytes
from dctnet.inference.model_folder import BACKGROUND_NAME, HEAD_NAME, MASK_NAME
from dctnet.nets import unet
from dctnet.runs import checkpoint

log = logging.getLogger(__name__)

SIDE_MULTIPLE = 4  # height and width of a frozen translator's input
CHECKED_SIDE = 256  # of the images on which the frozen graph is held against the live one
_CHECKED_IMAGES = 3


def translator_graph(weights: Dict[str, np.ndarray], where: str) -> tf.GraphDef:
    """A frozen translator with these generator weights (released names), under the published tensor contract.

    input_image:0 float32 [H, W, 3] BGR 0-255 -> output_image:0 uint8 [H, W, 3] BGR; H and W multiples of 4. Also
    input_images:0 -> output_images:0, both [N, H, W, 3], with the same weights.
    where: the weights' origin, named in errors. Raises UserError if they do not fit.
    """
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu')) as session:
        image = tf.placeholder(tf.float32, [None, None, 3], name='input_image')
        single = _translated(image, weights, where, session)
        images_ = tf.placeholder(tf.float32, [None, None, None, 3], name='input_images')
        batch = tf.cast(_levels(images_, unet.channels_of(weights)), tf.uint8, name=frozen.BATCH_OUTPUT.split(':')[0])
        return frozen.freeze(session, [single, batch])


def write_model_folder(weights: Dict[str, np.ndarray], where: str, out: Path, origin: Dict[str, Any],
                       mask: Optional[np.ndarray] = None) -> Dict[str, Any]:
    """Freeze, check against the live graph, then write the model folder. Returns the card.

    weights: variable name (generator/Conv/weights ...) -> array; of a training with a moving average, that is taken.
        Other networks' are left out.
    where: their origin, named in errors.
    out: the model folder.
    origin: entries of the card about where the weights come from (run, step, ...).
    mask: fusion mask, uint8 [h, w] grey of any size; None for the ellipse.
    Raises UserError if the weights do not fit or the disk refuses.
    """
    averaged = unet.is_averaged(weights)
    weights = unet.exported(weights)
    graph_def = translator_graph(weights, where)
    difference = difference_from_live_graph(graph_def, weights, where)
    if difference > 1:
        raise RuntimeError(f'the frozen graph differs from the live one by {difference} grey levels')
    data = graph_def.SerializeToString(deterministic=True)
    card = {
        'format': 'DCT-Net frozen translator',
        'input': {'name': frozen.TRANSLATOR_INPUT, 'dtype': 'float32', 'shape': ['H', 'W', 3], 'range': [0, 255],
                  'colour': 'BGR', 'multiple_of': SIDE_MULTIPLE},
        'output': {'name': frozen.TRANSLATOR_OUTPUT, 'dtype': 'uint8', 'shape': ['H', 'W', 3], 'colour': 'BGR'},
        'batch': {'input': frozen.BATCH_INPUT, 'output': frozen.BATCH_OUTPUT, 'shape': ['N', 'H', 'W', 3]},
        'channels': unet.channels_of(weights),
        'moving_average': averaged,
        'parameters': _parameter_count(graph_def),
        'sha256': sha256_of_bytes(data),
        'largest_difference_from_live_graph': difference,
        'versions': {'dctnet': dctnet.__version__, 'tensorflow': TENSORFLOW_VERSION, 'numpy': np.__version__},
    }
    card.update(origin)
    if mask is None:
        mask = np.rint(ellipse_mask() * 255).astype(np.uint8)
    text = (json.dumps(card, indent=2) + '\n').encode('utf-8')
    files = {out / MASK_NAME: images.encoded(out / MASK_NAME, cv2.cvtColor(mask, cv2.COLOR_GRAY2BGR))}
    for name in (HEAD_NAME, BACKGROUND_NAME):
        files.update({out / name: data, (out / name).with_suffix('.json'): text})
    atomic.write_together(files)
    return card


def _parameter_count(graph_def: tf.GraphDef) -> int:
    weights = [node.attr['value'].tensor for node in graph_def.node
               if node.op == 'Const' and node.name.endswith(('/weights', '/biases'))]
    return int(sum(tf.make_ndarray(tensor).size for tensor in weights))


def _translated(image: tf.Tensor, weights: Dict[str, np.ndarray], where: str, session: tf.Session) -> tf.Tensor:
    """The live translator on one image, under the published output name, its weights loaded into the session."""
    if not unet.channels_of(weights):
        raise UserError(f'{where} holds no generator (generator/Conv/weights ...): name a trained run, a released '
                        'checkpoint or an .npz of one')
    levels = tf.squeeze(_levels(tf.expand_dims(image, 0), unet.channels_of(weights)), axis=0)
    output = tf.cast(levels, tf.uint8, name=frozen.TRANSLATOR_OUTPUT.split(':')[0])
    variables = unet.variables()
    session.run(tf.variables_initializer(variables))
    # A checkpoint of a run also holds the discriminators and the optimiser, which an export has no use for.
    generator = {name: array for name, array in weights.items() if name.startswith(unet.SCOPE + '/')}
    report = checkpoint.warm_start(session, variables, generator, where, required=unet.SCOPE)
    if report.unused:
        log.warning('%s: %s', where, report.text())
    return output


def _levels(pictures: tf.Tensor, channels: int) -> tf.Tensor:
    output = unet.translate(pictures / 127.5 - 1.0, channels)
    return tf.clip_by_value((output + 1.0) * 127.5, 0.0, 255.0)


def difference_from_live_graph(graph_def: tf.GraphDef, weights: Dict[str, np.ndarray], where: str) -> int:
    """Largest difference in grey levels between the frozen and the live graph on a few random images."""
    translator = frozen.FrozenGraph(graph_def, device='cpu')
    rng = np.random.RandomState(0)
    worst = 0
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu')) as session:
        image = tf.placeholder(tf.float32, [None, None, 3], name='input_image')
        live = _translated(image, weights, where, session)
        for _ in range(_CHECKED_IMAGES):
            coarse = rng.randint(0, 256, (9, 7, 3)).astype(np.uint8)
            sample = images.scale(coarse, CHECKED_SIDE, CHECKED_SIDE + 16).astype(np.float32)
            expected = session.run(live, {image: sample})
            worst = max(worst, int(np.abs(translator(sample).astype(int) - expected).max()))
    translator.close()
    return worst
