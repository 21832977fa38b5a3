"""A translator as a model folder for infer.py and for the published pipelines: cartoon_h.pb, cartoon_bg.pb, alpha.jpg
and a card beside each .pb; for ModelScope's pipeline a configuration, too."""
import json
from pathlib import Path
from typing import Any, Dict, Optional, Sequence

import cv2
import numpy as np

from dctnet import frozen, images
from dctnet.compat import TENSORFLOW_VERSION
from dctnet.exporters import parity, programs
from dctnet.exporters.card import card, encoded, tensor
from dctnet.exporters.choice import FLOAT32
from dctnet.exporters.translator import Weights, translator_graph
from dctnet.face.alignment import ellipse_mask
from dctnet.files import atomic
from dctnet.inference.model_folder import BACKGROUND_NAME, HEAD_NAME, MASK_NAME
from dctnet.nets import unet

CONFIGURATION = 'configuration.json'
_MODELSCOPE = {'framework': 'tensorflow', 'task': 'image-portrait-stylization',
               'pipeline': {'type': 'unet-person-image-cartoon'}}


def write_model_folder(weights: Weights, where: str, out: Path, origin: Dict[str, Any],
                       mask: Optional[np.ndarray] = None) -> Dict[str, Any]:
    """Freeze, check against the live graph, then write the model folder. Returns the card.

    weights: variable name (generator/Conv/weights ...) -> array; of a training with a moving average, that is taken.
        Other networks' are left out.
    where: their origin, named in errors.
    out: the model folder.
    origin: entries of the card about where the weights come from (run, step, ...).
    mask: fusion mask, uint8 [h, w] grey of any size; None for the ellipse.
    Raises UserError if the weights do not fit or the disk refuses.
    """
    origin = dict({'moving_average': unet.is_averaged(weights)}, **origin)
    weights = unet.exported(weights)
    files = graph_files([HEAD_NAME, BACKGROUND_NAME], weights, where, origin, parity.reference(weights, where))
    files.update(mask_file(mask))
    atomic.write_together({out / name: data for name, data in files.items()})
    return json.loads(files[str(Path(HEAD_NAME).with_suffix('.json'))].decode('utf-8'))


def graph_files(names: Sequence[str], weights: Weights, where: str, origin: Dict[str, Any],
                of: parity.Reference) -> Dict[str, bytes]:
    """Frozen graphs with their cards and programs, checked: file name -> content.

    names: of the .pb files, all with these weights.
    weights, where, origin: as for `write_model_folder`; weights of the generator alone.
    of: what the live graph gives.
    """
    graph_def = translator_graph(weights, where)
    graph = frozen.FrozenGraph(graph_def, device='cpu')
    found = parity.measured(lambda batch: graph(batch[0])[None], of, f'TensorFlow {TENSORFLOW_VERSION}')
    graph.close()
    parity.check(found, FLOAT32, names[0])
    data = graph_def.SerializeToString(deterministic=True)
    entries = card(
        'DCT-Net frozen translator', data, weights, origin,
        input=tensor(frozen.TRANSLATOR_INPUT, 'float32', ('H', 'W', 3)),
        output=tensor(frozen.TRANSLATOR_OUTPUT, 'uint8', ('H', 'W', 3)),
        batch={'input': frozen.BATCH_INPUT, 'output': frozen.BATCH_OUTPUT, 'shape': ['N', 'H', 'W', 3]},
        precision=FLOAT32, parity=found, largest_difference_from_live_graph=parity.largest(found),
        versions={'tensorflow': TENSORFLOW_VERSION})
    files = {}
    for name in names:
        files[name] = data
        files[str(Path(name).with_suffix('.json'))] = encoded(entries)
        files[f'{name}.py'] = programs.for_graph(name)
    return files


def mask_file(mask: Optional[np.ndarray]) -> Dict[str, bytes]:
    """The fusion mask as a file: uint8 [h, w] grey, None for the ellipse."""
    if mask is None:
        mask = np.rint(ellipse_mask() * 255).astype(np.uint8)
    return {MASK_NAME: images.encoded(Path(MASK_NAME), cv2.cvtColor(mask, cv2.COLOR_GRAY2BGR))}


def modelscope_file() -> Dict[str, bytes]:
    """What makes a model folder one of ModelScope's, beside detector.pb and keypoints.pb of a released style."""
    return {CONFIGURATION: (json.dumps(_MODELSCOPE, indent=2) + '\n').encode('utf-8')}
