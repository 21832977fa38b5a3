"""From phases to update operations: Adam, the mean over micro-batches and processes, loss scaling for float16."""
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from dctnet.compat import gradients, tf
from dctnet.distributed import Communicator
from dctnet.stage import Phase, StageGraph

LOSS_SCALE_SCOPE = 'loss_scale'  # of its variables, which are saved


class ScaledUpdate(NamedTuple):
    """apply: the update and the next scale. scalars: the scale that was used, and whether the update was skipped."""
    apply: tf.Operation
    scalars: Dict[str, tf.Tensor]


class LossScale:
    """The loss scale of one phase, which keeps small gradients from vanishing in float16 (Micikevicius et al. 2018).

    TensorFlow's own rule: it starts at 2^15 and doubles after 2000 updates. If a gradient is not finite, it is halved
    (down to 1), and the update is skipped.
    """

    def __init__(self, phase_name: str) -> None:
        with tf.name_scope(f'{LOSS_SCALE_SCOPE}/{phase_name}/'):
            self._scale = tf.train.experimental.DynamicLossScale()
            self._value = tf.identity(self._scale())  # one read: what scales also unscales

    def scaled(self, loss: tf.Tensor) -> tf.Tensor:
        """The loss times the scale, to take gradients of."""
        return loss * self._value

    def update(self, gradients: Sequence[tf.Tensor],
               apply: Callable[[List[tf.Tensor]], tf.Operation]) -> ScaledUpdate:
        """The update with gradients of the scaled loss, and the next scale.

        gradients: of the scaled loss, the same in all processes that train together.
        apply: builds the update from unscaled gradients. It runs only if all of them are finite, so whatever it
            assigns must be built in it.
        """
        unscaled = [gradient / self._value for gradient in gradients]
        next_scale, finite = self._scale.update(list(gradients))
        update = tf.cond(finite, lambda: apply(unscaled), tf.no_op)
        return ScaledUpdate(tf.group(update, next_scale),
                            {'loss_scale': self._value, 'skipped': 1.0 - tf.cast(finite, tf.float32)})


class Accumulated(NamedTuple):
    """Gradients of several micro-batches of a step: the update of a large batch in the memory of a small one.

    add: adds a micro-batch's gradients to the sums; for all but the last. mean: with the last one, the mean over all.
    clear: zeroes the sums; runs with the last micro-batch, after `mean`.
    """
    add: tf.Operation
    mean: List[tf.Tensor]
    clear: tf.Operation


def accumulated(phase: Phase, gradients: Sequence[tf.Tensor], micro_batches: int) -> Accumulated:
    """Sums of a phase's gradients over micro_batches, in variables as large as the weights. No checkpoint holds them:
    between steps they are zero."""
    sums = [tf.get_variable(f'accumulated/{phase.name}/{variable.op.name}', variable.shape, tf.float32,
                            tf.zeros_initializer(), trainable=False, collections=[tf.GraphKeys.LOCAL_VARIABLES])
            for variable in phase.variables]
    add = tf.group(*[total.assign_add(gradient) for total, gradient in zip(sums, gradients)])
    mean = [(total.read_value() + gradient) / float(micro_batches) for total, gradient in zip(sums, gradients)]
    with tf.control_dependencies(mean):
        clear = tf.group(*[total.assign(tf.zeros(total.shape)) for total in sums])
    return Accumulated(add, mean, clear)


class Update(NamedTuple):
    """What a step runs for a phase. accumulate: with each micro-batch but the last (None if there is only one).
    apply: with the last. scalars: of `apply`, to record besides the phase's own."""
    accumulate: Optional[tf.Operation]
    apply: tf.Operation
    scalars: Dict[str, tf.Tensor]


Updates = Dict[str, Update]  # by the name of the phase


def build_updates(stage: StageGraph, communicator: Communicator, micro_batches: int = 1,
                  loss_scaling: bool = False) -> Dict[Tuple[str, ...], Updates]:
    """Names of the phases that are updated at once -> their updates by Adam, with the mean of the gradients over all
    micro-batches and processes. Every update of a group waits for the gradients of the whole group, so that all of
    them belong to the same weights.

    stage: the phases.
    communicator: this process among those that train together.
    micro_batches: of a step.
    loss_scaling: give each phase a LossScale; an update and its update_ops are skipped if a gradient is not finite.
    Raises ValueError if a loss does not depend on some variables of its phase, naming them.
    """
    scales = {phase.name: LossScale(phase.name) for phase in stage.phases if loss_scaling}
    sums: Dict[str, Accumulated] = {}
    means: Dict[str, List[tf.Tensor]] = {}
    optimisers: dict = {}
    for phase in stage.phases:
        found = _gradients(phase, scales.get(phase.name))
        if micro_batches > 1:
            sums[phase.name] = accumulated(phase, found, micro_batches)
            found = sums[phase.name].mean
        means[phase.name] = communicator.mean(found)
        optimisers.setdefault(_moments_of(phase), tf.train.AdamOptimizer(*phase.optim[:3]))

    def update(phase: Phase, group: Sequence[str]) -> Update:
        def apply(of_phase: List[tf.Tensor]) -> tf.Operation:
            with tf.name_scope(None):  # the optimiser's own variables have the same names within a condition
                applied = optimisers[_moments_of(phase)].apply_gradients(zip(of_phase, phase.variables),
                                                                         name='update_' + phase.name)
            return tf.group(applied, *phase.update_ops())

        with tf.control_dependencies([gradient for name in group for gradient in means[name]]):
            if loss_scaling:
                applied, scalars = scales[phase.name].update(means[phase.name], apply)
            else:
                applied, scalars = apply(means[phase.name]), {}
        own = sums.get(phase.name)
        return Update(own.add if own else None, tf.group(applied, own.clear) if own else applied, scalars)

    # The widest groups first, and phases in their order: the names of Adam's variables depend on it.
    order = [phase.name for phase in stage.phases]
    groups = sorted(stage.groups(), key=lambda group: (-len(group), order.index(group[0])))
    return {group: {phase.name: update(phase, group) for phase in stage.phases if phase.name in group}
            for group in groups}


def _moments_of(phase: Phase) -> Tuple[Any, ...]:
    """What phases that share Adam's moments have in common."""
    return (phase.optim, tuple(variable.op.name for variable in phase.variables))


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
