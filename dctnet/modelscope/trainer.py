"""ModelScope's CartoonTranslationTrainer by `train.py ttn`."""
from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, List, Optional, Union

from dctnet import config_file, places
from dctnet.config import TtnConfig
from dctnet.errors import STOPPED_EARLY, UserError
from dctnet.files import atomic
from dctnet.modelscope import configuration, content
from dctnet.modelscope.hub import local_model
from dctnet.runs.folder import Run
from dctnet.train import train_translation

if TYPE_CHECKING:
    from dctnet.compat import tf
    from dctnet.engine.trainer import Hook
    from dctnet.training.inputs import TtnInputs

CHECKPOINTS = 'tf_ckpts'  # of a model folder


class CartoonTranslationTrainer:
    """Trains a texture translation as the published trainer does, in a run folder with its records besides.

    model: model folder, or the name of one that ModelScope has downloaded. It holds configuration.json, and
        tf_ckpts/model-STEP if the training starts from a step other than 0 (resume_epoch). Its vgg19.npy is used
        unless checkpoints/vgg19.pb is there: converted once, into work_dir.
    cfg_file: a file instead of the folder's configuration.json.
    work_dir, photo, cartoon, max_steps: instead of configuration.json's.

    model_dir: the model folder.
    Raises UserError if a file or key is missing or wrong, or if work_dir holds another training.
    """

    def __init__(self, model: Union[Path, str], cfg_file: Optional[str] = None, work_dir: Optional[str] = None,
                 photo: Optional[str] = None, cartoon: Optional[str] = None, max_steps: Optional[int] = None) -> None:
        folder = local_model(model)
        self.model_dir = str(folder)
        given = {'work_dir': work_dir, 'photo': photo, 'cartoon': cartoon, 'max_steps': max_steps}
        self._training = configuration.read(Path(cfg_file) if cfg_file else folder / configuration.NAME,
                                            {key: value for key, value in given.items() if value is not None})
        self._init_from = _checkpoint(folder, self._training.init_from) if self._training.init_from else None
        config = config_file.load(TtnConfig, places.config_path(configuration.PRESET), self._training.overrides)
        atomic.check_place(self._training.work)
        self._content = content.kept_network(folder, self._training.work, config)
        if self._content:
            self._training.overrides.append(f'loss.content_network={json.dumps(str(self._content))}')
        _check_work(self._training.work, replace(config, init_from=str(self._init_from or '')))

    def train(self) -> None:
        """Train, or go on where the same training in this work_dir has stopped.

        The settings of the whole process are those of train.py: graph mode, signals, memory. Ctrl-C ends the script
        after the present step, with exit code 75; the same script goes on. Raises UserError as train.py does.
        """
        run = Run(self._training.work, 'ttn')
        if not train_translation(run, configuration.PRESET, self._training.overrides, self._init_from,
                                 engine='local', records=self._records, bring=self._bring_content):
            sys.exit(STOPPED_EARLY)

    def _bring_content(self) -> None:
        if self._content:
            content.convert(Path(self.model_dir), self._content)

    def _records(self, inputs: TtnInputs, saver: tf.train.Saver) -> List[Hook]:
        from dctnet.modelscope.records import PublishedRecords
        return [PublishedRecords(self._training.work, self._training.record_every, inputs, saver)]


def _checkpoint(folder: Path, step: int) -> Path:
    prefix = folder / CHECKPOINTS / f'model-{step}'
    if not Path(f'{prefix}.index').is_file():
        raise UserError(f'resume_epoch is {step}, and {prefix}.index does not exist: bring the folder {CHECKPOINTS} of '
                        'the released model, or set train.resume_epoch to 0 to train from scratch')
    return prefix


def _check_work(work: Path, config: TtnConfig) -> None:
    """Raise UserError if a folder holds another training than this one."""
    recorded = work / 'config.yaml'
    if not recorded.exists():
        if any((work / 'saved_models').glob('model-*')):
            raise UserError(f'work_dir {work} holds a training of another program ({work / "saved_models"}): choose '
                            'another one')
        return
    saved = config_file.load_saved(TtnConfig, recorded)
    for key, was, now in (('photo', saved.data.photo, config.data.photo),
                          ('cartoon', saved.data.style, config.data.style),
                          ('the start', saved.init_from, config.init_from)):
        if was != now and Run(work, 'ttn').resumes:
            raise UserError(f'work_dir {work} holds another training ({key} is {was!r} there and {now!r} now): choose '
                            'another one')
