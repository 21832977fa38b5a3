"""The inputs of a training, its config and its images, resolved and checked before TensorFlow loads, which takes
seconds."""
import logging
from pathlib import Path
from typing import List, NamedTuple, Optional, Sequence

from dctnet.config import CcnConfig, TtnConfig
from dctnet.data import folders
from dctnet.data.folders import Folders
from dctnet.runs.folder import Run

log = logging.getLogger(__name__)


class TtnInputs(NamedTuple):
    """validation: photographs that the training does not see, none if config.evaluate is off."""
    config: TtnConfig
    images: Folders
    validation: List[Path]


class CcnInputs(NamedTuple):
    """images: exemplars if the config has a source, else photographs. key: the config key of their folder."""
    config: CcnConfig
    images: List[Path]
    key: str


def ttn_inputs(run: Run, file: Path, overrides: Sequence[str], init_from: Optional[Path]) -> TtnInputs:
    """The inputs of a texture translation training.

    run: the training and its folder.
    file: the config, YAML.
    overrides: KEY=VALUE.
    init_from: weights that a fine-tune starts from, None for none.
    Raises UserError for mistakes in the config, for folders and images that cannot be used, and as
    `Run.resolve_config`.
    """
    config = run.resolve_config(TtnConfig, file, overrides, init_from)
    data = config.data
    images = folders.list_folders(data.photo, data.style, data.batch_size, data.generated)
    validation: List[Path] = []
    if config.evaluate.every:
        validation = folders.list_validation('evaluate.photo', config.evaluate.photo, images.photo)
    new = data.check_folders and not run.resumes
    folders.check_pictures((images.photo + images.style + images.generated if new else []) + validation, _record(run))
    if new:
        folders.check_not_swapped(images)
    generated = f', {len(images.generated)} generated in {data.generated}' if data.generated else ''
    log.info('%d photographs in %s, %d exemplars in %s%s', len(images.photo), data.photo, len(images.style),
             data.style, generated)
    return TtnInputs(config, images, validation)


def ccn_inputs(run: Run, file: Path, overrides: Sequence[str], init_from: Optional[Path]) -> CcnInputs:
    """The inputs of a content calibration.

    run, file, overrides, init_from: as for `ttn_inputs`, which also says when UserError is raised.
    """
    config = run.resolve_config(CcnConfig, file, overrides, init_from)
    key = 'data.style' if config.source else 'data.photo'
    images = folders.list_folder(key, config.data.style if config.source else config.data.photo,
                                 config.data.batch_size)
    if not run.resumes:
        folders.check_pictures(images, _record(run))
    log.info('%d pictures in %s', len(images), images[0].parent)
    return CcnInputs(config, images, key)


def _record(run: Run) -> Optional[Path]:
    return None if run.dry else run.path / 'unusable_pictures.txt'
