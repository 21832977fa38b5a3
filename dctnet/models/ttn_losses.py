"""The terms of the texture translation network and what each of its networks minimises (paper section 3.3;
docs/recipe.md, "TTN")."""
from dataclasses import replace
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence

from dctnet.compat import tf
from dctnet.config import TtnLossConfig
from dctnet.errors import UserError
from dctnet.losses import adversarial_loss, content_loss, facial_loss, total_variation
from dctnet.nets.discriminators import ExpressionRegressor, PatchDiscriminator
from dctnet.ops import filters
from dctnet.ops.random import StatelessRandom

Features = Callable[[tf.Tensor], tf.Tensor]

# Ranges of the random colour shift, blue, green, red: around the usual weights of luma (docs/recipe.md, "TTN").
COLOUR_SHIFT_LOW = (0.014, 0.487, 0.199)
COLOUR_SHIFT_HIGH = (0.214, 0.687, 0.399)


class TtnBatch(NamedTuple):
    """Training images, and what goes with the photographs if a loss asks for it; all float32.

    photo, style: [N, size, size, 3] BGR in [-1, 1].
    superpixel: the photographs' SLIC regions, of the same shape and range.
    openness: of left eye, right eye and mouth, height / width [N, 3]; NaN if unknown.
    photo_features, superpixel_features: the content network's features [N, h, w, c] of the photographs and of their
        superpixels, if they have been computed before.
    """
    photo: tf.Tensor
    style: tf.Tensor
    superpixel: Optional[tf.Tensor] = None
    openness: Optional[tf.Tensor] = None
    photo_features: Optional[tf.Tensor] = None
    superpixel_features: Optional[tf.Tensor] = None


class Objective(NamedTuple):
    """A scalar to minimise, and what to log of it."""
    loss: tf.Tensor
    scalars: Dict[str, tf.Tensor]


class Losses(NamedTuple):
    """What each phase minimises; None for networks that no weighted term needs."""
    generator: Objective
    discriminator: Optional[Objective]
    expression: Optional[Objective]


def at_size(weights: TtnLossConfig, size: int) -> TtnLossConfig:
    """The weights of the losses for images of `size` pixels (loss.reference_size)."""
    factor = (size / weights.reference_size) ** 2 if weights.reference_size else 1.0
    return replace(weights, content=weights.content * factor, tv=weights.tv * factor)


def discriminator_scopes(weights: TtnLossConfig) -> Dict[str, str]:
    """'texture' and 'surface' -> scope of the variables, as published; none whose weight is 0."""
    return {name: scope for name, scope in (('texture', 'disc_gray'), ('surface', 'disc_blur'))
            if weights.style * getattr(weights, name) > 0}


def build_discriminators(weights: TtnLossConfig, channels: int) -> Dict[str, PatchDiscriminator]:
    """The discriminators of `discriminator_scopes`, by name. Texture sees grey pictures."""
    return {name: PatchDiscriminator(scope, {'texture': 1, 'surface': 3}[name], channels)
            for name, scope in discriminator_scopes(weights).items()}


