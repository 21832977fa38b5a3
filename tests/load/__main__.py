"""Translate portraits with many threads: python -m tests.load --count 200 --threads 8. Exit code 1 if a result is not
bit by bit what one thread alone gives, or if the process grows (docs/reliability.md)."""
import argparse
import gc
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, List

import numpy as np
from skimage import data

from dctnet import compat, process
from dctnet.inference.stylizer import Stylizer
from tests.inference.tiny_graphs import write_model

_DIFFERENT = 25  # portraits, translated again and again
_PARTS = 4  # of the work: the memory is measured after each
_GROWTH = 64  # MB that the last half of the work may add to what the first half took
Translate = Callable[[np.ndarray], np.ndarray]


def portraits(count: int) -> List[np.ndarray]:
    """A face at other places and in other light, uint8 [400, 512, 3] BGR each."""
    face = np.ascontiguousarray(data.astronaut()[:400, :, ::-1]).astype(int)
    draw = np.random.RandomState(0)
    return [np.clip(np.roll(face, -draw.randint(0, 60), axis=1) + draw.randint(-20, 20), 0, 255).astype(np.uint8)
            for _ in range(count)]


def memory() -> int:
    """What the process holds, in MB."""
    return int(Path('/proc/self/statm').read_text().split()[1]) * 4096 >> 20


def differing(translate: Translate, pictures: List[np.ndarray], expected: List[np.ndarray], threads: int) -> int:
    """How many pictures come out otherwise than expected if so many threads translate them."""
    with ThreadPoolExecutor(threads) as pool:
        return sum(not np.array_equal(one, other) for one, other in zip(expected, pool.map(translate, pictures)))


def load(model: Path, count: int, threads: int) -> int:
    """Translate and print what came of it; the exit code."""
    with Stylizer(model, device='cpu') as stylizer:
        different = portraits(min(_DIFFERENT, count))
        expected = [stylizer(picture) for picture in different]
        wrong, held = 0, []
        for part in np.array_split(np.arange(count) % len(different), _PARTS):
            wrong += differing(stylizer, [different[i] for i in part], [expected[i] for i in part], threads)
            gc.collect()
            held.append(memory())
    print(f'{count} portraits, {threads} threads: {wrong} not as by one alone; memory {held} MB after each quarter')
    return int(wrong > 0 or held[-1] - held[_PARTS // 2 - 1] > _GROWTH)


def main() -> int:
    parser = argparse.ArgumentParser(prog='python -m tests.load', description=__doc__)
    parser.add_argument('--count', type=int, default=200, help='portraits, default: %(default)s')
    parser.add_argument('--threads', type=int, default=8, help='default: %(default)s')
    parser.add_argument('--model', type=Path, help='a model folder; default: tiny graphs made for it')
    options = parser.parse_args()
    process.prepare()
    compat.graph_mode()
    with tempfile.TemporaryDirectory() as folder:
        return load(options.model or write_model(Path(folder)), options.count, options.threads)


if __name__ == '__main__':
    sys.exit(main())
