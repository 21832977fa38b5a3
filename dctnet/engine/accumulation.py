"""Gradients of several micro-batches of a step, averaged: the update of a large batch in the memory of a small one."""
from typing import List, NamedTuple, Sequence

from dctnet.compat import tf
from dctnet.stage import Phase


class Accumulated(NamedTuple):
    """add: for all but the last micro-batch, keep its gradients. mean: with the last one, the mean over all. clear:
    runs with the last one, after `mean`, and begins anew."""
    add: tf.Operation
    mean: List[tf.Tensor]
    clear: tf.Operation


def accumulated(phase: Phase, gradients: Sequence[tf.Tensor], micro_batches: int) -> Accumulated:
    """Sums of a phase's gradients, in variables of their own, as large as the weights. They belong to no checkpoint:
    between steps they are zero."""
    sums = [tf.get_variable(f'accumulated/{phase.name}/{variable.op.name}', variable.shape, tf.float32,
                            tf.zeros_initializer(), trainable=False, collections=[tf.GraphKeys.LOCAL_VARIABLES])
            for variable in phase.variables]
    add = tf.group(*[total.assign_add(gradient) for total, gradient in zip(sums, gradients)])
    mean = [(total.read_value() + gradient) / float(micro_batches) for total, gradient in zip(sums, gradients)]
    with tf.control_dependencies(mean):
        clear = tf.group(*[total.assign(tf.zeros(total.shape)) for total in sums])
    return Accumulated(add, mean, clear)
