"""The training step under train.xla and train.precision, each in a process of its own, in turns with float32."""
import sys
from typing import Any, Dict

import numpy as np

from dctnet.config import TrainConfig
from dctnet.distributed import Local
from dctnet.errors import UserError
from dctnet.training.precision import check_precision
from tests.bench.timing import interleaved, speedup
from tests.bench.variants import OPTIONS
from tests.bench.worker import Worker


def time_options(size: int, count: int, rounds: int, warmup: int) -> Dict[str, Any]:
    """Option -> seconds a step, times as fast as float32 and peak memory; or why it is not possible here.

    The first rounds, in which XLA compiles, belong into the warm-up.
    """
    found: Dict[str, Any] = {}
    workers: Dict = {'joint': Worker(sys.executable, 'joint', size, count)}
    for name, settings in OPTIONS.items():
        try:
            check_precision(TrainConfig(device='cpu', **settings), Local())
            workers[name] = Worker(sys.executable, name, size, count)
        except UserError as error:
            found[name] = {'impossible': str(error)}
    try:
        laps = interleaved({name: worker.step for name, worker in workers.items()}, rounds, warmup)
        memory = {name: worker.step()['peak_memory_mb'] for name, worker in workers.items()}
    finally:
        for worker in workers.values():
            worker.close()
    for name, lap in laps.items():
        found[name] = {'seconds_per_step': float(np.median(lap.seconds)), 'seconds': lap.seconds,
                       'times_float32': speedup(laps['joint'].seconds, lap.seconds),
                       'peak_memory_mb': round(memory[name])}
    return found
