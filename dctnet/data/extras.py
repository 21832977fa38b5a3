"""What goes with the photographs of a batch where a loss asks for it."""
from pathlib import Path
from typing import Dict

import numpy as np

from dctnet import images
from dctnet.data.pipeline import Extra, Sample
from dctnet.face.openness import mirrored
from dctnet.ops.superpixel import flatten_regions


def superpixel(size: int) -> Extra:
    """The SLIC regions of the picture, [size, size, 3] BGR in [-1, 1]."""
    return Extra((size, size, 3), lambda sample: flatten_regions(images.to_unit(sample.picture)))


def openness(measured: Dict[Path, np.ndarray]) -> Extra:
    """The openness [3] of eyes and mouth as the picture shows them; `measured` is that of the files.

    Only mirroring changes it: it exchanges the eyes.
    """
    def of(sample: Sample) -> np.ndarray:
        values = measured[sample.path]
        return mirrored(values) if sample.transform.mirror else values

    return Extra((3,), of)
