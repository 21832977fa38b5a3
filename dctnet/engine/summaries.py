"""Records of a run: scalars in metrics.jsonl and TensorBoard, sample sheets as PNG and in TensorBoard."""
import json
import logging
from pathlib import Path

import cv2

from dctnet import images
from dctnet.compat import tf
from dctnet.engine.trainer import Hook, Loop
from dctnet.files import atomic, json_file
from dctnet.runs import sample_sheet

log = logging.getLogger(__name__)


class Scalars(Hook):
    """Records all scalars of the phases, every `every` steps and at the first one.

    metrics.jsonl holds one JSON object a line: step, seconds (of that step), seconds/window (of all steps since the
    previous line), seconds/data_wait (the part of it spent waiting for data), then 'phase/name'. Lines of steps after
    the checkpoint that a run resumes from are removed, so that each step is there once.
    """

    def __init__(self, run: Path, writer: tf.summary.FileWriter, every: int) -> None:
        self._path, self._writer, self._every = run / 'metrics.jsonl', writer, every
        self._window = self._data_wait = 0.0

    def begin(self, loop: Loop) -> None:
        """Cut off what a killed run wrote after its last checkpoint."""
        if self._path.exists():
            lines = self._path.read_text(encoding='utf-8', errors='replace').splitlines()
            kept = [line for line in lines if _step_of_line(line) <= loop.step]
            atomic.write_text(self._path, ''.join(line + '\n' for line in kept))
        self._writer.add_session_log(tf.SessionLog(status=tf.SessionLog.START), loop.step)

    def wants_scalars(self, step: int, every: int) -> bool:
        """Every `every` steps and at the first. A phase that runs more rarely is recorded when it runs next."""
        return step % self._every < every or step == 1

    def after_step(self, loop: Loop) -> None:
        """Write the scalars to both, if there are any."""
        self._window += loop.step_seconds
        self._data_wait += loop.data_seconds
        if not loop.scalars:
            return
        times = {'seconds': loop.step_seconds, 'seconds/window': self._window, 'seconds/data_wait': self._data_wait}
        line = dict({name: round(value, 4) for name, value in times.items()}, **loop.scalars)
        line = dict(step=loop.step, **line)
        self._window = self._data_wait = 0.0
        with atomic.storage_errors(self._path):
            with self._path.open('a', encoding='utf-8') as stream:
                stream.write(json.dumps(line) + '\n')
        summary = tf.Summary(value=[tf.Summary.Value(tag=name, simple_value=value)
                                    for name, value in loop.scalars.items()])
        self._writer.add_summary(summary, loop.step)
        self._writer.flush()

    def close(self, loop: Loop) -> None:
        """Write the last events to the disk."""
        self._writer.flush()


class Samples(Hook):
    """The same images through the network every `every` steps (0: never): RUN/samples/step-000500.png, one row each."""

    def __init__(self, run: Path, writer: tf.summary.FileWriter, every: int) -> None:
        self._folder, self._writer, self._every = run / 'samples', writer, every

    def begin(self, loop: Loop) -> None:
        """The state before training, for comparison."""
        if self._every and loop.step == 0:
            self._draw(loop)

    def after_step(self, loop: Loop) -> None:
        """Draw when due and at the end."""
        if self._every and (loop.step % self._every == 0 or loop.step == loop.steps):
            self._draw(loop)

    def _draw(self, loop: Loop) -> None:
        preview = loop.stage.preview
        columns: dict = loop.session.run(preview.columns, preview.feed)
        drawn = sample_sheet.sheet({name: [images.to_uint8(picture) for picture in batch]
                                    for name, batch in columns.items()})
        images.write_bgr(self._folder / f'step-{loop.step:06d}.png', drawn)
        encoded = cv2.imencode('.png', drawn)[1].tobytes()
        picture = tf.Summary.Image(height=drawn.shape[0], width=drawn.shape[1], colorspace=3,
                                   encoded_image_string=encoded)
        self._writer.add_summary(tf.Summary(value=[tf.Summary.Value(tag='samples', image=picture)]), loop.step)


def _step_of_line(line: str) -> float:
    try:
        return float(json_file.parse_object(line)['step'])
    except (ValueError, KeyError, TypeError):
        return float('inf')  # a line cut off in the middle
