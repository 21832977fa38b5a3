"""Interleaved timing: round robin over what is compared, so that a change of the machine's load meets all of it."""
import time
from typing import Callable, Dict, List, NamedTuple

import numpy as np


class Laps(NamedTuple):
    """Of every counted round: seconds by the clock, and seconds of CPU that this process spent in all its threads."""
    seconds: List[float]
    cpu_seconds: List[float]


def interleaved(steps: Dict[str, Callable[[], object]], rounds: int, warmup: int) -> Dict[str, Laps]:
    """Time `rounds` rounds of all steps in turn, after `warmup` rounds that are dropped."""
    laps = {name: Laps([], []) for name in steps}
    for index in range(warmup + rounds):
        for name, step in steps.items():
            start, cpu_start = time.perf_counter(), time.process_time()
            step()
            if index >= warmup:
                laps[name].seconds.append(time.perf_counter() - start)
                laps[name].cpu_seconds.append(time.process_time() - cpu_start)
    return laps


def speedup(slow: List[float], fast: List[float]) -> float:
    """How many times faster `fast` is: the median of the ratios within each round."""
    return float(np.median(np.array(slow) / np.array(fast)))
