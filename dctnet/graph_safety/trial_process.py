"""The process of `trial`: reads a graph from its standard input, runs it on small pictures, and says so."""
import json
import sys
from typing import List, Tuple

import numpy as np

from dctnet.compat import session_config, tf

READY, DONE = 'ready', 'done'
TOO_MUCH_MEMORY = 3  # exit code
MEMORY, _CPU_SECONDS = 3 << 30, 60  # more than the process has when TensorFlow is loaded
_SIZES = ((48, 64), (96, 80))  # multiples of 16
_MOST_INPUT = 1 << 26          # numbers of an input of fixed size


def main() -> int:
    """Exit code 0 also if TensorFlow raises an error that the caller will meet, too."""
    inputs, outputs = json.loads(sys.argv[1])
    graph_def = tf.GraphDef()
    graph_def.ParseFromString(sys.stdin.buffer.read())
    _limit()
    _say(READY)
    try:
        for size in _SIZES:
            for output in outputs:
                _run(graph_def, inputs, output, size)
    except (MemoryError, tf.errors.ResourceExhaustedError):
        return TOO_MUCH_MEMORY
    _say(DONE)
    return 0


def _limit() -> None:
    try:
        import resource
        with open('/proc/self/statm', encoding='ascii') as sizes:
            in_use = int(sizes.read().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):  # Windows, macOS: the limit on the clock alone
        return
    usage = resource.getrusage(resource.RUSAGE_SELF)
    for limit, value in ((resource.RLIMIT_AS, in_use + MEMORY),
                         (resource.RLIMIT_CPU, int(usage.ru_utime + usage.ru_stime) + _CPU_SECONDS)):
        highest = resource.getrlimit(limit)[1]
        resource.setrlimit(limit, (value if highest < 0 else min(value, highest), highest))


def _say(word: str) -> None:
    sys.stdout.write(word + '\n')
    sys.stdout.flush()


def _run(graph_def: tf.GraphDef, inputs: List[str], output: str, size: Tuple[int, int]) -> None:
    """Compute one output, and its gradient if it has one, for pictures of this size."""
    with tf.Graph().as_default() as graph:
        try:
            result, = tf.import_graph_def(graph_def, return_elements=[output], name='')
            feeds = {name: _picture(graph.get_tensor_by_name(name), size) for name in inputs}
            fetches = [result]
            if result.dtype.is_floating:
                fetches += [slope for slope in tf.gradients(result, [graph.get_tensor_by_name(name) for name in inputs])
                            if slope is not None]
            config = session_config('cpu', 1)
            config.inter_op_parallelism_threads = 1
            with tf.Session(config=config) as session:
                session.run(fetches, feeds)
        except MemoryError:
            raise
        except tf.errors.ResourceExhaustedError:
            raise
        except (ValueError, TypeError, KeyError, LookupError, tf.errors.OpError):
            return  # raised here, and so to the caller


def _picture(tensor: tf.Tensor, size: Tuple[int, int]) -> np.ndarray:
    """Numbers from 0 to 255 for a tensor of unknown height and width."""
    stated = tensor.shape.as_list() if tensor.shape.ndims is not None else [None] * 4
    guesses = {3: [*size, 3], 4: [1, *size, 3]}.get(len(stated), [2] * len(stated))
    shape = [guess if side is None else side for side, guess in zip(stated, guesses)]
    if np.prod(shape, dtype=np.float64) > _MOST_INPUT:
        raise MemoryError
    return np.random.RandomState(0).uniform(0, 255, shape).astype(tensor.dtype.as_numpy_dtype)


if __name__ == '__main__':
    sys.exit(main())
