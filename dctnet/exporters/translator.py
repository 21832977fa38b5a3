"""The translator as a frozen graph, made of a generator's weights: as published, or for other runtimes."""
import logging
from typing import Callable, Dict, List, Optional, Sequence

import numpy as np

from dctnet import frozen
from dctnet.compat import session_config, tf
from dctnet.errors import UserError
from dctnet.nets import unet
from dctnet.runs import checkpoint

log = logging.getLogger(__name__)

Weights = Dict[str, np.ndarray]  # of a generator, by released names: generator/Conv/weights ...


def translator_graph(weights: Weights, where: str) -> tf.GraphDef:
    """A frozen translator with these generator weights (released names), under the published tensor contract.

    input_image:0 float32 [H, W, 3] BGR 0-255 -> output_image:0 uint8 [H, W, 3] BGR; H and W multiples of 4. Also
    input_images:0 -> output_images:0, both [N, H, W, 3], with the same weights.
    where: the weights' origin, named in errors. Raises UserError if they do not fit.
    """
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu')) as session:
        image = tf.placeholder(tf.float32, [None, None, 3], name='input_image')
        levels = tf.squeeze(_clipped(_levels(tf.expand_dims(image, 0), weights, where)), axis=0)
        single = tf.cast(levels, tf.uint8, name=frozen.TRANSLATOR_OUTPUT.split(':')[0])
        _load(weights, where, session)
        return frozen.freeze(session, [single, _batch((None, None, None, 3), weights, where, _clipped)])


def batch_graph(weights: Weights, where: str, shape: Sequence[Optional[int]] = (None, None, None, 3)) -> tf.GraphDef:
    """The translator of batches alone, for other runtimes: input_images:0 -> output_images:0.

    weights, where: as for `translator_graph`.
    shape: of the input; None is free.
    """
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu')) as session:
        output = _batch(shape, weights, where, _clipped_by_relu)
        _load(weights, where, session)
        return frozen.freeze(session, [output])


def live_translations(weights: Weights, where: str, pictures: Sequence[np.ndarray]) -> List[np.ndarray]:
    """What the live graph makes of pictures, uint8 [H, W, 3] BGR -> the same, by a session with these weights."""
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu')) as session:
        output = _batch((None, None, None, 3), weights, where, _clipped)
        _load(weights, where, session)
        return [session.run(output, {frozen.BATCH_INPUT: picture[None].astype(np.float32)})[0] for picture in pictures]


def parameter_count(weights: Weights) -> int:
    """Numbers in the weights of a generator."""
    return int(sum(array.size for array in weights.values()))


def _batch(shape: Sequence[Optional[int]], weights: Weights, where: str,
           clip: Callable[[tf.Tensor], tf.Tensor]) -> tf.Tensor:
    pictures = tf.placeholder(tf.float32, list(shape), name=frozen.BATCH_INPUT.split(':')[0])
    return tf.cast(clip(_levels(pictures, weights, where)), tf.uint8, name=frozen.BATCH_OUTPUT.split(':')[0])


def _levels(pictures: tf.Tensor, weights: Weights, where: str) -> tf.Tensor:
    if not unet.channels_of(weights):
        raise UserError(f'{where} holds no generator (generator/Conv/weights ...): name a trained run, a model folder, '
                        'a released checkpoint or an .npz of one')
    output = unet.translate(pictures / 127.5 - 1.0, unet.channels_of(weights))
    return (output + 1.0) * 127.5


def _clipped(levels: tf.Tensor) -> tf.Tensor:
    return tf.clip_by_value(levels, 0.0, 255.0)


def _clipped_by_relu(levels: tf.Tensor) -> tf.Tensor:
    """The same of operations that OpenCV's dnn has had for long: 4.5.5 knows no minimum of a picture and a number."""
    return 255.0 - tf.nn.relu(255.0 - tf.nn.relu(levels))


def _load(weights: Weights, where: str, session: tf.Session) -> None:
    """Give the generator's variables of the current graph their weights."""
    variables = unet.variables()
    session.run(tf.variables_initializer(variables))
    report = checkpoint.warm_start(session, variables, weights, where, required=unet.SCOPE)
    if report.unused:
        log.warning('%s: %s', where, report.text())
