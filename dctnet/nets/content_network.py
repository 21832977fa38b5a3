"""The network of the content loss by name or as a file, scaled so that loss.content means the same with each.

The measure is a trained VGG19, whose features count as they are: the published weight of 200 belongs to it
(docs/recipe.md, "Content weights of different networks").
"""
import logging
from pathlib import Path
from typing import Any, Dict, Optional

import numpy as np

from dctnet import frozen
from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.face.installed_models import DESCRIPTOR, installed_model
from dctnet.files import json_file
from dctnet.nets import dlib_content, vgg19
from dctnet.nets.dlib_file import read_descriptor_weights
from dctnet.nets.pretrained import imported_file, read_file, read_imported

log = logging.getLogger(__name__)

_RANDOM_SCALE = 6.0  # He-normal weights give smaller features than trained ones
CONTENT_SCALE = 'content_scale'  # a key of the card FILE.json beside FILE.pb


def content_network(name: str, side: int) -> tf.GraphDef:
    """The content network, a frozen graph image:0 -> features:0 for images of `side` pixels. Logs its scale.

    name: 'vgg19', 'dlib' (installed), 'random' (VGG19 with random weights) or FILE.pb, with "content_scale" in
    FILE.json. Raises UserError if a file is missing or unusable.
    """
    if name == 'vgg19':
        log.info('content network: VGG19, which the scale of loss.content belongs to')
        return read_imported(name)
    if name == 'dlib':
        log.info('content network: dlib\'s, its levels scaled to count as a trained VGG19 does')
        return dlib_content.freeze_graph(read_descriptor_weights(installed_model(DESCRIPTOR)), side, side)
    if name == 'random':
        log.info('content network: a random VGG19, its features times %g, to count as a trained one does',
                 _RANDOM_SCALE)
        return frozen.scaled(vgg19.freeze_graph(vgg19.random_weights(seed=0)), _RANDOM_SCALE, name)
    graph_def, scale = read_file(Path(name), 'content network', ('vgg19', 'dlib', 'random')), _scale_of(Path(name))
    log.info('content network: %s, its features times %g%s', name, scale or 1.0, '' if scale else
             f' (no {Path(name).with_suffix(".json")} sets "{CONTENT_SCALE}"): loss.content may mean something else '
             'than with VGG19; python -m data_tools.content_scale works it out')
    return frozen.scaled(graph_def, scale, name) if scale else graph_def


def content_file(name: str) -> Optional[Path]:
    """The file that holds the content network of that name; None if it has none."""
    if name == 'random':
        return None
    if name == 'dlib':
        return installed_model(DESCRIPTOR)
    return imported_file(name) if name == 'vgg19' else Path(name)


def read_card(file: Path) -> Dict[str, Any]:
    """What FILE.json says of FILE.pb; empty if there is none. Raises UserError if it is no JSON object."""
    card = file.with_suffix('.json')
    if not card.exists():
        return {}
    return json_file.read_object(card, 'card of the content network')


def _scale_of(file: Path) -> Optional[float]:
    """The scale in the card of a frozen graph; None if there is none."""
    scale = read_card(file).get(CONTENT_SCALE)
    if scale is not None and (isinstance(scale, bool) or not isinstance(scale, (int, float)) or not 0 < scale < np.inf):
        raise UserError(f'"{CONTENT_SCALE}" in {file.with_suffix(".json")} is {scale!r}: set a number above 0')
    return scale
