"""Images of several callers computed together, which is what a GPU is best at, without the callers knowing of it."""
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Callable, Deque, List, NamedTuple

import numpy as np

_AT_ONCE = 2  # batches: one is put together on the host while the device computes another


class _Call(NamedTuple):
    image: np.ndarray
    answer: Future


class SharedBatches:
    """Called by any number of threads. Whatever waits when the device gets free becomes a batch, as far as it has one
    size: no call waits for others to come. Batches hold 1, 2, 4, 8 ... images, since a GPU takes time to get ready for
    every number that it has not met.

    compute: images of one size, [H, W, 3] each -> an answer for each.
    at_once: how many images of so many pixels one batch may hold.
    """

    def __init__(self, compute: Callable[[List[np.ndarray]], List[np.ndarray]], at_once: Callable[[int], int]) -> None:
        self._compute, self._at_once = compute, at_once
        self._waiting: Deque[_Call] = deque()
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(_AT_ONCE)

    def __call__(self, images: List[np.ndarray]) -> List[np.ndarray]:
        """The answers, in order. Raises what `compute` raises on one of the images alone."""
        calls = [_Call(image, Future()) for image in images]
        with self._lock:
            self._waiting.extend(calls)
        for _ in calls:
            self._threads.submit(self._answer_next)  # nothing is left to do if another batch took the image along
        return [call.answer.result() for call in calls]

    def close(self) -> None:
        """End the threads; the object cannot be called any more."""
        self._threads.shutdown()

    def _answer_next(self) -> None:
        batch = self._take_batch()
        if batch:
            self._answer(batch)

    def _take_batch(self) -> List[_Call]:
        """Those of one size that have waited longest."""
        with self._lock:
            if not self._waiting:
                return []
            shape = self._waiting[0].image.shape
            waiting = sum(call.image.shape == shape for call in self._waiting)
            count = power_of_two(min(waiting, self._at_once(shape[0] * shape[1])))
            batch: List[_Call] = []
            rest: Deque[_Call] = deque()
            for call in self._waiting:
                fits = call.image.shape == shape and len(batch) < count
                (batch if fits else rest).append(call)
            self._waiting = rest
        return batch

    def _answer(self, batch: List[_Call]) -> None:
        try:
            answers = self._compute([call.image for call in batch])
        except Exception as error:
            if len(batch) == 1:
                batch[0].answer.set_exception(error)
            else:  # too much for the memory, perhaps; and none may fail for another
                for call in batch:
                    self._answer([call])
            return
        for call, answer in zip(batch, answers):
            call.answer.set_result(answer)


def power_of_two(most: int) -> int:
    """The largest of 1, 2, 4, 8 ... up to `most`."""
    return 1 << (most.bit_length() - 1)
