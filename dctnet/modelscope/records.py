"""What the published trainer leaves in its work_dir: images/, saved_models/ and train_log/."""
from pathlib import Path
from typing import List

import numpy as np

from dctnet import images
from dctnet.compat import tf
from dctnet.data.pipeline import preview_pictures
from dctnet.engine.trainer import Hook, Loop
from dctnet.runs import checkpoint
from dctnet.training.inputs import TtnInputs

IMAGES, MODELS, EVENTS = 'images', 'saved_models', 'train_log'
_SIDE = 4           # pictures along a side of a sheet
_KEPT_MODELS = 1000
_LOSSES = {'g/loss': 'g_loss', 'd/loss': 'd_loss'}


class PublishedRecords(Hook):
    """Records under the published names, which count from 0: what is there after N + 1 steps bears the number N.

    work: the work_dir.
    every: steps from one checkpoint and its sheets to the next; the first step has one, too.
    inputs: of the training; its first 16 photographs are shown.
    saver: of all variables.
    """

    def __init__(self, work: Path, every: int, inputs: TtnInputs, saver: tf.train.Saver) -> None:
        self._work, self._every, self._saver = work, every, saver
        shown = preview_pictures(inputs.images.photo, inputs.config.data.size, _SIDE ** 2)
        self._photos = shown[np.arange(_SIDE ** 2) % len(shown)]
        self._writer = tf.summary.FileWriter(str(work / EVENTS))

    def after_step(self, loop: Loop) -> None:
        """Write what is due."""
        number = loop.step - 1
        losses = [tf.Summary.Value(tag=tag, simple_value=loop.scalars[name]) for name, tag in _LOSSES.items()
                  if name in loop.scalars]
        if losses:
            self._writer.add_summary(tf.Summary(value=losses), number)
        if number == 0 or loop.step % self._every == 0:
            checkpoint.save(loop.session, self._saver, self._work / MODELS, number, keep=_KEPT_MODELS)
            self._write_sheet(self._photos, f'{number:8d}_face_photo.jpg')
            self._write_sheet(self._translations(loop), f'{number:8d}_face_result.jpg')

    def close(self, loop: Loop) -> None:
        """Write the last events."""
        self._writer.close()

    def _translations(self, loop: Loop) -> np.ndarray:
        """Of the photographs, as many at a time as the graph takes."""
        (placeholder, shown), = loop.stage.preview.feed.items()
        found: List[np.ndarray] = []
        for start in range(0, len(self._photos), len(shown)):
            chunk = np.resize(self._photos[start:start + len(shown)], shown.shape)
            found.extend(loop.session.run(loop.stage.preview.columns['output'], {placeholder: chunk}))
        return np.stack(found[:len(self._photos)])

    def _write_sheet(self, pictures: np.ndarray, name: str) -> None:
        sheet = images.grid([[images.to_uint8(picture) for picture in row]
                             for row in pictures.reshape((_SIDE, _SIDE) + pictures.shape[1:])], gap=0)
        images.write_bgr(self._work / IMAGES / name, sheet)