def ttn_losses(weights: TtnLossConfig, batch: TtnBatch, output: tf.Tensor,
               discriminators: Dict[str, PatchDiscriminator], expression: Optional[ExpressionRegressor],
               features: Features, shift: tf.Tensor, ramp: tf.Tensor) -> Losses:
    """All terms of the TTN, unweighted and weighted. Terms of weight 0 are not built.

    weights: of the terms.
    batch: the training images and what goes with them; its openness is normalised by ExpressionRegressor.
    output: the translated photographs, float32 [N, H, W, 3] BGR, about [-1, 1].
    discriminators: of `build_discriminators`.
    expression: R_exp; None if the weight of the facial loss is 0.
    features: the content network, images [N, H, W, 3] BGR in [-1, 1] -> feature maps [N, h, w, c].
    shift: [3] weights of blue, green, red that sum to 1, of `colour_shift`.
    ramp: scalar that multiplies the adversarial and facial terms.
    Raises UserError if all weights are 0.

    Facial perception (docs/recipe.md, "TTN"): R_exp is trained to predict the photograph's openness from the output,
    and G to make that possible. Both minimise the same distance, each over its own variables, so R_exp learns as from
    detached outputs. As they work together, any visible trace of the openness would do, not only an open eye. R_exp
    therefore also learns from the photographs themselves (our addition), in which only eyes and mouths show it. If
    R_exp cannot see the openness, it predicts the mean, and G is pulled in no direction.
    """
    form = adversarial_loss(weights.adversarial)
    views = {'texture': lambda x: texture(x, shift), 'surface': filters.surface}
    raw_g, scale_g, raw_d, scalars_d = {}, {}, {}, {}
    pictures = tf.concat([batch.style, output], axis=0)
    for name, net in discriminators.items():
        # Both in one pass: a GPU spends more time on beginning an operation than on one of such small pictures.
        marks = [weights.gain * net(views[name](both)) for both in _halved(pictures, weights.scales)]
        marks = [tf.split(both, 2) for both in marks]  # of the style, of the output
        raw_g[name] = _mean([form.generator(fake) for _, fake in marks])
        scale_g[name] = weights.style * getattr(weights, name) * ramp
        raw_d[name] = _mean([form.discriminator(real, fake) for real, fake in marks])
        for kind, of_kind in zip(('real', 'fake'), zip(*marks)):
            scalars_d[f'mean_{kind}/{name}'] = _mean([tf.reduce_mean(mark) for mark in of_kind])
    if weights.content:
        content = content_terms(batch, output, features, late_superpixels=weights.superpixel_backend == 'graph')
        raw_g.update(content)
        scale_g.update(dict.fromkeys(content, weights.content))
    if weights.tv:
        raw_g['tv'] = total_variation(output)
        scale_g['tv'] = weights.tv
    if expression:
        raw_g['facial'] = facial_loss(expression(output), batch.openness)
        scale_g['facial'] = weights.facial * ramp
    if not raw_g:
        raise UserError('all weights of the loss are 0, so there is nothing to train: raise loss.content or loss.style')

    weighted = {name: scale_g[name] * raw_g[name] for name in raw_g}
    loss_g = _sum(weighted)
    generator = Objective(loss_g, dict(weighted, loss=loss_g, **{'raw/' + name: raw_g[name] for name in raw_g}))
    discriminator = regressor = None
    if raw_d:
        loss_d = _sum(raw_d)
        discriminator = Objective(loss_d, dict(scalars_d, loss=loss_d, **raw_d))
    if expression:
        on_photo = facial_loss(expression(batch.photo), batch.openness)
        regressor = Objective(raw_g['facial'] + on_photo, {'output': raw_g['facial'], 'photo': on_photo,
                                                           'loss': raw_g['facial'] + on_photo})
    return Losses(generator, discriminator, regressor)


def _halved(picture: tf.Tensor, scales: int) -> List[tf.Tensor]:
    """The picture at so many sizes: itself, half of it ..."""
    pictures = [picture]
    for _ in range(scales - 1):
        pictures.append(tf.nn.avg_pool(pictures[-1], [1, 2, 2, 1], [1, 2, 2, 1], 'VALID'))
    return pictures


def _mean(values: Sequence[tf.Tensor]) -> tf.Tensor:
    return values[0] if len(values) == 1 else tf.reduce_mean(tf.stack(list(values)))


def _sum(terms: Dict[str, tf.Tensor]) -> tf.Tensor:
    # In the order of the terms; tf.add_n adds in the order of free buffers (see compat.gradients).
    return tf.reduce_sum(tf.stack(list(terms.values())))


def content_terms(batch: TtnBatch, output: tf.Tensor, features: Features, late_superpixels: bool = False,
                  ) -> Dict[str, tf.Tensor]:
    """Raw content losses of the output against the photographs and, if the batch has them, their superpixels.

    late_superpixels: the rest need not wait for them, for a GPU that computes while the host works on them.
    """
    # Photo and superpixels are targets without a gradient: kept apart from the output, they cost no backward pass. One
    # after the other, the output last, so that its activations for the backward pass do not add to their memory.
    done: List[tf.Tensor] = []

    def in_turn(picture: tf.Tensor) -> tf.Tensor:
        with tf.control_dependencies(done):
            picture = tf.identity(picture)
        done[:] = [features(picture)]
        return done[0]

    def target(picture: Optional[tf.Tensor], known: Optional[tf.Tensor]) -> Optional[tf.Tensor]:
        return known if known is not None or picture is None else tf.stop_gradient(in_turn(picture))

    targets = {'content': target(batch.photo, batch.photo_features)}
    if late_superpixels:
        output_features = in_turn(output)
    targets['content_superpixel'] = target(batch.superpixel, batch.superpixel_features)
    if not late_superpixels:
        output_features = in_turn(output)
    return {name: content_loss(found, output_features) for name, found in targets.items() if found is not None}


def texture(x: tf.Tensor, shift: tf.Tensor) -> tf.Tensor:
    """The texture of an image: a grey version under randomly shifted colour weights. [N, H, W, 3] -> [N, H, W, 1]."""
    return tf.reduce_sum(x * shift, axis=3, keepdims=True)


def colour_shift(seed: int, step: tf.Tensor) -> tf.Tensor:
    """[3] weights of blue, green, red that sum to 1: a pure function of (seed, step), one draw for all images."""
    draw = StatelessRandom(seed, step).uniform(0, [3])
    low, high = tf.constant(COLOUR_SHIFT_LOW), tf.constant(COLOUR_SHIFT_HIGH)
    weights = low + (high - low) * draw
    return weights / tf.reduce_sum(weights)
