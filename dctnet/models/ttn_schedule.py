"""What changes in the course of a TTN training, as functions of the step: the parts of its start, the factor of the
style, the learning rate, and the moving average of the generator."""
import math
from typing import Dict, List, NamedTuple, Union

from dctnet.compat import tf
from dctnet.config import StartConfig, TtnConfig, TtnOptimConfig
from dctnet.ops.packing import packed, unpacked


class Parts(NamedTuple):
    """Steps done at which the parts of a training begin; the first, pixel L1, begins at 0.

    discriminator: D alone. translation: G and D; the style comes in linearly. full: the style has its whole weight.
    """
    discriminator: int
    translation: int
    full: int


def parts_of(start: StartConfig) -> Parts:
    """The parts of a training whose `start` has been decided: no 'auto' in it."""
    discriminator = start.pixel
    translation = discriminator + int(start.discriminator)
    return Parts(discriminator, translation, translation + int(start.ramp))


def style_factor(parts: Parts, step: tf.Tensor) -> tf.Tensor:
    """What the weights of style and facial are multiplied by, a scalar: from 1 / n in the first of the n steps of the
    ramp to 1 in the last."""
    length = parts.full - parts.translation
    if not length:
        return tf.constant(1.0)
    done = tf.cast(step - parts.translation + 1, tf.float32)
    return tf.clip_by_value(done / float(length), 0.0, 1.0)


def learning_rate(base: float, optim: TtnOptimConfig, steps: int, step: tf.Tensor) -> Union[float, tf.Tensor]:
    """The learning rate at a step: `base`, and over the last part of all `steps` falling to its share `decay_to`."""
    length = optim.decay_share * steps
    if optim.decay == 'off' or not length:
        return base
    # How much of the decay is done. In float64: float32 counts steps exactly only up to 16 million.
    done = tf.clip_by_value((tf.cast(step, tf.float64) - (steps - length)) / length, 0.0, 1.0)
    left = {'linear': 1.0 - done, 'cosine': 0.5 + 0.5 * tf.cos(math.pi * done)}[optim.decay]
    return tf.cast(base * (optim.decay_to + (1.0 - optim.decay_to) * left), tf.float32)


def averaging(config: TtnConfig, parts: Parts, averages: Dict[str, tf.Variable], generator: Dict[str, tf.Variable],
              step: tf.Tensor) -> List[tf.Operation]:
    """Moves each average towards the generator's variable of the same name, after the update of a step.

    The decay grows with the n updates of G, (1 + n) / (10 + n), up to optim.ema_decay: a constant one would keep the
    start for 1 / (1 - decay) steps. Before the first update the average is the generator.
    """
    done = tf.cast(step - parts.translation + 1, tf.float32)
    decay = tf.cond(done > 0, lambda: tf.minimum(config.optim.ema_decay, (1.0 + done) / (10.0 + done)),
                    lambda: tf.constant(0.0))
    names = list(averages)
    average, now = [packed([variables[name] for name in names]) for variables in (averages, generator)]
    moved = unpacked(decay * average + (1.0 - decay) * now, [averages[name] for name in names])
    return [averages[name].assign(value).op for name, value in zip(names, moved)]
