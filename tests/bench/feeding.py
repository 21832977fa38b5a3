"""Training from picture files by the graph of `train.py ttn`: what the input pipeline gives alone, and what a step
takes under each way to superpixels."""
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np

from dctnet import images
from dctnet.compat import session_config, tf
from dctnet.config import StartConfig, TtnConfig, TtnDataConfig, TtnLossConfig, TtnModelConfig, TtnTrainConfig
from dctnet.data.folders import Folders
from dctnet.distributed import Local
from dctnet.engine.trainer import Hook, Loop
from dctnet.training.ttn import build_training
from tests.bench.batch import training_batch
from tests.bench.timing import speedup

# loss.superpixel, loss.superpixel_backend, data.cache
WAYS = {'off': ('off', 'cpu', False), 'photo': ('photo', 'cpu', False), 'output': ('output', 'cpu', False),
        'output, in the graph': ('output', 'graph', False), 'off, cache': ('off', 'cpu', True),
        'photo, cache': ('photo', 'cpu', True), 'output, cache': ('output', 'cpu', True)}
PICTURES = 6
_STEPS = 2  # counted, of one round; one before them is dropped, which waits for the pipeline to begin
_LOADS = 30


def time_feeding(content_network: tf.GraphDef, channels: int, size: int, batch: int, rounds: int, warmup: int,
                 ) -> Dict[str, Any]:
    """Of each way: seconds a step and the share of it that waits for data (medians), and times as long as `off`; of the
    pipelines of `off` and `photo` alone: pictures a second of each domain, and times the rate of the training."""
    with tempfile.TemporaryDirectory() as folder:
        pictures = write_pictures(Path(folder))
        trainers = {way: FedTrainer(way, pictures, Path(folder) / 'cache', content_network, channels, size, batch)
                    for way in WAYS}
        for way in [way for way, (_, _, cache) in WAYS.items() if cache]:
            trainers[way].fill_cache()
        steps: Dict[str, List[float]] = {way: [] for way in WAYS}
        waits: Dict[str, List[float]] = {way: [] for way in WAYS}
        for index in range(warmup + rounds):
            for way, trainer in trainers.items():
                seconds, waiting = trainer.step()
                if index >= warmup:
                    steps[way].append(seconds)
                    waits[way].append(waiting / seconds)
        rates = {way: trainers[way].pictures_alone() for way in ('off', 'photo')}
        for trainer in trainers.values():
            trainer.close()
    return dict(summary(steps, waits, rates, batch), size=size, batch=batch)


def summary(steps: Dict[str, List[float]], waits: Dict[str, List[float]], rates: Dict[str, float],
            batch: int) -> Dict[str, Any]:
    """`ways` and `input` of `time_feeding`.

    steps, waits: of each way, seconds of each step, and the share of it that waits for data.
    rates: of pipelines alone, pictures of each domain a second.
    batch: pictures of each domain in a step.
    """
    ways = {way: {'seconds_per_step': float(np.median(steps[way])), 'waiting': float(np.median(waits[way])),
                  'times_off': speedup(steps[way], steps['off'])} for way in steps}
    return {'ways': ways, 'input': {way: {
        'pictures_per_second': rate, 'times_the_training': rate * ways[way]['seconds_per_step'] / batch}
        for way, rate in rates.items()}}


def write_pictures(folder: Path) -> Folders:
    """JPEG files of 512 px."""
    batch, listed = training_batch(512, PICTURES), []
    for name, pictures in batch._asdict().items():
        paths = [folder / name / f'{i}.jpg' for i in range(len(pictures))]
        for path, picture in zip(paths, pictures):
            images.write_bgr(path, images.to_uint8(picture))
        listed.append(paths)
    return Folders(*listed, generated=[])


class FedTrainer:
    """A training that reads its pictures. WAYS says how it comes to superpixels."""

    def __init__(self, way: str, pictures: Folders, cache: Path, content_network: tf.GraphDef, channels: int,
                 size: int, batch: int, device: str = 'cpu') -> None:
        superpixel, backend, cached = WAYS[way]
        config = TtnConfig(
            data=TtnDataConfig(size=size, batch_size=batch, cache=str(cache) if cached else ''),
            model=TtnModelConfig(channels), train=TtnTrainConfig(schedule='joint', device=device),
            start=StartConfig(discriminator=0, ramp=0),
            loss=TtnLossConfig(content_network='random', superpixel=superpixel, superpixel_backend=backend))
        self._batch = batch
        with tf.Graph().as_default() as graph:
            stage, self._feed = build_training(config, pictures, content_network, Local())
            self._loop = Loop(stage, self._feed, tf.train.get_or_create_global_step(), 0,
                              Local())
            self._session = tf.Session(graph=graph, config=session_config(device, training=True))
            self._session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])

    def fill_cache(self) -> None:
        """Take batches until no more files come."""
        self._feed.start(self._session, 0)
        for _ in range(12 * PICTURES // self._batch + 1):  # 24 of each file, half of them mirrored
            self._session.run(self._feed.load)

    def step(self) -> Tuple[float, float]:
        """Mean seconds of a step, and of those that wait for data."""
        laps = _Laps()
        self._loop.steps += 1 + _STEPS
        self._loop.run(self._session, [laps])
        return float(np.mean(laps.steps[1:])), float(np.mean(laps.waits[1:]))

    def pictures_alone(self) -> float:
        """Pictures of each domain a second that the pipeline gives while nothing trains."""
        self._feed.start(self._session, 0)
        self._session.run(self._feed.load)
        start = time.perf_counter()
        for _ in range(_LOADS):
            self._session.run(self._feed.load)
        return _LOADS * self._batch / (time.perf_counter() - start)

    def close(self) -> None:
        """Free the memory of the session."""
        self._session.close()


class _Laps(Hook):
    """Records the times of each step."""

    def __init__(self) -> None:
        self.steps: List[float] = []
        self.waits: List[float] = []

    def after_step(self, loop: Loop) -> None:
        """Record."""
        self.steps.append(loop.step_seconds)
        self.waits.append(loop.data_seconds)
