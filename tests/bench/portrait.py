"""Inference: a whole portrait of 720 px short side with one face, read, translated and written, part by part."""
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List

import numpy as np

from dctnet import images
from dctnet.compat import session_config, tf
from dctnet.errors import UserError
from dctnet.exporters import model_folder
from dctnet.inference.picture_files import Job, translate_file
from dctnet.inference.stylizer import Stylizer
from dctnet.nets import unet
from tests.bench import batch

SHORT_SIDE = 720


def time_portrait(channels: int, rounds: int, device: str = 'cpu', short_side: int = SHORT_SIDE) -> Dict[str, Any]:
    """Median seconds of `rounds` portraits after a first one: total, inside the graphs, detection (beside the first
    graph), reading, writing, the rest (alignment, warps, fusion), and the share of the total outside the two graphs.
    The weights are random."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model_folder.write_model_folder(random_generator(channels), 'random weights', folder / 'model', {})
        images.write_bgr(folder / 'portrait.jpg', batch.portrait(short_side))
        with Stylizer(folder / 'model', device=device) as stylizer:
            laps = [_one(stylizer, folder) for _ in range(rounds + 1)][1:]
    result = {part: float(np.median([lap[part] for lap in laps])) for part in laps[0]}
    result['outside_share'] = float(np.median([1 - lap['graphs'] / lap['total'] for lap in laps]))
    return result


def _one(stylizer: Stylizer, folder: Path) -> Dict[str, float]:
    start = time.perf_counter()
    done = translate_file(stylizer, Job(folder / 'portrait.jpg', folder / 'translated.png'))
    total = time.perf_counter() - start
    if len(done.faces) != 1:
        raise UserError(f'the portrait shows {len(done.faces)} faces to the detector instead of 1: is dlib installed '
                        'as pinned?')
    parts = done.seconds
    return {'total': total, 'graphs': parts['background'] + parts['heads'], 'detection': parts['faces'],
            'reading': parts['reading'], 'writing': parts['writing'], 'rest': parts['fusing']}


def random_generator(channels: int) -> Dict[str, np.ndarray]:
    """Weights of a generator by their names."""
    with tf.Graph().as_default(), tf.Session(config=session_config('cpu')) as session:
        tf.set_random_seed(0)
        unet.unet(tf.placeholder(tf.float32, [1, None, None, 3]), channels)
        variables: List[tf.Variable] = unet.variables()
        session.run(tf.variables_initializer(variables))
        return {variable.op.name: value for variable, value in zip(variables, session.run(variables))}
