"""ttn*.npz: generator, filters, VGG features, losses and gradient norms of the published TTN."""
import ast
from pathlib import Path
from typing import Dict, List

import numpy as np

from dctnet import frozen
from dctnet.compat import session_config, tf
from dctnet.config import TtnLossConfig
from dctnet.models.ttn_losses import (COLOUR_SHIFT_HIGH, COLOUR_SHIFT_LOW, TtnBatch, build_discriminators, texture,
                                      ttn_losses)
from dctnet.nets import unet, vgg19
from dctnet.ops import filters
from dctnet.ops.slic import flatten_regions
from dctnet.runs import checkpoint
from tests.parity.comparison import Row
from tests.parity.drawn import salt_of, ttn_weight

IMAGE_TOLERANCE, RELATIVE = 2e-4, 1e-4


def check(path: Path, styles: Path) -> List[Row]:
    """Compare every quantity of one vector file."""
    with np.load(str(path), allow_pickle=False) as archive:
        expected = {name: archive[name] for name in archive.files}
        salt = salt_of(archive)
    names, found, norms = _compute(expected, salt)
    rows = [Row('variables', float(len(set(names) ^ set(_names(expected)))), 0.0)]
    for name in ('generator_raw', 'output', 'surface_of_output', 'gray_of_output', 'vgg_conv4_4_mean_per_channel'):
        # Features reach some hundreds: their tolerance is relative to their largest.
        features = name.startswith('vgg')
        tolerance = RELATIVE * float(np.abs(expected[name]).max()) if features else IMAGE_TOLERANCE
        rows.append(Row(name, _distance(found[name], expected[name]), tolerance))
    for name in ('loss_content', 'loss_style_g', 'loss_style_d', 'loss_tv', 'loss_g', 'loss_d'):
        rows.append(Row(name, abs(float(found[name]) / float(expected[name]) - 1.0), RELATIVE))
    for key, phase in (('grad_norm_g', 'g'), ('grad_norm_d', 'd')):
        ours = np.array([norms[phase][str(name)] for name in expected[key + '_names']])
        rows.append(Row(key, float(np.max(np.abs(ours - expected[key]) / np.maximum(np.abs(expected[key]), 1e-8))),
                        RELATIVE))
    for source, key in (('output', 'superpixel'), ('photo', 'superpixel_of_photo')):
        ours = np.stack([flatten_regions(image) for image in expected[source]])
        # SLIC assigns pixels on a boundary by rounding: nearly all must agree, not all.
        differing = float(np.mean(np.abs(ours - expected[key]).max(axis=3) > 1e-3))
        rows.append(Row(key + ' (share of differing pixels)', differing, 0.02))
    return rows


def _compute(expected: Dict[str, np.ndarray], salt: str):
    weights = {name: [ttn_weight(f'vgg19/{name}/weights', shape, salt),
                      ttn_weight(f'vgg19/{name}/biases', shape[3:], salt)]
               for name, shape in vgg19.shapes().items()}
    graph_def = vgg19.freeze_graph(weights)
    config = TtnLossConfig(style=0.1, content=200.0, tv=1e4)
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu', training=True)) as session:
        photo, cartoon, superpixel = [tf.constant(expected[name]) for name in ('photo', 'cartoon', 'superpixel')]
        middle = (np.array(COLOUR_SHIFT_LOW) + COLOUR_SHIFT_HIGH) / 2
        shift = tf.constant(middle / middle.sum(), tf.float32)
        discriminators = build_discriminators(config, 32)
        raw, output = unet.unet(photo), unet.translate(photo)

        def features(x: tf.Tensor) -> tf.Tensor:
            return frozen.import_into(graph_def, {frozen.CONTENT_INPUT: x}, [frozen.CONTENT_OUTPUT], 'vgg19')[0]

        losses = ttn_losses(config, TtnBatch(photo, cartoon, superpixel), output, discriminators, None, features, shift,
                            tf.constant(1.0))
        scalars = losses.generator.scalars
        tensors = {
            'generator_raw': raw, 'output': output, 'surface_of_output': filters.surface(output),
            'gray_of_output': texture(output, shift),
            'vgg_conv4_4_mean_per_channel': tf.reduce_mean(features(photo), [0, 1, 2]),
            'loss_content': scalars['raw/content'] + scalars['raw/content_superpixel'],
            'loss_style_g': scalars['raw/texture'] + scalars['raw/surface'],
            'loss_style_d': losses.discriminator.loss, 'loss_tv': scalars['raw/tv'], 'loss_g': losses.generator.loss,
            'loss_d': losses.discriminator.loss}
        trained = {'g': unet.variables(), 'd': [v for net in discriminators.values() for v in net.variables]}
        gradients = {'g': tf.gradients(losses.generator.loss, trained['g']),
                     'd': tf.gradients(losses.discriminator.loss, trained['d'])}
        variables = tf.global_variables()
        session.run(tf.global_variables_initializer())
        arrays = {v.op.name: ttn_weight(v.op.name, tuple(v.shape.as_list()), salt) for v in variables}
        checkpoint.warm_start(session, variables, arrays, 'drawn weights')
        found, values = session.run([tensors, gradients])
    norms = {phase: {v.op.name: float(np.linalg.norm(g.astype(np.float64)))
                     for v, g in zip(trained[phase], values[phase])} for phase in trained}
    return [f'{v.op.name} {tuple(v.shape.as_list())}' for v in variables], found, norms


def _names(expected: Dict[str, np.ndarray]) -> List[str]:
    split = [str(entry).split(' ', 1) for entry in expected['variables']]
    return [f'{name} {ast.literal_eval(shape)}' for name, shape in split]


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(np.float64) - b).max())
