"""Features of a folder as FID takes them: pictures a second, and the peak memory for more and more pictures.

python -m tests.bench.streaming COUNT: one folder in this process alone, as a line of JSON. Features of dlib's network,
which is installed.
"""
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict

from dctnet.metrics import features
from tests.bench.faces import write_portraits
from tests.bench.worker import own_peak_memory

_ROOT = Path(__file__).resolve().parent.parent.parent
_SIDE = 256


def time_streaming(count: int) -> Dict[str, Any]:
    """`count` and four times `count` pictures of 256 px, each in a process of its own: pictures a second, the network
    ready and the first batch left out, and peak memory in MB, which should be the same."""
    return {'few': measure_in_a_process(count), 'many': measure_in_a_process(4 * count)}


def measure_in_a_process(count: int) -> Dict[str, Any]:
    """`measure` in a process of its own."""
    output = subprocess.run([sys.executable, '-m', 'tests.bench.streaming', str(count)], cwd=str(_ROOT), check=True,
                            stdout=subprocess.PIPE).stdout.decode()
    return json.loads(output.splitlines()[-1])


def measure(count: int) -> Dict[str, Any]:
    """One folder, in this process."""
    from dctnet.nets.pretrained import embedding_session, feature_network
    network = feature_network('dlib')
    graph = embedding_session(network, 'cpu')
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / 'pictures'
        write_portraits(folder, count, _SIDE)
        hashes = features.file_hashes(sorted(folder.iterdir()))
        next(features.batches_of_features(list(hashes), graph, network.side))
        start = time.perf_counter()
        found = features.folder_features(hashes, graph, network.side, 'bench', Path(name) / 'cache')
        seconds = time.perf_counter() - start
    graph.close()
    return {'pictures': found.gaussian.count, 'pictures_per_second': count / seconds,
            'peak_memory_mb': round(own_peak_memory())}


if __name__ == '__main__':
    print(json.dumps(measure(int(sys.argv[1]))), flush=True)
