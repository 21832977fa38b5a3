"""Weights of a blended generator: coarse layers of the source, fine layers of the target (paper section 3.1;
docs/recipe.md, "CCN")."""
import math
import re
from typing import Dict

import numpy as np

_LAYER = re.compile(r'(convs|to_rgbs)/(\d+)/')


def target_share(name: str, resolution: int, width: float) -> float:
    """How much of a weight comes from the target, 0 to 1.

    name: of the weight (stylegan2.generator_shapes).
    resolution: of the last block whose layers convs/N, to_rgbs/N, and those of all coarser blocks, come from the source
        alone. At the published 4, the target gives convs/N and to_rgbs/N for N > 0.
    width: 0 for a hard cut; else the width of a sigmoid over log2 of the resolution, centred between `resolution` and
        its double.
    """
    match = _LAYER.match(name)
    if not match:
        return 0.0  # mapping, constant, the 4×4 block and the noise maps
    kind, index = match.group(1), int(match.group(2))
    if width > 0:
        return 1.0 / (1.0 + math.exp(-(math.log2(resolution_of(kind, index)) - math.log2(resolution) - 0.5) / width))
    return float(index > _last_source_index(kind, resolution))


def resolution_of(kind: str, index: int) -> int:
    """Pixels at which convs/INDEX or to_rgbs/INDEX works: convs/0, convs/1 and to_rgbs/0 at 8, convs/2 at 16, ..."""
    return 2 ** (3 + (index // 2 if kind == 'convs' else index))


def _last_source_index(kind: str, resolution: int) -> int:
    """The published cut at resolution 4 takes convs/0 and to_rgbs/0 from the source; each doubling takes one more block
    from it (two of convs, one of to_rgbs)."""
    blocks = int(math.log2(resolution)) - 2
    return 2 * blocks if kind == 'convs' else blocks


def blend(source: Dict[str, np.ndarray], target: Dict[str, np.ndarray], resolution: int = 4,
          width: float = 0.0) -> Dict[str, np.ndarray]:
    """Blend two generators: name -> float32 array of the blended weights.

    source, target: their weights by name (stylegan2.generator_shapes), of the same names and shapes.
    resolution, width: of the cut between them, as for `target_share`.
    Raises ValueError if the names or shapes differ, or if resolution is not a power of two from 4 on.
    """
    if resolution < 4 or resolution & (resolution - 1):
        raise ValueError(f'the blending resolution must be a power of two from 4, not {resolution}')
    shapes = [{name: array.shape for name, array in weights.items()} for weights in (source, target)]
    if shapes[0] != shapes[1]:
        differing = sorted(set(shapes[0].items()) ^ set(shapes[1].items()))
        raise ValueError(f'the generators differ in {differing[0][0]}')
    shares = {name: target_share(name, resolution, width) for name in source}
    return {name: (share * target[name] + (1.0 - share) * source[name]).astype(np.float32)
            for name, share in shares.items()}
