"""A training of a second: pictures of 32 px, networks of 2 channels, one convolution in the place of VGG19.

python -m tests.training.tiny_training SIGNAL:STEP:RANK ARGUMENTS...: `train.py ARGUMENTS` with that content network.
The process of that rank (0 if there is one) gets the signal when step STEP is done and written.
"""
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Callable, Dict, List, Sequence

import cv2
import numpy as np
import pytest

from dctnet import frozen, images, train
from dctnet.compat import tf
from dctnet.distributed import Collectives
from dctnet.engine.summaries import Scalars
from dctnet.engine.trainer import Hook, Loop
from dctnet.errors import UserError
from dctnet.runs import checkpoint, checkpoint_files

SIZE, BATCH = 32, 2
PLAIN = ('loss.style=0', 'loss.content=0')  # a generator alone, built in a second
CONFIG = Path(__file__).parents[2] / 'configs' / 'ttn' / 'official.yaml'


def content_network() -> tf.GraphDef:
    """image:0 [N, H, W, 3] -> features:0 [N, H/8, W/8, 4], the same on every call."""
    rng = np.random.RandomState(1)
    with tf.Graph().as_default(), tf.Session() as session:
        image = tf.placeholder(tf.float32, [None, None, None, 3], name='image')
        kernel = tf.constant(rng.standard_normal((8, 8, 3, 4)).astype(np.float32))
        return frozen.freeze(session, [tf.nn.conv2d(image, kernel, [1, 8, 8, 1], 'SAME', name='features')])


def write_face_network(path: Path, size: int = SIZE) -> Path:
    """A face embedding in the place of dlib's 29 convolutions: images [N, size, size, 3] -> [N, size * size * 3]."""
    with tf.Graph().as_default() as graph:
        image = tf.placeholder(tf.float32, [None, size, size, 3], name='image')
        tf.reshape(tf.tanh(image), [-1, size * size * 3], name='features')
    frozen.write_graph(graph.as_graph_def(), path)
    return path


def write_pictures(folder: Path, photos: int = 5, exemplars: int = 3) -> Path:
    """FOLDER/photo with texture all over, FOLDER/style with flat areas, and FOLDER/content.pb."""
    rng = np.random.RandomState(0)
    frozen.write_graph(content_network(), folder / 'content.pb')
    for i in range(photos):
        images.write_bgr(folder / 'photo' / f'p{i}.png', rng.randint(0, 256, (40, 36, 3)).astype(np.uint8))
    for i in range(exemplars):
        flat = np.full((40, 40, 3), 200, np.uint8)
        cv2.circle(flat, (20, 20), 8 + i, [int(v) for v in rng.randint(0, 256, 3)], -1)
        images.write_bgr(folder / 'style' / f's{i}.png', flat)
    return folder


def arguments(folder: Path, run: Path, *overrides: str) -> List[str]:
    """The command line of a tiny training; `overrides` are KEY=VALUE."""
    keys = [f"data.photo={folder / 'photo'}", f"data.style={folder / 'style'}", 'data.workers=2',
            f'data.size={SIZE}', f'data.batch_size={BATCH}', 'model.channels=2', 'train.log_every=1',
            'train.sample_every=0', 'train.save_every=2', 'train.steps=4', 'train.device=cpu',
            'start.pixel=0', 'loss.reference_size=0',
            f'loss.content_network={folder / "content.pb"}']
    pairs = [word for key in keys + list(overrides) for word in ('--set', key)]
    return ['ttn', '--config', str(CONFIG), '--run', str(run)] + pairs


def plain(folder: Path, run: Path, *overrides: str) -> List[str]:
    """The command line of the shortest training."""
    return arguments(folder, run, *PLAIN + overrides)


def saved_steps(run: Path) -> List[int]:
    """Steps of the checkpoints that a run keeps."""
    return [checkpoint_files.step_of(prefix) for prefix in checkpoint_files.all_in(run / 'checkpoints')]


def message(*words: str) -> str:
    """What train.py says, in one line, of a mistake in its command line `words`."""
    with pytest.raises(UserError) as caught:
        train.main(list(words))
    text = str(caught.value)
    assert '\n' not in text
    return text


def at_step(monkeypatch: pytest.MonkeyPatch, step: int, function: Callable[[], None]) -> None:
    """Call function() once the metrics of a step are written."""
    usual = Scalars.after_step

    def after_step(self, loop):
        usual(self, loop)
        if loop.step == step:
            function()
    monkeypatch.setattr(Scalars, 'after_step', after_step)


def newest_weights(run: Path) -> Dict[str, np.ndarray]:
    """All arrays of a run's newest checkpoint, the optimiser's too."""
    return checkpoint.read_arrays(run)


def metrics(run: Path) -> List[dict]:
    """The lines of metrics.jsonl without the times in them."""
    lines = [json.loads(line) for line in (run / 'metrics.jsonl').read_text().splitlines()]
    return [{key: value for key, value in line.items() if 'seconds' not in key} for line in lines]


def main() -> int:
    """Train, and send this process a signal in the middle, where it has that rank. The first process of a TensorFlow
    cluster takes longer over its end than the others: in 1.15 it may have to wait for those that have left."""
    name, last, rank = sys.argv[1].split(':')
    usual = Loop.run

    class SendSignal(Hook):
        def after_step(self, loop: Loop) -> None:
            if loop.step == int(last) and loop.communicator.rank == int(rank):
                os.kill(os.getpid(), signal.Signals[name])

    def run_and_outlast(self: Loop, session: tf.Session, hooks: Sequence[Hook]) -> None:
        usual(self, session, list(hooks) + [SendSignal()])  # the last one: the step is recorded and saved
        one = self.communicator
        while isinstance(one, Collectives) and one.rank == 0 and len(one.absent()) < one.size - 1:
            time.sleep(0.1)

    setattr(Loop, 'run', run_and_outlast)
    return train.main(sys.argv[2:])


if __name__ == '__main__':
    sys.exit(main())
