"""The content calibration: its phases one by one, sampling, and the offline geometry expansion."""
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Dict

import numpy as np

from data_tools.augment_geometry import augment_all
from dctnet import images
from dctnet.compat import session_config, tf
from dctnet.config import CcnConfig, CcnModelConfig, DataConfig
from dctnet.data import geometry
from dctnet.distributed import Local
from dctnet.engine.updates import build_updates
from dctnet.face.installed_models import DESCRIPTOR, installed_model
from dctnet.models import ccn
from dctnet.models.sampling import FaceSampler, Sampling
from dctnet.nets import dlib_descriptor, stylegan2
from dctnet.nets.dlib_file import read_descriptor_weights
from dctnet.nets.pretrained import dlib_embedding
from tests.bench.batch import training_batch
from tests.bench.timing import interleaved

PHASES = ('d', 'd_r1', 'g', 'g_path')


class CalibrationStep:
    """The phases of `train.py ccn` (identity by dlib's network) as functions, on a batch that stays in variables."""

    def __init__(self, size: int, count: int, model: CcnModelConfig = CcnModelConfig(), device: str = 'cpu') -> None:
        config = CcnConfig(data=DataConfig(size=size, batch_size=count), model=model)
        architecture = ccn.architecture_of(config)
        weights = read_descriptor_weights(installed_model(DESCRIPTOR))
        with tf.Graph().as_default() as graph:
            networks = ccn.create_networks(architecture, with_source=True)
            real = tf.get_variable('real', initializer=training_batch(size, count).style, trainable=False)
            stage = ccn.build_ccn(config, networks, tf.identity(real), tf.train.get_or_create_global_step(),
                                  dlib_embedding(dlib_descriptor.freeze_graph(weights)), Local())
            self.every = {phase.name: phase.every for phase in stage.phases}
            self._updates = {name: update.apply for group in build_updates(stage, Local()).values()
                             for name, update in group.items()}
            self._averaging = tf.group(*stage.step_ops())
            self._session = tf.Session(graph=graph, config=session_config(device, training=True))
            self._session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
            generator = stylegan2.generator_shapes(architecture)
            discriminator = stylegan2.discriminator_shapes(architecture)
            for variables, shapes in ((networks.generator, generator), (networks.source, generator),
                                      (networks.discriminator, discriminator)):
                for name, array in stylegan2.starting_weights(shapes, seed=0).items():
                    variables[name].load(array, self._session)

    def run(self, phase: str) -> None:
        """One update of a phase; 'averaging' is the moving average of the generator."""
        self._session.run(self._averaging if phase == 'averaging' else self._updates[phase])

    def step(self) -> None:
        """One step with every phase, the largest of the training."""
        for name in PHASES + ('averaging',):
            self.run(name)

    def close(self) -> None:
        """Free the memory of the session."""
        self._session.close()


def time_calibration(size: int, count: int, rounds: int, warmup: int) -> Dict[str, Any]:
    """Seconds of every phase, of a step averaged over the intervals, and what regularisation adds to it."""
    step = CalibrationStep(size, count)
    names = PHASES + ('averaging',)
    laps = interleaved({name: _bound(step.run, name) for name in names}, rounds, warmup)
    step.close()
    seconds = {name: float(np.median(lap.seconds)) for name, lap in laps.items()}
    plain = seconds['d'] + seconds['g'] + seconds['averaging']
    r1, path = [seconds[name] / step.every[name] for name in ('d_r1', 'g_path')]
    return {'size': size, 'batch': count, 'seconds': seconds, 'step_plain': plain, 'step_with_r1': plain + r1,
            'step_with_path': plain + path, 'step': plain + r1 + path, 'images_per_second': count / (plain + r1 + path),
            'path_over_step': (plain + r1 + path) / (plain + r1)}


def time_sampling(size: int, batch: int, rounds: int, warmup: int, device: str = 'cpu') -> Dict[str, float]:
    """Pictures a second of data_tools.generate_style_faces, with and without the twins of the source."""
    architecture = stylegan2.Architecture(size)
    target, source = [stylegan2.starting_weights(stylegan2.generator_shapes(architecture), seed) for seed in (0, 1)]
    samplers = {name: FaceSampler(architecture, target, source, Sampling(mean_samples=64), twins, device)
                for name, twins in (('alone', False), ('pairs', True))}
    laps = interleaved({name: (lambda sampler=sampler: sampler(range(batch))) for name, sampler in samplers.items()},
                       rounds, warmup)
    return dict({name: batch / float(np.median(lap.seconds)) for name, lap in laps.items()}, size=size, batch=batch)


def time_geometry(rounds: int, workers: int) -> Dict[str, float]:
    """data_tools.augment_geometry on pictures of 256 px, as many at a time as there are workers: pictures written a
    second, and the time that the same threads take to read and write the same files alone, as a share."""
    picture = images.to_uint8(training_batch(256, 1).photo[0])
    whole, codec, written = [], [], 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = [folder / 'in' / f'{index}.png' for index in range(2 * workers)]
        for path in sources:
            images.write_bgr(path, picture)
        variants = [[geometry.transformed(picture, transform)
                     for _, transform in geometry.expanded(np.random.RandomState(index))]
                    for index, _ in enumerate(sources)]

        def files_alone(index: int) -> None:
            images.read_bgr(sources[index])
            for number, variant in enumerate(variants[index]):
                images.write_bgr(folder / 'codec' / str(seed) / f'{index}-{number}.png', variant)

        for seed in range(rounds):
            start = time.perf_counter()
            written += augment_all(sources, folder / str(seed), seed, workers)[0]
            whole.append(time.perf_counter() - start)
            start = time.perf_counter()
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(files_alone, range(len(sources))))
            codec.append(time.perf_counter() - start)
    return {'workers': workers, 'images_per_second': written / rounds / float(np.median(whole)),
            'codec_share': float(np.median(np.array(codec) / whole))}


def _bound(function: Callable[[str], None], name: str) -> Callable[[], None]:
    return lambda: function(name)
