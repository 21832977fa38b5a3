"""The input pipeline alone, from JPEG files of 512 px to batches on the device."""
import os
import tempfile
import time
from pathlib import Path
from typing import Any, Dict

from dctnet.compat import session_config, tf
from dctnet.data.pipeline import DomainSampler, picture_feed
from dctnet.distributed import Local
from tests.bench.feeding import write_pictures

_LEFT_OUT = 4  # batches: what was prefetched while the session began


def time_pipeline(size: int, batch: int, loads: int, geometry: str = 'official', device: str = 'cpu') -> Dict[str, Any]:
    """Pictures a second of each of two domains, as the training takes them, and CPU seconds of a picture.

    size, batch: of the training. loads: batches that are counted. geometry: data.geometry. device: of the session.
    """
    workers = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder, tf.Graph().as_default() as graph:
        pictures = write_pictures(Path(folder))
        samplers = [DomainSampler(paths, domain, size, 0, True, geometry)
                    for domain, paths in enumerate((pictures.photo, pictures.style))]
        feed = picture_feed(samplers, size, batch, workers, {}, Local()).feed
        with tf.Session(graph=graph, config=session_config(device)) as session:
            feed.start(session, 0)
            for _ in range(_LEFT_OUT):
                session.run(feed.load)
            start, cpu_start = time.perf_counter(), time.process_time()
            for _ in range(loads):
                session.run(feed.load)
            seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    return {'pictures_per_second': loads * batch / seconds, 'cpu_seconds_per_picture': cpu_seconds / loads / batch / 2,
            'size': size, 'batch': batch, 'geometry': geometry, 'workers': workers}
