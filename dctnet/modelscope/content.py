"""The VGG19 of a published model folder for our training: MODEL/vgg19.npy, converted once into the work_dir."""
import json
import logging
from pathlib import Path
from typing import Optional

from dctnet import places
from dctnet.config import TtnConfig
from dctnet.files import atomic

log = logging.getLogger(__name__)

SOURCE, KEPT = 'vgg19.npy', 'vgg19.pb'


def kept_network(folder: Path, work: Path, config: TtnConfig) -> Optional[Path]:
    """Where the model folder's VGG19 is kept, or will be, for the training in `work`; None if it takes another
    content network: the one that its config names, or checkpoints/vgg19.pb, which is there already."""
    if not config.loss.content or config.loss.content_network != 'vgg19':
        return None
    kept = work / KEPT
    if kept.exists():  # this training began with it
        return kept
    imported = places.checkpoints_folder() / KEPT
    return kept if (folder / SOURCE).exists() and not imported.exists() else None


def convert(folder: Path, kept: Path) -> None:
    """Write the frozen graph `kept` and its card, unless they are there. Loads TensorFlow.

    Raises UserError if MODEL/vgg19.npy is damaged or no VGG19, or if the disk refuses.
    """
    if kept.exists():
        return
    from dctnet.nets import vgg19, vgg19_file
    from dctnet.nets.content_network import CONTENT_SCALE
    log.info('converting %s once: %s', folder / SOURCE, kept)
    graph_def = vgg19.freeze_graph(vgg19_file.read(folder / SOURCE))
    # With the published weights loss.content means what it says (docs/recipe.md): the scale is 1.
    atomic.write_together({kept.with_suffix('.json'): json.dumps({CONTENT_SCALE: 1}).encode() + b'\n',
                           kept: graph_def.SerializeToString(deterministic=True)})
