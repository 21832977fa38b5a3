"""The texture translation network as a StageGraph: U-Net against a texture and a surface discriminator, content and
total-variation losses (paper section 3.3; RECIPE.md, TTN)."""
from typing import Callable, Dict, NamedTuple, Optional, Tuple

import numpy as np

from dctnet import frozen
from dctnet.compat import tf
from dctnet.config import TtnConfig, TtnLossConfig
from dctnet.errors import UserError
from dctnet.losses.adversarial import adversarial_loss
from dctnet.losses.perceptual import content_loss, total_variation
from dctnet.nets import unet
from dctnet.nets.patch_discriminator import PatchDiscriminator
from dctnet.ops import filters
from dctnet.ops.superpixel import superpixels
from dctnet.stage import Optim, Phase, Preview, StageGraph

Features = Callable[['tf.Tensor'], 'tf.Tensor']

# Ranges of the random colour shift, blue, green, red: around the usual weights of luma (RECIPE.md, TTN).
COLOUR_SHIFT_LOW = (0.014, 0.487, 0.199)
COLOUR_SHIFT_HIGH = (0.214, 0.687, 0.399)


class TtnBatch(NamedTuple):
    """Training pictures, each float32 [N, size, size, 3] BGR in [-1, 1]; photo_superpixel only where it is used."""
    photo: 'tf.Tensor'
    style: 'tf.Tensor'
    photo_superpixel: 'Optional[tf.Tensor]'


class Losses(NamedTuple):
    """Totals to minimise (discriminator None where nothing adversarial is weighted) and what to log of each."""
    generator: 'tf.Tensor'
    discriminator: 'Optional[tf.Tensor]'
    generator_scalars: 'Dict[str, tf.Tensor]'
    discriminator_scalars: 'Dict[str, tf.Tensor]'


def build_ttn(config: TtnConfig, batch: TtnBatch, step: 'tf.Tensor', content_network: 'Optional[tf.GraphDef]',
              preview_photos: np.ndarray) -> StageGraph:
    """Build the training graph.

    step: int64 scalar, the number of steps done. content_network: frozen graph image:0 -> features:0,
    None where the content has no weight.
    preview_photos: float32 [M, size, size, 3] in [-1, 1], shown in every sample grid.
    """
    def features(x: 'tf.Tensor') -> 'tf.Tensor':
        return frozen.import_into(content_network, {frozen.CONTENT_INPUT: x}, [frozen.CONTENT_OUTPUT],
                                  'the content network')[0]

    discriminators = build_discriminators(config.loss, config.model.channels)
    output = unet.translate(batch.photo, config.model.channels)
    superpixel, seconds = batch.photo_superpixel, None
    if config.loss.superpixel == 'output' and config.loss.content:
        superpixel, seconds = superpixels(output)
    losses = ttn_losses(config.loss, batch.photo, batch.style, output, superpixel, discriminators, features,
                        shift=colour_shift(config.train.seed, step),
                        style_factor=_warmup_factor(config.loss.style_warmup, step))
    if seconds is not None:
        losses.generator_scalars['seconds/superpixel'] = seconds

    optim = Optim(*[getattr(config.optim, name) for name in Optim._fields])
    phases = [Phase('g', losses.generator, losses.generator_scalars, unet.variables(), 1, optim)]
    if losses.discriminator is not None:
        variables = [variable for net in discriminators.values() for variable in net.variables]
        phases.append(Phase('d', losses.discriminator, losses.discriminator_scalars, variables, 1, optim))
    shown = tf.placeholder(tf.float32, preview_photos.shape, name='preview_photos')
    preview = Preview({'photo': shown, 'output': unet.translate(shown, config.model.channels)},
                      {shown: preview_photos})
    power_iteration = [op for net in discriminators.values() for op in net.power_iteration]
    return StageGraph(phases, preview, joint=config.train.schedule == 'joint',
                      step_ops=power_iteration)


def build_discriminators(weights: TtnLossConfig, channels: int) -> Dict[str, PatchDiscriminator]:
    """The discriminators that have a weight, under the published variable names."""
    result = {}
    if weights.style * weights.texture > 0:
        result['texture'] = PatchDiscriminator('disc_gray', in_channels=1, channels=channels)
    if weights.style * weights.surface > 0:
        result['surface'] = PatchDiscriminator('disc_blur', in_channels=3, channels=channels)
    return result


