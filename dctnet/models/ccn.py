"""The content calibration network as a StageGraph: StyleGAN2 fine-tuned on exemplars, held to the faces of its source
by an identity loss (paper section 3.1; docs/recipe.md, "CCN"). Without a source: StyleGAN2 from scratch."""
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from dctnet.compat import tf
from dctnet.config import CcnConfig
from dctnet.distributed import Communicator
from dctnet.losses import adversarial_loss, identity_distance, path_lengths, r1_penalty
from dctnet.models import ada
from dctnet.nets import stylegan2
from dctnet.nets.stylegan2 import Architecture, Weights
from dctnet.ops.ada import augmented
from dctnet.ops.random import StatelessRandom
from dctnet.stage import Optim, Phase, Preview, StageGraph

GENERATOR, AVERAGE, DISCRIMINATOR, SOURCE = 'generator', 'generator_ema', 'discriminator', 'source'
_PREVIEWS, _PREVIEW_TRUNCATION, _PREVIEW_MEAN = 6, 0.7, 512
_ADVERSARIAL = adversarial_loss('log')
_MEMORY_ADVICE = 'lower data.batch_size (train.accumulate makes up for it), data.size or model.channel_multiplier'
# First stream of random numbers of each use: a sample takes two of latents, one of mixing, and one of noise per layer.
_STREAMS = {'d': 0, 'g': 100, 'g_path': 200}
_AUGMENT_STREAMS = {'d_real': 300, 'd_fake': 310, 'd_r1': 320, 'g': 330}

Embedding = Callable[[tf.Tensor], tf.Tensor]
# (images, key of _AUGMENT_STREAMS) -> logits [N, 1] of the discriminator, after the augmentation if there is one.
Critic = Callable[[tf.Tensor, str], tf.Tensor]


class Networks(NamedTuple):
    """Weights by name (stylegan2.generator_shapes, discriminator_shapes).

    generator, discriminator: what is trained.
    average: moving average of the generator.
    source: the frozen generator that the target is held to, None without a source.
    """
    generator: Weights
    average: Weights
    discriminator: Weights
    source: Optional[Weights]


class _Sample(NamedTuple):
    picture: tf.Tensor
    w: tf.Tensor
    source_picture: Optional[tf.Tensor]


def architecture_of(config: CcnConfig) -> Architecture:
    """The sizes that a config asks for."""
    model = config.model
    return Architecture(config.data.size, model.channel_multiplier, model.max_channels, model.style_dim,
                        model.mapping_layers)


def create_networks(a: Architecture, with_source: bool) -> Networks:
    """Variables of all networks, zero until weights are loaded. No checkpoint holds the frozen source."""
    def variables(scope: str, shapes: stylegan2.Shapes, trainable: bool, collection: str) -> Weights:
        return {name: tf.get_variable(
            f'{scope}/{name}', shape, tf.float32, tf.zeros_initializer(), collections=[collection],
            trainable=trainable and not name.startswith('noises/')) for name, shape in shapes.items()}

    saved, unsaved = tf.GraphKeys.GLOBAL_VARIABLES, tf.GraphKeys.LOCAL_VARIABLES
    shapes = stylegan2.generator_shapes(a)
    return Networks(variables(GENERATOR, shapes, True, saved), variables(AVERAGE, shapes, False, saved),
                    variables(DISCRIMINATOR, stylegan2.discriminator_shapes(a), True, saved),
                    variables(SOURCE, shapes, False, unsaved) if with_source else None)


