"""The texture translation network as a StageGraph: U-Net against a texture and a surface discriminator; content,
total-variation and facial losses (paper section 3.3; docs/recipe.md, "TTN")."""
from __future__ import annotations

from typing import Dict, List, Optional, Tuple

import numpy as np

from dctnet import frozen
from dctnet.compat import tf
from dctnet.config import TtnConfig, TtnLossConfig
from dctnet.frozen import EmbeddedGraph
from dctnet.losses import pixel_loss
from dctnet.models.ttn_losses import TtnBatch, at_size, build_discriminators, colour_shift, ttn_losses
from dctnet.models.ttn_schedule import averaging, learning_rate, parts_of, style_factor
from dctnet.nets import unet
from dctnet.nets.discriminators import ExpressionRegressor
from dctnet.ops import slic_graph
from dctnet.ops.slic import superpixels
from dctnet.stage import Optim, Phase, Preview, StageGraph

_MEMORY_ADVICE = 'lower data.batch_size (train.accumulate makes up for it), data.size or model.channels'


def build_ttn(config: TtnConfig, batch: TtnBatch, step: tf.Tensor, content_network: Optional[tf.GraphDef],
              preview_photos: np.ndarray, openness_spread: Optional[np.ndarray] = None) -> StageGraph:
    """Build the training graph with its phases g, d, expression and pixel.

    config: of the run; its `start` has been decided.
    batch: the training images.
    step: int64 scalar, the number of steps done.
    content_network: frozen graph image:0 -> features:0; None if the weight of the content loss is 0.
    preview_photos: float32 [M, size, size, 3] BGR in [-1, 1], shown in every sample sheet.
    openness_spread: float32 [2, 3], mean and standard deviation of the photographs' openness, if the facial loss has a
        weight.
    Raises UserError if all weights of the loss are 0.
    """
    step = tf.identity(step)  # one read: the step that is counted after the updates shows nowhere
    network = EmbeddedGraph(content_network, 'the content network') if config.loss.content else None

    def features(x: tf.Tensor) -> tf.Tensor:
        assert network is not None, 'nobody asks for features if the content has no weight'
        return network({frozen.CONTENT_INPUT: x}, [frozen.CONTENT_OUTPUT])[0]

    parts = parts_of(config.start)
    channels = config.model.channels
    discriminators = build_discriminators(config.loss, channels)
    expression = None
    if openness_spread is not None:
        expression = ExpressionRegressor(channels, openness_spread)
        batch = batch._replace(openness=expression.normalised(batch.openness))
    raw = unet.unet(batch.photo, channels)
    output = unet.smoothed(batch.photo, raw)
    batch, seconds = _with_superpixels(config.loss, batch, output)
    losses = ttn_losses(at_size(config.loss, config.data.size), batch, output, discriminators, expression, features,
                        shift=colour_shift(config.train.seed, step), ramp=style_factor(parts, step))

    def adam(base: float, moments: str = '') -> Optim:
        return Optim(learning_rate(base, config.optim, config.train.steps, step), config.optim.beta1,
                     config.optim.beta2, moments)

    phases = [Phase('g', losses.generator.loss, dict(losses.generator.scalars, **seconds), unet.variables(), 1,
                    adam(config.optim.lr), begin=parts.translation)]
    if losses.discriminator:
        variables = [variable for net in discriminators.values() for variable in net.variables]
        phases.append(Phase('d', *losses.discriminator, variables, 1,
                            adam(config.optim.discriminator_lr or config.optim.lr), begin=parts.discriminator))
    if losses.expression and expression:
        phases.append(Phase('expression', *losses.expression, expression.variables, 1, adam(config.optim.lr),
                            begin=parts.discriminator))
    if config.start.pixel:  # last: the names of Adam's variables stay those of a training without it
        loss = pixel_loss(raw, batch.photo)
        phases.append(Phase('pixel', loss, {'loss': loss}, unet.variables(), 1, adam(config.optim.lr, 'pixel'),
                            end=config.start.pixel))

    averages = unet.averages() if config.optim.ema_decay else {}

    def step_ops() -> List[tf.Operation]:
        critics = list(discriminators.values()) + ([expression] if expression else [])
        advances = [op for critic in critics for op in critic.power_iteration]
        return advances + (averaging(config, parts, averages, unet.by_name(), step) if averages else [])

    return StageGraph(phases, _preview(preview_photos, channels, bool(averages)),
                      joint=config.train.schedule == 'joint', step_ops=step_ops, memory_advice=_MEMORY_ADVICE)


def _preview(photos: np.ndarray, channels: int, averaged: bool) -> Preview:
    """Translations by the generator that an export takes."""
    shown = tf.placeholder(tf.float32, photos.shape, name='preview_photos')
    output = unet.translate(shown, channels, unet.AVERAGE_SCOPE if averaged else unet.SCOPE)
    return Preview({'photo': shown, 'output': output}, {shown: photos})


def _with_superpixels(loss: TtnLossConfig, batch: TtnBatch, output: tf.Tensor,
                      ) -> Tuple[TtnBatch, Dict[str, tf.Tensor]]:
    """The batch with the superpixels that the content loss needs, and the seconds that they took, if measured.

    The data brings those of the photographs if scikit-image computes them.
    """
    known = batch.superpixel is not None or batch.superpixel_features is not None
    if not loss.content or loss.superpixel == 'off' or known:
        return batch, {}
    picture = {'output': output, 'photo': batch.photo}[loss.superpixel]
    if loss.superpixel_backend == 'graph':
        return batch._replace(superpixel=slic_graph.superpixels(picture)), {}
    flat, seconds = superpixels(picture)
    return batch._replace(superpixel=flat), {'seconds/superpixel': seconds}
