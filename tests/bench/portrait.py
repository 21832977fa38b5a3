"""Inference: a whole portrait of 720 px short side with one face, read, translated and written, part by part."""
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable, Dict, List
from unittest import mock

import numpy as np

from dctnet import images
from dctnet.compat import session_config, tf
from dctnet.errors import UserError
from dctnet.exporters import model_folder
from dctnet.face.detector import FaceDetector
from dctnet.frozen import FrozenGraph
from dctnet.inference.stylizer import Stylizer
from dctnet.nets import unet
from tests.bench import batch

SHORT_SIDE = 720


def time_portrait(channels: int, rounds: int, device: str = 'cpu', short_side: int = SHORT_SIDE) -> Dict[str, Any]:
    """Median seconds of `rounds` portraits after a first one: total, inside the graphs, detection, reading, writing,
    the rest (alignment, warps, fusion), and the share outside the two graphs. The weights are random."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        model_folder.write_model_folder(random_generator(channels), 'random weights', folder / 'model', {})
        images.write_bgr(folder / 'portrait.jpg', batch.portrait(short_side))
        stylizer = Stylizer(folder / 'model', device=device)
        stack.callback(stylizer.close)
        clock = {'graphs': 0.0, 'detection': 0.0}
        for owner, method, part in ((FrozenGraph, '__call__', 'graphs'), (FaceDetector, 'detect', 'detection')):
            timed = _timed(getattr(owner, method), clock, part)
            stack.enter_context(mock.patch.object(owner, method, timed))
        laps = [_one(stylizer, folder, clock) for _ in range(rounds + 1)][1:]
    result = {part: float(np.median([lap[part] for lap in laps])) for part in laps[0]}
    result['outside_share'] = float(np.median([1 - lap['graphs'] / lap['total'] for lap in laps]))
    return result


def _one(stylizer: Stylizer, folder: Path, clock: Dict[str, float]) -> Dict[str, float]:
    clock.update(dict.fromkeys(clock, 0.0))
    marks = [time.perf_counter()]
    picture = images.read_bgr(folder / 'portrait.jpg')
    marks.append(time.perf_counter())
    result = stylizer.stylize(picture)
    marks.append(time.perf_counter())
    images.write_bgr(folder / 'translated.png', result.image)
    marks.append(time.perf_counter())
    if len(result.faces) != 1:
        raise UserError(f'the portrait shows {len(result.faces)} faces to the detector instead of 1: is dlib installed '
                        'as pinned?')
    reading, stylizing, writing = np.diff(marks)
    return dict(clock, total=marks[-1] - marks[0], reading=reading, writing=writing,
                rest=stylizing - sum(clock.values()))


def _timed(method: Callable, clock: Dict[str, float], part: str) -> Callable:
    def call(*arguments: Any) -> Any:
        start = time.perf_counter()
        try:
            return method(*arguments)
        finally:
            clock[part] += time.perf_counter() - start
    return call


def random_generator(channels: int) -> Dict[str, np.ndarray]:
    """Weights of a generator by their names."""
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu')) as session:
        tf.set_random_seed(0)
        unet.unet(tf.placeholder(tf.float32, [1, None, None, 3]), channels)
        variables: List[tf.Variable] = unet.variables()
        session.run(tf.variables_initializer(variables))
        return {variable.op.name: value for variable, value in zip(variables, session.run(variables))}
