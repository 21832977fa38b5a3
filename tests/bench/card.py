"""What a card does: the training step under every option, its input, content calibration and inference, in minutes.

Each row is measured in this process, one after the other: the median of some steps after a few that are dropped, in
which TensorFlow chooses algorithms. What takes longest to begin, XLA, comes last; rows that the time does not suffice
for are left out. A row that fails tells why, and the others go on.
"""
import gc
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Tuple

import numpy as np

from dctnet import frozen
from dctnet.compat import peak_gpu_memory, session_config, tf
from dctnet.config import CcnModelConfig
from dctnet.errors import UserError
from dctnet.exporters import model_folder
from dctnet.inference.picture_files import PARTS
from tests.bench.baseline import BaselineTrainer
from tests.bench.batch import training_batch
from tests.bench.calibration import CalibrationStep
from tests.bench.feeding import FedTrainer, write_pictures
from tests.bench.folder import time_folder
from tests.bench.ours import OurTrainer
from tests.bench.parts import MatrixProduct, operations_of_run
from tests.bench.pipeline import time_pipeline
from tests.bench.portrait import random_generator, time_portrait

Row = Dict[str, Any]
WAYS: Dict[str, Dict[str, Any]] = {
    'joint, superpixels off': {'superpixel': 'off'},
    'the same, float16': {'superpixel': 'off', 'precision': 'float16'},
    'joint, superpixels of the output, cpu': {},
    'joint, superpixels of the output, graph': {'backend': 'graph'},
    'the same, float16, graph': {'backend': 'graph', 'precision': 'float16'},
    'sequential, superpixels of the output, cpu': {'schedule': 'sequential'}}
COMPILED: Dict[str, Dict[str, Any]] = {
    'joint, superpixels off, XLA': {'superpixel': 'off', 'xla': True},
    'the same, XLA, float16': {'superpixel': 'off', 'xla': True, 'precision': 'float16'}}


class Card(NamedTuple):
    """What is measured, and how much of it.

    content_network: frozen graph image:0 -> features:0.
    device: of the sessions, 'gpu' or 'cpu'.
    size, batch, channels: of the translator's training. batches: other sizes of a batch.
    steps, warmup: that are counted, and dropped before them.
    calibration: pictures a step of the content calibration, and its networks.
    pictures: height and width of what the translator is given. heads: how many of `size` px at once.
    loads: batches of the pipeline alone.
    matrix_side: of the product that convolutions are compared with.
    seconds: after which no further row begins.
    """
    content_network: tf.GraphDef
    device: str = 'gpu'
    size: int = 256
    batch: int = 16
    channels: int = 32
    batches: Tuple[int, ...] = (4, 8, 32, 64)
    steps: int = 8
    warmup: int = 3
    calibration: Tuple[int, CcnModelConfig] = (8, CcnModelConfig())
    pictures: Tuple[Tuple[int, int], ...] = ((288, 288), (720, 960), (1088, 1920))
    heads: Tuple[int, ...] = (1, 8, 32)
    folder: Tuple[int, int] = (64, 720)
    loads: int = 60
    matrix_side: int = 8192
    seconds: float = 200.0


def measured(card: Card) -> Iterator[Row]:
    """A row of each: part, name, took (seconds with all of its preparation), and either what was measured, or
    `impossible` or `left_out`."""
    start = time.perf_counter()
    for part, name, measure in _plan(card):
        begun = time.perf_counter()
        row: Row = {'part': part, 'name': name}
        if begun - start > card.seconds:
            yield dict(row, left_out=True, took=0.0)
            continue
        try:
            row.update(measure())
        except (UserError, tf.errors.OpError) as error:
            row['impossible'] = ' '.join(str(getattr(error, 'message', error)).split())[:200]
        gc.collect()  # the session's memory
        memory = peak_gpu_memory()
        row.update({} if memory is None else {'peak_memory_mb': round(memory / 2 ** 20)})
        yield dict(row, took=round(time.perf_counter() - begun, 1))


