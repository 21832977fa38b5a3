"""Contracts between models, which build a StageGraph, and the engine, which trains any StageGraph."""
from typing import Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple, Union

import numpy as np

from dctnet.compat import tf


class Optim(NamedTuple):
    """Adam's parameters. Phases that train the same variables with an equal Optim share its moments.

    lr: a number, or a scalar of the graph if it changes.
    moments: a name of their own keeps the moments of a phase apart.
    """
    lr: Union[float, tf.Tensor]
    beta1: float
    beta2: float
    moments: str = ''


class Phase(NamedTuple):
    """One kind of update: `loss` is minimised over `variables` whenever step % every == 0 and begin <= step < end.

    name: prefix of the scalars.
    loss: scalar.
    scalars: recorded in logging steps; by convention 'NAME' is weighted as in the loss, 'raw/NAME' is not, and
        'seconds/NAME' is a time. Build them from the loss's own tensors; a second read of a variable may return its
        updated value.
    variables: what the phase trains.
    every: steps from one update to the next.
    optim: Adam's parameters.
    update_ops: builds operations that run together with the update (a running mean that the loss needs), and only if
        the update is made.
    begin, end: steps done at which it begins, and at which it has ended; end None for never.
    """
    name: str
    loss: tf.Tensor
    scalars: Dict[str, tf.Tensor]
    variables: List[tf.Variable]
    every: int
    optim: Optim
    update_ops: Callable[[], Sequence[tf.Operation]] = tuple
    begin: int = 0
    end: Optional[int] = None

    def due(self, step: int) -> bool:
        """Whether the phase is updated after `step` steps are done."""
        return step % self.every == 0 and self.begin <= step and (self.end is None or step < self.end)


class Preview(NamedTuple):
    """What sample sheets show: `columns` (name -> float32 [N, H, W, 3] BGR in [-1, 1]) for the fixed inputs `feed`."""
    columns: Dict[str, tf.Tensor]
    feed: Dict[tf.Tensor, np.ndarray]


class Feed(NamedTuple):
    """The data of a stage.

    load: brings the data of the next step. Run together with an update, it leaves that one the data of its own step.
    start: (session, step) -> sets the position; called once, before the first load.
    micro_batches: number of micro-batches of a step; the graph of the stage processes one at a time.
    micro_batch: int32 placeholder, which one; None if there is only one.
    failures: step -> the exception that reading its data raised; its data are of no use.
    """
    load: tf.Operation
    start: Callable[[tf.Session, int], None]
    micro_batches: int = 1
    micro_batch: Optional[tf.Tensor] = None
    failures: Mapping[int, Exception] = {}


class StageGraph(NamedTuple):
    """A training stage as data.

    phases: in the order of their updates.
    preview: what sample sheets show.
    joint: all phases due in a step run at once on the same forward pass, from the same weights; otherwise one after
        the other, and each sees the previous one's update.
    step_ops: builds operations that run once a step, after the updates of the phases (spectral-norm power iteration,
        moving averages).
    memory_advice: for the message when memory runs out: what to lower.
    """
    phases: List[Phase]
    preview: Preview
    joint: bool
    step_ops: Callable[[], Sequence[tf.Operation]] = tuple
    memory_advice: str = ''

    def due(self, step: int) -> List[Tuple[Phase, ...]]:
        """The phases to update after `step` steps are done, grouped by what is updated at once, in their order."""
        phases = [phase for phase in self.phases if phase.due(step)]
        return [tuple(phases)] * bool(phases) if self.joint else [(phase,) for phase in phases]

    def groups(self) -> Set[Tuple[str, ...]]:
        """Names of the phases of every group that is ever due."""
        return {_names(group) for groups in self._every_due() for group in groups}

    def last_groups(self) -> Set[Tuple[str, ...]]:
        """Names of the phases of every group that is ever the last of a step; () for a step in which nothing is due."""
        return {_names(groups[-1]) if groups else () for groups in self._every_due()}

    def _every_due(self) -> Iterator[List[Tuple[Phase, ...]]]:
        """What is due in each of so many steps that no other ones come."""
        cycle = int(np.lcm.reduce([phase.every for phase in self.phases]))
        bounds = {bound for phase in self.phases for bound in (phase.begin, phase.end or 0)} | {0}
        return (self.due(step) for bound in bounds for step in range(bound, bound + cycle))


def _names(phases: Sequence[Phase]) -> Tuple[str, ...]:
    return tuple(phase.name for phase in phases)
