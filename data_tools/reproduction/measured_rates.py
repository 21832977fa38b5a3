"""Rates of trainings, measured on this machine in a few steps of each kind, on drawn pictures and random weights."""
import logging
from dataclasses import replace
from typing import Dict, Sequence

import numpy as np

from dctnet.compat import gpu_available, session_config, tf
from dctnet.config import CcnConfig, StageConfig, TtnConfig
from dctnet.diagnosis.step import drawn_pictures, median_step, seconds_a_step
from dctnet.distributed import Local
from dctnet.models import ccn
from dctnet.nets import stylegan2
from dctnet.nets.content_network import content_network
from dctnet.nets.pretrained import identity_network
from dctnet.ops.convolution_gradients import cpu_convolution_gradients

from .cost import SIDE, Rates, kind_of
from .tasks import Task

log = logging.getLogger(__name__)

_CPU_BATCH = 2  # some seconds a step
_STEPS = {True: (5, 20), False: (1, 2)}  # on a GPU or not: for warming up, and timed


def measured(tasks: Sequence[Task], rates: Rates) -> Rates:
    """The rates with those of the trainings among these tasks measured; others stay.

    On a CPU steps of two pictures are timed, on a GPU whole ones. Raises UserError if the memory does not do.
    """
    on_card, found = gpu_available(), {}  # type: bool, Dict[str, float]
    for task in tasks:
        kind = kind_of(task)
        if task.config is None or kind in found:
            continue
        batch = task.config.data.batch_size if on_card else min(_CPU_BATCH, task.config.data.batch_size)
        config = replace(task.config, data=replace(task.config.data, batch_size=batch))
        seconds = _seconds(config, *_STEPS[on_card])
        found[kind] = batch / seconds * (config.data.size / SIDE) ** 2
        log.info('%s: %.3g s a step of %d pictures of %d px', kind, seconds, batch, config.data.size)
    where = 'this machine' + ('' if on_card else ' without a card')
    return replace(rates, machine=f'{where} (trainings measured, the rest as of {rates.machine})', **found)


def _seconds(config: StageConfig, warmup: int, steps: int) -> float:
    if isinstance(config, TtnConfig):
        return seconds_a_step(config, content_network('random', config.data.size), warmup, steps)
    assert isinstance(config, CcnConfig)
    return _calibration_seconds(config, warmup, steps)


def _calibration_seconds(config: CcnConfig, warmup: int, steps: int) -> float:
    """The median time of a step of the CCN: without the phases that come every 16 steps, and of the frequent ones."""
    architecture, device = ccn.architecture_of(config), config.train.device
    pictures = drawn_pictures(np.random.RandomState(0), config.data.batch_size, config.data.size)
    with tf.Graph().as_default(), cpu_convolution_gradients(device):
        networks = ccn.create_networks(architecture, with_source=bool(config.source))
        real = tf.get_variable('real', initializer=pictures, trainable=False)
        embedding = identity_network('dlib').embed if config.source else None
        stage = ccn.build_ccn(config, networks, tf.identity(real), tf.train.get_or_create_global_step(), embedding,
                              Local())

        def load(session: tf.Session) -> None:
            for weights, shapes in ((networks.generator, stylegan2.generator_shapes(architecture)),
                                    (networks.discriminator, stylegan2.discriminator_shapes(architecture))):
                for name, array in stylegan2.starting_weights(shapes, seed=0).items():
                    weights[name].load(array, session)
        return median_step(stage, session_config(device, training=True), warmup, steps, load)
