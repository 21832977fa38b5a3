"""Sets of images as vectors of what makes a style, for `style_gap`: of the drawing, and of a texture network."""
from pathlib import Path
from typing import Dict, Iterable, List, Sequence

import numpy as np

from dctnet import images
from dctnet.metrics.drawing import drawing_statistics
from dctnet.metrics.features import Network
from dctnet.metrics.pairs import SIDE
from dctnet.metrics.style_gap import Vectors

_BATCH = 16


def style_vectors(batches: Iterable[np.ndarray], network: Network) -> Vectors:
    """Part ('texture', 'ink', 'chroma', 'colour', 'network') -> float64 [N, D] of N images.

    batches: of uint8 [n, S, S, 3] BGR, of one size S. network: of nets.texture_network, [n, S, S, 3] in [-1, 1] ->
    [n, D].
    """
    found: Dict[str, List[np.ndarray]] = {}
    for batch in batches:
        drawing = [drawing_statistics(image) for image in batch]
        vectors = {part: np.stack([statistics[part] for statistics in drawing]) for part in drawing[0]}
        vectors['network'] = np.asarray(network(images.to_unit(batch)), np.float64)
        for part, rows in vectors.items():
            found.setdefault(part, []).append(rows)
    return {part: np.concatenate(rows) for part, rows in found.items()}


def folder_vectors(paths: Sequence[Path], network: Network) -> Vectors:
    """`style_vectors` of image files, as squares of pairs.SIDE pixels. Raises UserError if one cannot be read."""
    return style_vectors((np.stack([images.read_square(path, SIDE) for path in paths[first:first + _BATCH]])
                          for first in range(0, len(paths), _BATCH)), network)
