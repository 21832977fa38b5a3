"""What a TTN training starts from, and the parts of its start (docs/training.md, "The start"): from scratch, from a
generator alone, or from another training, of which all variables come back as in the published trainer."""
import logging
from dataclasses import replace
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from dctnet.compat import tf
from dctnet.config import TtnConfig
from dctnet.models.ttn_losses import discriminator_scopes
from dctnet.nets import unet
from dctnet.nets.discriminators import EXPRESSION_SCOPE
from dctnet.runs import checkpoint
from dctnet.training.run import Weights

log = logging.getLogger(__name__)

# For a generator that comes alone. Without it the new discriminators say the same of everything, and the content loss
# pulls the generator back to the photographs within 100 steps. A ramp would do the same.
HEAD_START = 100

_MOMENTS = ('/Adam', '/Adam_1')             # of a variable
_POWERS = ('beta1_power', 'beta2_power')    # of a network


class Origin(NamedTuple):
    """Weights that a training starts from.

    name: their file; '' from scratch.
    arrays: by name.
    """
    name: str
    arrays: Dict[str, np.ndarray]


def read_origin(init_from: str) -> Origin:
    """The arrays of a run folder, a checkpoint, an .npz or a .pb; none for ''. Raises UserError as
    `checkpoint.read_arrays`."""
    return Origin(init_from, checkpoint.read_arrays(Path(init_from)) if init_from else {})


def decided(config: TtnConfig, origin: Origin) -> TtnConfig:
    """The config with numbers in the place of 'auto', and without the part of the start that `origin` makes needless.

    From scratch: no steps of D alone, and a ramp as long as what is set for them. A generator without all of the
    discriminators: HEAD_START and no ramp. Another training, whose discriminators come along: neither. start.pixel is
    for scratch only.
    """
    start, scopes = config.start, discriminator_scopes(config.loss).values()
    alone = origin.name and not all(any(name.startswith(scope + '/') for name in origin.arrays) for scope in scopes)
    if origin.name and start.pixel:
        log.info('start.pixel (%d steps) teaches a new generator to keep its input: left out, the one of %s can',
                 start.pixel, origin.name)
    discriminator = (HEAD_START if alone else 0) if start.discriminator == 'auto' else start.discriminator
    ramp = (0 if origin.name else discriminator) if start.ramp == 'auto' else start.ramp
    return replace(config, start=replace(
        start, pixel=0 if origin.name else start.pixel, discriminator=discriminator, ramp=ramp))


def networks_of(origin: Origin) -> Weights:
    """The weights for the networks of the current graph, power-iteration vectors included. The generator must be among
    them; its moving average begins as it."""
    trainable = tf.trainable_variables()
    averages = tf.global_variables(unet.AVERAGE_SCOPE + '/')
    variables = [v for v in tf.global_variables() if v in trainable or v in averages or v.op.name.endswith('/u')]
    begun = {unet.AVERAGE_SCOPE + name[len(unet.SCOPE):]: array for name, array in origin.arrays.items()
             if name.startswith(unet.SCOPE + '/')} if averages else {}
    return Weights(variables, dict(origin.arrays, **begun), origin.name, required=unet.SCOPE)


def moments_of(config: TtnConfig, origin: Origin) -> Dict[str, np.ndarray]:
    """Adam's moments and powers for the networks of the current graph, by the names that engine.updates gives them (the
    published ones): of each network that has all of its own in `origin`. None if start.fresh_optimiser is set."""
    found: Dict[str, np.ndarray] = {}
    for index, (_, variables) in enumerate(_networks(config)):
        names = [variable.op.name + moment for variable in variables for moment in _MOMENTS]
        names += [power + f'_{index}' * bool(index) for power in _POWERS]
        if not config.start.fresh_optimiser and all(name in origin.arrays for name in names):
            found.update({name: origin.arrays[name] for name in names})
    return found


def description(config: TtnConfig, origin: Origin) -> str:
    """One line for the log: what is loaded, and the parts of the start."""
    parts = [f'pixel L1 of G for {config.start.pixel} steps'] * bool(config.start.pixel) + \
        [f'D alone for {config.start.discriminator} steps'] * bool(config.start.discriminator) + \
        [f'the style comes in over {config.start.ramp} steps'] * bool(config.start.ramp)
    text = f"; start: {', then '.join(parts)}" if parts else ''
    if not origin.name:
        return 'training from scratch' + text
    moments = moments_of(config, origin)
    warm = [name for name, variables in _networks(config) if variables[0].op.name + _MOMENTS[0] in moments]
    return (f'starting from {origin.name}: {checkpoint.check_fit(*networks_of(origin)).text()}; Adam of '
            f"{' and '.join(warm) if warm else 'no network'} goes on{text}")


def _networks(config: TtnConfig) -> List[Tuple[str, Sequence[tf.Variable]]]:
    """Names and variables of the networks that are trained, in the order of their phases."""
    discriminators = [v for scope in discriminator_scopes(config.loss).values()
                      for v in tf.trainable_variables(scope + '/')]
    networks = [('the generator', unet.variables()), ('the discriminators', discriminators),
                ('R_exp', tf.trainable_variables(EXPRESSION_SCOPE + '/'))]
    return [(name, variables) for name, variables in networks if variables]
