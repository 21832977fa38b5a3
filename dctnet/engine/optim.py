"""From phases to update operations."""
from typing import Dict, List, NamedTuple, Optional

from dctnet.communicator import Local
from dctnet.compat import gradients, tf
from dctnet.engine.accumulation import Accumulated, accumulated
from dctnet.engine.loss_scale import LossScale
from dctnet.stage import Phase, StageGraph


class Update(NamedTuple):
    """What a step runs of a phase. accumulate: with each micro-batch but the last (None where there is only one).
    apply: with the last. scalars: what else to record of `apply`."""
    accumulate: Optional[tf.Operation]
    apply: tf.Operation
    scalars: Dict[str, tf.Tensor]


def build_updates(stage: StageGraph, communicator: Local = Local(), micro_batches: int = 1,
                  loss_scaling: bool = False) -> Dict[str, Update]:
    """Adam's update of each phase, by the phase's name, with the mean of all micro-batches' and processes' gradients.

    In a joint stage every update waits for the gradients of all phases, so all of them belong to the same weights.
    loss_scaling: leave an update and its companions out where a gradient is not finite; each phase has a scale of its
    own. Raises ValueError that names the variables which a phase's loss does not reach.
    """
    scales = {phase.name: LossScale(phase.name) for phase in stage.phases if loss_scaling}
    sums: Dict[str, Accumulated] = {}
    means = {}
    for phase in stage.phases:
        found = _gradients(phase, scales.get(phase.name))
        if micro_batches > 1:
            sums[phase.name] = accumulated(phase, found, micro_batches)
            found = sums[phase.name].mean
        means[phase.name] = communicator.mean(found)
    if stage.joint and any(phase.every != 1 for phase in stage.phases):
        raise ValueError('in a joint stage every phase is due at every step')
    updates: dict = {}
    optimisers: dict = {}
    for phase in stage.phases:
        key = (phase.optim, tuple(variable.op.name for variable in phase.variables))
        optimiser = optimisers.setdefault(key, tf.train.AdamOptimizer(*phase.optim))

        def apply(of_phase: List[tf.Tensor], phase: Phase = phase, optimiser: tf.train.Optimizer = optimiser,
                  ) -> tf.Operation:
            with tf.name_scope(None):  # the optimiser's own variables have the same names within a condition
                update = optimiser.apply_gradients(zip(of_phase, phase.variables), name='update_' + phase.name)
            return tf.group(update, *phase.companions())

        awaited = [g for name in means if stage.joint or name == phase.name for g in means[name]]
        with tf.control_dependencies(awaited):
            if loss_scaling:
                applied, scalars = scales[phase.name].update(means[phase.name], apply)
            else:
                applied, scalars = apply(means[phase.name]), {}
        own = sums.get(phase.name)
        updates[phase.name] = Update(own.add if own else None, tf.group(applied, own.clear) if own else applied,
                                     scalars)
    return updates


def all_finite(variables: List[tf.Variable]) -> tf.Tensor:
    """Boolean scalar: no floating-point variable holds a NaN or an infinity."""
    return tf.reduce_all(tf.stack([tf.reduce_all(tf.is_finite(variable)) for variable in variables
                                   if variable.dtype.base_dtype.is_floating]))


def _gradients(phase: Phase, scale: Optional[LossScale]) -> List[tf.Tensor]:
    found = gradients(scale.scaled(phase.loss) if scale else phase.loss, phase.variables)
    missing = [variable.op.name for variable, gradient in zip(phase.variables, found) if gradient is None]
    if missing:
        raise ValueError(f"phase {phase.name}: the loss does not depend on {', '.join(missing)}")
    return found