def _plan(card: Card) -> Iterator[Tuple[str, str, Callable[[], Row]]]:
    """part, name, what measures it; the most important first."""
    for kind in (tf.float32, tf.float16):
        yield 'matrix product', kind.name, lambda: _matrix_product(card, kind)
    for name, options in WAYS.items():
        yield f'step, batch {card.batch}', name, lambda: _step(card, card.batch, options)
    for count in card.batches:
        for name in ('joint, superpixels off', 'the same, float16'):
            yield f'step, batch {count}', name, lambda: _step(card, count, WAYS[name])
    yield f'step, batch {card.batch}', 'from files, superpixels off', lambda: _from_files(card)
    for geometry in ('official', 'off'):
        yield 'input pipeline', f'geometry {geometry}', lambda: _pipeline(card, geometry)
    for height, width in card.pictures:
        yield 'translator', f'{height} × {width} px', lambda: _translator(card, 1, height, width)
    for count in card.heads:
        yield 'translator', f'{count} heads of {card.size} px', lambda: _translator(card, count, card.size, card.size)
    yield 'inference', f'a portrait of {card.folder[1]} px, one after the other', lambda: _portrait(card)
    folder: Row = {}
    yield 'inference', f'a folder of {card.folder[0]} portraits', lambda: _folder(card, folder)
    for part in PARTS:
        yield 'inference', f'{part} of that folder, by itself', lambda: _folder_part(folder, part)
    calibration: List[CalibrationStep] = []
    for phase in ('d', 'd_r1', 'g', 'g_path', 'averaging'):
        yield f'content calibration, batch {card.calibration[0]}', phase, lambda: _phase(card, calibration, phase)
    for trainer in calibration:
        trainer.close()
    yield f'step, batch {card.batch}', 'published schedule', lambda: _published(card)
    for name, options in COMPILED.items():
        yield f'step, batch {card.batch}', name, lambda: _step(card, card.batch, options)


def _matrix_product(card: Card, kind: tf.DType) -> Row:
    with MatrixProduct(session_config(card.device), card.matrix_side, kind) as product:
        return {'tflops': product.rate() / 1e12}


def _step(card: Card, count: int, options: Dict[str, Any]) -> Row:
    options = dict({'schedule': 'joint'}, **options)
    trainer = OurTrainer(training_batch(card.size, count), card.content_network, card.channels, device=card.device,
                         **options)
    work = operations_of_run(trainer.updates)
    laps = trainer.seconds(card.warmup + card.steps)
    trainer.close()
    seconds = float(np.median(laps[card.warmup:]))
    return dict(_rate(seconds, count), tflops=work / seconds / 1e12, first_step_seconds=round(laps[0], 1),
                precision=options.get('precision', 'float32'))


def _published(card: Card) -> Row:
    trainer = BaselineTrainer(training_batch(card.size, card.batch), card.content_network, card.channels, card.device)
    seconds = _median(trainer.step, 2, 1)
    trainer.close()
    return _rate(seconds, card.batch)


def _from_files(card: Card) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        trainer = FedTrainer('off', write_pictures(Path(folder)), Path(folder) / 'cache', card.content_network,
                             card.channels, card.size, card.batch, card.device)
        trainer.step()
        laps = [trainer.step() for _ in range(card.steps)]
        trainer.close()
    seconds = float(np.median([lap[0] for lap in laps]))
    return dict(_rate(seconds, card.batch), waiting=float(np.median([lap[1] / lap[0] for lap in laps])))


def _pipeline(card: Card, geometry: str) -> Row:
    found = time_pipeline(card.size, card.batch, card.loads, geometry, card.device)
    return dict(_rate(card.batch / found['pictures_per_second'], card.batch),
                cpu_seconds_per_picture=found['cpu_seconds_per_picture'])


def _translator(card: Card, count: int, height: int, width: int) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        model_folder.write_model_folder(random_generator(card.channels), 'random weights', Path(folder), {})
        translate = frozen.FrozenGraph(Path(folder) / 'cartoon_bg.pb', [frozen.BATCH_INPUT], [frozen.BATCH_OUTPUT],
                                       card.device)
    pictures = np.full((count, height, width, 3), 127, np.float32)
    seconds = _median(lambda: translate(pictures), card.steps, card.warmup)
    translate.close()
    return _rate(seconds, count)


def _portrait(card: Card) -> Row:
    found = time_portrait(card.channels, card.steps, card.device, card.folder[1])
    return _rate(found['total'], 1)


def _folder(card: Card, found: Row) -> Row:
    """As infer.py does it; fills `found`."""
    found.update(time_folder(card.channels, *card.folder, device=card.device))
    return _rate(1 / found['pictures_per_second'], 1)


def _folder_part(found: Row, part: str) -> Row:
    if part not in found.get('parts', {}):
        raise UserError('the folder was not measured')
    return _rate(1 / found['parts'][part], 1)


def _phase(card: Card, calibration: List[CalibrationStep], phase: str) -> Row:
    count, model = card.calibration
    if not calibration:  # built with the first phase
        calibration.append(CalibrationStep(card.size, count, model, card.device))
    return _rate(_median(lambda: calibration[0].run(phase), 3, 1), count)


def _median(run: Callable[[], object], steps: int, warmup: int) -> float:
    seconds = []
    for _ in range(warmup + steps):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds[warmup:]))


def _rate(seconds: float, count: int) -> Row:
    return {'seconds': seconds, 'pictures_per_second': count / seconds}
