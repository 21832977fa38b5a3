"""Calls of several threads in shared batches: sizes, limits, order, failures."""
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from dctnet.errors import UserError
from dctnet.inference.shared_batches import SharedBatches


class Device:
    """255 - x, once it is `open`; notes the levels of each batch, and refuses more than `most` images or level 13."""

    def __init__(self, most=100):
        self.batches, self.most, self.open, self.begun = [], most, threading.Event(), threading.Semaphore(0)
        self.open.set()

    def __call__(self, images):
        self.begun.release()
        assert self.open.wait(30)
        assert len({image.shape for image in images}) == 1
        levels = [int(image[0, 0, 0]) for image in images]
        if 13 in levels or len(images) > self.most:
            raise UserError(f'no memory for {levels}')
        self.batches.append(levels)
        time.sleep(0.002)
        return [255 - image for image in images]


def image(level, side=4):
    return np.full((side, side, 3), level, np.uint8)


def levels_of(answers):
    return [int(answer[0, 0, 0]) for answer in answers]


def keep_busy(pool, device, calls):
    """Give the device all that it takes at once: images of levels 1 and 2, until it is open."""
    for level in (1, 2):
        pool.submit(calls, [image(level)])
        assert device.begun.acquire(timeout=30)


@pytest.fixture()
def shared():
    device = Device()
    calls = SharedBatches(device, lambda pixels: 64 // pixels)  # four images of 4 x 4
    yield device, calls
    device.open.set()
    calls.close()


def test_what_waits_is_computed_together_by_size_in_powers_of_two_up_to_the_limit(shared):
    device, calls = shared
    device.open.clear()
    with ThreadPoolExecutor(3) as pool:
        keep_busy(pool, device, calls)
        many = pool.submit(calls, [image(level, 8 if level == 4 else 4) for level in range(3, 11)])
        device.open.set()
        answers = many.result(30)
    assert levels_of(answers) == [252, 251, 250, 249, 248, 247, 246, 245]
    assert [len(answer) for answer in answers] == [4, 8, 4, 4, 4, 4, 4, 4]
    assert sorted(device.batches) == [[1], [2], [3, 5, 6, 7], [4], [8, 9], [10]]


def test_threads_share_batches_and_get_their_own_answers(shared):
    device, calls = shared
    starts = range(14, 200, 3)

    def three(start):
        return levels_of(calls([image(start), image(start + 1, 2), image(start + 2)]))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(three, starts)) == [[255 - start, 254 - start, 253 - start] for start in starts]
    assert any(batch[0] // 3 != batch[-1] // 3 and abs(batch[0] - batch[-1]) > 2 for batch in device.batches)
    assert calls([]) == []


def test_an_image_that_fails_fails_alone(shared):
    device, calls = shared
    device.open.clear()
    with ThreadPoolExecutor(3) as pool:
        keep_busy(pool, device, calls)
        failing = pool.submit(calls, [image(3), image(13), image(4)])
        device.open.set()
        with pytest.raises(UserError, match=r'no memory for \[13\]'):
            failing.result(30)
    assert sorted(device.batches) == [[1], [2], [3], [4]]  # 3 and 13 were a batch


def test_a_batch_that_is_too_much_is_computed_one_by_one():
    device = Device(most=1)
    calls = SharedBatches(device, lambda pixels: 4)
    assert levels_of(calls([image(level) for level in range(1, 5)])) == [254, 253, 252, 251]
    calls.close()
    with pytest.raises(RuntimeError):
        calls([image(1)])