def ttn_losses(weights: TtnLossConfig, photo: 'tf.Tensor', style: 'tf.Tensor', output: 'tf.Tensor',
               superpixel: 'Optional[tf.Tensor]', discriminators: Dict[str, PatchDiscriminator], features: Features,
               shift: 'tf.Tensor', style_factor: 'tf.Tensor') -> Losses:
    """All terms of the TTN, unweighted and weighted. Terms of weight 0 are not built.

    photo, style, output, superpixel: [N, H, W, 3] BGR in [-1, 1]. features: pictures -> feature maps.
    shift: [3] weights of blue, green, red that sum to 1. style_factor: scalar that multiplies the adversarial terms.
    """
    form = adversarial_loss(weights.adversarial)
    views = {'texture': lambda x: texture(x, shift), 'surface': filters.surface}
    raw_g, scale_g, raw_d, scalars_d = {}, {}, {}, {}
    for name, net in discriminators.items():
        fake, real = net(views[name](output)), net(views[name](style))
        raw_g[name] = form.generator(fake)
        scale_g[name] = weights.style * getattr(weights, name) * style_factor
        raw_d[name] = form.discriminator(real, fake)
        scalars_d['mean_real/' + name] = tf.reduce_mean(real)
        scalars_d['mean_fake/' + name] = tf.reduce_mean(fake)
    if weights.content:
        content = _content_terms(photo, output, superpixel, features)
        raw_g.update(content)
        scale_g.update(dict.fromkeys(content, weights.content))
    if weights.tv:
        raw_g['tv'] = total_variation(output)
        scale_g['tv'] = weights.tv
    if not raw_g:
        raise UserError('all weights of the loss are 0, so there is nothing to train: raise loss.content or loss.style')

    weighted = {name: scale_g[name] * raw_g[name] for name in raw_g}
    loss_g = tf.add_n(list(weighted.values()))
    loss_d = tf.add_n(list(raw_d.values())) if raw_d else None
    scalars_g = dict(weighted, loss=loss_g)
    scalars_g.update({'raw/' + name: value for name, value in raw_g.items()})
    if raw_d:
        scalars_d.update(raw_d, loss=loss_d)
    return Losses(loss_g, loss_d, scalars_g, scalars_d)


def _content_terms(photo: 'tf.Tensor', output: 'tf.Tensor', superpixel: 'Optional[tf.Tensor]', features: Features,
                   ) -> 'Dict[str, tf.Tensor]':
    # Photo and superpixels are targets without a gradient: kept apart from the output, they cost no backward pass.
    output_features = features(output)
    if superpixel is None:
        return {'content': content_loss(tf.stop_gradient(features(photo)), output_features)}
    targets = tf.stop_gradient(features(tf.concat([photo, superpixel], 0)))
    photo_features, superpixel_features = tf.split(targets, 2)
    return {'content': content_loss(photo_features, output_features),
            'content_superpixel': content_loss(superpixel_features, output_features)}


def texture(x: 'tf.Tensor', shift: 'tf.Tensor') -> 'tf.Tensor':
    """The texture of a picture: a grey version under randomly shifted colour weights. [N, H, W, 3] -> [N, H, W, 1]."""
    return tf.reduce_sum(x * shift, axis=3, keepdims=True)


def colour_shift(seed: int, step: 'tf.Tensor') -> 'tf.Tensor':
    """[3] weights of blue, green, red that sum to 1: a pure function of (seed, step), one draw for all pictures."""
    draw = tf.random.stateless_uniform([3], seed=tf.stack([tf.constant(seed, tf.int64), step]))
    low, high = tf.constant(COLOUR_SHIFT_LOW), tf.constant(COLOUR_SHIFT_HIGH)
    weights = low + (high - low) * draw
    return weights / tf.reduce_sum(weights)


def _warmup_factor(warmup: Tuple[Tuple[float, float], ...], step: 'tf.Tensor') -> 'tf.Tensor':
    factors = tf.constant([factor for _, factor in warmup] + [1.0], tf.float32)
    ends = tf.constant([end for end, _ in warmup], tf.float64)
    passed = tf.reduce_sum(tf.cast(tf.cast(step, tf.float64) >= ends, tf.int32))
    return tf.gather(factors, passed)
