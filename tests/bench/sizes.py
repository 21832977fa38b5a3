"""The joint training step over batches and sizes: pictures a second and peak memory, each in a process of its own."""
import sys
from typing import Any, Dict, List

import numpy as np

from tests.bench.worker import Worker

SIZES = ((64, 16), (128, 8), (256, 1), (256, 2), (256, 4), (256, 8), (512, 1))  # px, pictures a step
_WARMUP, _COUNTED = 2, 3


def time_sizes() -> List[Dict[str, Any]]:
    """A row of each: size, batch, seconds a step (median), pictures a second, peak memory in MB."""
    rows = []
    for size, batch in SIZES:
        worker = Worker(sys.executable, 'joint', size, batch)
        try:
            steps = [worker.step() for _ in range(_WARMUP + _COUNTED)]
        finally:
            worker.close()
        seconds = float(np.median([step['seconds'] for step in steps[_WARMUP:]]))
        rows.append({'size': size, 'batch': batch, 'seconds_per_step': seconds, 'images_per_second': batch / seconds,
                     'peak_memory_mb': round(steps[-1]['peak_memory_mb'])})
    return rows
