"""From phases to update operations."""
from typing import Dict, List

from dctnet.communicator import Local
from dctnet.compat import gradients, tf
from dctnet.stage import Phase, StageGraph


def build_updates(stage: StageGraph, communicator: Local = Local()) -> 'Dict[str, tf.Operation]':
    """Adam's update of each phase, by the phase's name, with the mean of all processes' gradients.

    In a joint stage every update waits for the gradients of all phases, so all of them belong to the same weights.
    Raises ValueError that names the variables which a phase's loss does not reach.
    """
    by_phase = {phase.name: communicator.mean(_gradients(phase)) for phase in stage.phases}
    if stage.joint and any(phase.every != 1 for phase in stage.phases):
        raise ValueError('in a joint stage every phase is due at every step')
    updates, optimisers = {}, {}  # type: dict, dict
    for phase in stage.phases:
        key = (phase.optim, tuple(variable.op.name for variable in phase.variables))
        optimiser = optimisers.setdefault(key, tf.train.AdamOptimizer(*phase.optim))
        awaited = [g for name in by_phase if stage.joint or name == phase.name for g in by_phase[name]]
        with tf.control_dependencies(awaited):
            update = optimiser.apply_gradients(zip(by_phase[phase.name], phase.variables),
                                               name='update_' + phase.name)
        updates[phase.name] = tf.group(update, *phase.companions)
    return updates


def all_finite(variables: 'List[tf.Variable]') -> 'tf.Tensor':
    """Boolean scalar: no floating-point variable holds a NaN or an infinity."""
    return tf.reduce_all(tf.stack([tf.reduce_all(tf.is_finite(variable)) for variable in variables
                                   if variable.dtype.base_dtype.is_floating]))


def _gradients(phase: Phase) -> 'List[tf.Tensor]':
    found = gradients(phase.loss, phase.variables)
    missing = [variable.op.name for variable, gradient in zip(phase.variables, found) if gradient is None]
    if missing:
        raise ValueError('phase {}: the loss does not depend on {}'.format(phase.name, ', '.join(missing)))
    return found