def build_ccn(config: CcnConfig, networks: Networks, real: tf.Tensor, step: tf.Tensor,
              embedding: Optional[Embedding], communicator: Communicator,
              micro_batch: Optional[tf.Tensor] = None) -> StageGraph:
    """Build the training graph with its phases d, d_r1, g and g_path.

    config: of the run.
    networks: the variables, of `create_networks`.
    real: float32 [N, size, size, 3] BGR in [-1, 1], the exemplars, or photographs without a source.
    step: int64 scalar, the number of steps done.
    embedding: images [N, size, size, 3] BGR in [-1, 1] -> face embeddings [N, K]; None without a source. The identity
        distance is logged even if its weight is 0.
    communicator: this process among those that train together; each draws its own latents.
    micro_batch: int32 scalar, which one of a step; None if there is only one. Each draws its own latents and computes
        its own minibatch deviation; the last one moves the average of the path lengths.
    """
    loss, batch = config.loss, real.shape.as_list()[0]
    a, draws = architecture_of(config), StatelessRandom(config.train.seed, step, communicator.rank, micro_batch)
    generator = [v for name, v in networks.generator.items() if not name.startswith('noises/')]
    discriminator = list(networks.discriminator.values())

    def sample(stream: str, count: int, with_source: bool = False) -> _Sample:
        source = networks.source if with_source else None
        return _sampled(networks.generator, source, a, draws, _STREAMS[stream], count, loss.mixing)

    p = ada.probability(config.augment) if config.augment.mode != 'off' else None

    def critic(pictures: tf.Tensor, use: str) -> tf.Tensor:
        seen = pictures if p is None else augmented(pictures, p, draws, _AUGMENT_STREAMS[use])
        return stylegan2.discriminate(networks.discriminator, seen)

    optim_d, optim_g = lazy_optim(config, loss.r1, loss.r1_every), lazy_optim(config, loss.path, loss.path_every)
    on_real, on_fake = critic(real, 'd_real'), critic(tf.stop_gradient(sample('d', batch).picture), 'd_fake')
    phases = [_discriminator_phase(on_real, on_fake, discriminator, optim_d)]
    adapt: Callable[[], List[tf.Operation]] = list
    if p is not None:
        phases[0], adapt = ada.adapting(config.augment, p, phases[0], on_real, communicator, config.train.accumulate)
    if loss.r1:
        phases.append(_r1_phase(critic, real, discriminator, loss.r1, loss.r1_every, optim_d))
    phases.append(_generator_phase(critic, sample('g', batch, embedding is not None), embedding, loss.identity,
                                   generator, optim_g))
    if loss.path:
        noise = draws.normal(_STREAMS['g_path'] + 99, [max(batch // 2, 1), a.size, a.size, 3])
        phases.append(_path_phase(sample('g_path', max(batch // 2, 1)), noise, generator, config, optim_g,
                                  communicator))

    decay = config.optim.ema_decay

    def step_ops() -> List[tf.Operation]:
        return adapt() + [average.assign(decay * average + (1.0 - decay) * networks.generator[name]).op
                          for name, average in networks.average.items()]

    return StageGraph(phases, _preview(networks, a, config.train.seed), joint=False, step_ops=step_ops,
                      memory_advice=_MEMORY_ADVICE)


def lazy_optim(config: CcnConfig, weight: float, every: int) -> Optim:
    """Adam for a network that is regularised every k steps: lr · r and beta^r with r = k / (k + 1)."""
    ratio = every / (every + 1.0) if weight else 1.0
    return Optim(config.optim.lr * ratio, config.optim.beta1 ** ratio, config.optim.beta2 ** ratio)


def _sampled(generator: Weights, source: Optional[Weights], a: Architecture, draws: StatelessRandom, stream: int,
             count: int, mixing: float) -> _Sample:
    """New images of the generator; those of the source come from the same latents, the same noise and mixing."""
    latents = [draws.normal(stream + i, [count, a.style_dim]) for i in (0, 1)]
    noise = [draws.normal(stream + 10 + i, [count, h, w, 1]) for i, (h, w) in enumerate(a.noise_shapes)]
    chance, place = tf.unstack(draws.uniform(stream + 2, [2]))
    layer = 1 + tf.cast(place * (a.layers - 1), tf.int32)  # 1 ... layers - 1
    crossover = tf.where(chance < mixing, layer, a.layers)

    def picture(weights: Weights) -> Tuple[tf.Tensor, tf.Tensor]:
        w = stylegan2.per_layer(stylegan2.mapping(weights, latents[0]), a.layers,
                                stylegan2.mapping(weights, latents[1]), crossover)
        return stylegan2.synthesis(weights, w, noise), w

    made, w = picture(generator)
    return _Sample(made, w, picture(source)[0] if source is not None else None)


def _discriminator_phase(on_real: tf.Tensor, on_fake: tf.Tensor, variables: List[tf.Variable],
                         optim: Optim) -> Phase:
    loss = _ADVERSARIAL.discriminator(on_real, on_fake)
    scalars = {'loss': loss, 'mean_real': tf.reduce_mean(on_real), 'mean_fake': tf.reduce_mean(on_fake)}
    return Phase('d', loss, scalars, variables, 1, optim)


def _r1_phase(critic: Critic, real: tf.Tensor, variables: List[tf.Variable], weight: float, every: int,
              optim: Optim) -> Phase:
    logits = critic(real, 'd_r1')
    penalty = r1_penalty(logits, real)
    # The last biases do not show in the penalty: the zero term gives them a gradient of zero instead of none.
    loss = weight / 2 * every * penalty + 0.0 * tf.reduce_mean(logits)
    return Phase('d_r1', loss, {'loss': loss, 'raw/r1': penalty}, variables, every, optim)


def _generator_phase(critic: Critic, sample: _Sample, embedding: Optional[Embedding], weight: float,
                     variables: List[tf.Variable], optim: Optim) -> Phase:
    adversarial = _ADVERSARIAL.generator(critic(sample.picture, 'g'))
    scalars = {'adversarial': adversarial}
    loss = adversarial
    if embedding is not None:
        distance = identity_distance(embedding(sample.picture), tf.stop_gradient(embedding(sample.source_picture)))
        # Without a weight the distance is for the log alone: no gradient is built, ordinary steps do not compute it.
        scalars['raw/identity'] = distance
        if weight:
            scalars['identity'] = weight * distance
            loss = adversarial + weight * distance
    return Phase('g', loss, dict(scalars, loss=loss), variables, 1, optim)


def _path_phase(sample: _Sample, noise: tf.Tensor, variables: List[tf.Variable], config: CcnConfig,
                optim: Optim, communicator: Communicator) -> Phase:
    weights, side = config.loss, sample.picture.shape.as_list()[1]
    average = tf.get_variable('path_length_average', [], tf.float32, tf.zeros_initializer(), trainable=False)
    lengths = path_lengths(sample.picture, sample.w, noise / side)
    before = average.read_value()
    target = before + weights.path_decay * (tf.reduce_mean(lengths) - before)
    penalty = tf.reduce_mean(tf.square(lengths - target))
    loss = weights.path * weights.path_every * penalty + 0.0 * tf.reduce_mean(sample.picture)
    scalars = {'loss': loss, 'raw/path': penalty, 'path_length': tf.reduce_mean(lengths)}
    # A process compares its lengths with the average that they give; the mean of these averages is kept by all.
    after, = communicator.mean([target])
    return Phase('g_path', loss, scalars, variables, weights.path_every, optim,
                 lambda: [average.assign(after).op])


def _preview(networks: Networks, a: Architecture, seed: int) -> Preview:
    """The same latents through source and target, with each generator's own fixed noise, truncated."""
    rng = np.random.RandomState(seed)
    z = tf.constant(rng.standard_normal((_PREVIEW_MEAN, a.style_dim)), tf.float32)

    def picture(weights: Weights) -> tf.Tensor:
        w = stylegan2.mapping(weights, z)
        w = stylegan2.truncated(w[:_PREVIEWS], tf.reduce_mean(w, 0, keepdims=True), _PREVIEW_TRUNCATION)
        return stylegan2.synthesis(weights, stylegan2.per_layer(w, a.layers), stylegan2.fixed_noise(weights))

    columns: Dict[str, tf.Tensor] = {'source': picture(networks.source)} if networks.source else {}
    columns['average'] = picture(networks.average)
    return Preview(columns, {})
