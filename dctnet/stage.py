"""Contracts between models, which build a StageGraph, and the engine, which trains whatever fills one."""
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence

import numpy as np

from dctnet.compat import tf


class Optim(NamedTuple):
    """Adam's numbers. Phases that train the same variables with an equal Optim share its moments."""
    lr: float
    beta1: float
    beta2: float


class Phase(NamedTuple):
    """One kind of update: `loss` is minimised over `variables` whenever step % every == 0.

    scalars: what logging steps record; by convention 'NAME' is weighted as in the loss, 'raw/NAME' is not, and
        'seconds/NAME' is a time. Build them from the loss's own tensors; a second read of a variable may return its
        updated value.
    update_ops: builds operations that run along with the update (a running mean that the loss needs), and only if the
        update is made.
    """
    name: str
    loss: tf.Tensor
    scalars: Dict[str, tf.Tensor]
    variables: List[tf.Variable]
    every: int
    optim: Optim
    update_ops: Callable[[], Sequence[tf.Operation]] = tuple


class Preview(NamedTuple):
    """What sample grids show: `columns` (name -> float [N, H, W, 3] BGR in [-1, 1]) for the fixed inputs `feed`."""
    columns: Dict[str, tf.Tensor]
    feed: Dict[tf.Tensor, np.ndarray]


class Feed(NamedTuple):
    """The data of a stage: `load` brings that of the next step; `start(session, step)` sets the position, once before.

    micro_batches: the stage is built on one micro-batch of a step at a time, of so many.
    micro_batch: which of them, an int32 placeholder; None if there is only one.
    failures: what went wrong while data was read, the first first; TensorFlow passes on the text of it alone.
    """
    load: tf.Operation
    start: Callable[[tf.Session, int], None]
    micro_batches: int = 1
    micro_batch: Optional[tf.Tensor] = None
    failures: Sequence[Exception] = ()


class StageGraph(NamedTuple):
    """A training stage as data.

    joint: all phases due in a step run at once on the same forward pass, from the same weights; otherwise one after
        the other, each seeing the former's update.
    step_ops: run once a step after the phases (spectral-norm power iteration, moving averages).
    memory_advice: what to lower if the memory does not suffice.
    """
    phases: List[Phase]
    preview: Preview
    joint: bool
    step_ops: List[tf.Operation]
    memory_advice: str = ''
