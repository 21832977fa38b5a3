"""What is exported: the generators of a run, a checkpoint, an .npz, a .pb or a model folder, with their origin."""
from pathlib import Path
from typing import Any, Dict, NamedTuple, Optional

import cv2
import numpy as np

from dctnet import config_file, images
from dctnet.errors import UserError
from dctnet.exporters.translator import Weights
from dctnet.files import json_file
from dctnet.files.hashing import sha256_of_bytes
from dctnet.inference.model_folder import BACKGROUND_NAME, HEAD_NAME, MASK_NAME
from dctnet.nets import unet
from dctnet.runs import checkpoint, checkpoint_files

_KEPT = ('source', 'step', 'config_sha256', 'licence', 'moving_average')  # entries of a model folder's card
NO_LICENCE = 'not stated; ask whoever made the weights'


class Source(NamedTuple):
    """Generators to export.

    head, background: their weights by released names; the same object if one network does both.
    where: their origin, named in errors.
    origin: entries of the cards about it.
    mask: fusion mask, uint8 [h, w] grey; None for the ellipse.
    """
    head: Weights
    background: Weights
    where: str
    origin: Dict[str, Any]
    mask: Optional[np.ndarray] = None

    def translators(self) -> Dict[str, Weights]:
        """File name without suffix -> weights: cartoon, or cartoon_h and cartoon_bg if they differ."""
        if self.head is self.background:
            return {'cartoon': self.head}
        return {Path(HEAD_NAME).stem: self.head, Path(BACKGROUND_NAME).stem: self.background}


def read(path: Path, wanted: Optional[str] = None, licence: Optional[str] = None) -> Source:
    """The generators of a file or folder.

    path: run folder, checkpoint prefix, .npz, .pb, or model folder.
    wanted: of a run folder, 'best' or a step; None for the newest checkpoint.
    licence: of the weights, for the cards; None for what the card of a model folder says.
    Raises UserError if nothing there can be read as weights.
    """
    if (path / BACKGROUND_NAME).is_file() and wanted is None:
        source = _of_model_folder(path)
    else:
        arrays = checkpoint.read_arrays(checkpoint_files.find(path, wanted) if wanted else path)
        origin = dict(_of_config(path), step=int(arrays.get('global_step', 0)), moving_average=unet.is_averaged(arrays))
        weights = unet.exported(arrays)
        source = Source(weights, weights, str(path), origin)
    source.origin['licence'] = licence or source.origin.get('licence', NO_LICENCE)
    return source


def read_mask(path: Path) -> np.ndarray:
    """A picture as fusion mask, uint8 [h, w] grey."""
    return cv2.cvtColor(images.read_bgr(path), cv2.COLOR_BGR2GRAY)


def _of_model_folder(folder: Path) -> Source:
    background = _translator(folder / BACKGROUND_NAME)
    head = _translator(folder / HEAD_NAME) if (folder / HEAD_NAME).is_file() else background
    same = head.keys() == background.keys() and all(np.array_equal(head[name], background[name]) for name in head)
    mask = read_mask(folder / MASK_NAME) if (folder / MASK_NAME).is_file() else None
    return Source(head, head if same else background, str(folder), _of_card(folder), mask)


def _translator(path: Path) -> Weights:
    """The weights in a .pb. Raises UserError if they are those of no translator."""
    weights = checkpoint.read_arrays(path)
    if not unet.channels_of(weights):
        raise UserError(f'{path} holds no translator of DCT-Net (generator/Conv/weights ...), so it cannot be '
                        'converted: name a folder with released graphs, or with graphs that were exported here')
    return unet.exported(weights)


def _of_card(folder: Path) -> Dict[str, Any]:
    path = (folder / BACKGROUND_NAME).with_suffix('.json')
    if not path.is_file():
        return {'source': folder.resolve().name}
    card = json_file.read_object(path, 'card')
    return {name: card[name] for name in _KEPT if name in card}


def _of_config(run: Path) -> Dict[str, Any]:
    config = run / 'config.yaml'
    if not config.exists():
        return {'source': run.name}
    text = config_file.to_yaml(config_file.read_yaml(config))
    return {'source': run.name, 'config_sha256': sha256_of_bytes(text.encode())}
