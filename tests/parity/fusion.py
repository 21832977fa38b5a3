"""Fusion against the published full-picture path (parity README, fusion.npz). Needs no TensorFlow."""
from pathlib import Path
from typing import List

import numpy as np

from dctnet.face import alignment
from dctnet.inference import fusion
from tests.parity.comparison import Row

SHORT_SIDE = 720


def check(path: Path, styles: Path) -> List[Row]:
    """Compare points, crops, matrices and the fused picture; `styles` is not needed."""
    with np.load(str(path)) as archive:
        want = {name: archive[name] for name in archive.files}
    image = np.ascontiguousarray(want['image'][:, :, ::-1])  # stored RGB
    height, width = image.shape[:2]
    small = fusion.resize(image, *fusion.reduced_size(height, width, SHORT_SIDE))
    mask = alignment.mask_from_image(want['mask'])

    # The vectors hold the published hull, without its last point; the product takes the whole one.
    points = [alignment.five_points(small, face.astype(np.float64), whole_hull=False) for face in want['landmarks']]
    inverse = [alignment.crop_to_image(face) for face in points]
    want_inverse = want['inverse'].reshape(-1, 2, 3)  # also where there is no face
    crops = [alignment.head_crop(small, matrix)[:, :, ::-1] for matrix in inverse]
    fused = fusion.translate_whole(small, lambda x: x // 2 + 32)
    fusion.add_heads(fused, small, points, lambda heads: [255 - head for head in heads], mask)
    result = fusion.resize(fused, height, width)

    # The linear part in its own units, the shift in those of the picture.
    scale = np.array([np.abs(want_inverse[..., :2]).max(initial=0) or 1] * 2 + [max(small.shape)])
    return [
        Row('resized_shape', _largest(small.shape, want['resized_shape']), 0),
        Row('five_points', _largest(points, want['five_points']), 1e-3),
        Row('inverse', _largest(np.reshape(inverse, (-1, 2, 3)) / scale, want_inverse / scale), 1e-6),
        Row('head_crops_99.9%', _of_999_in_1000(crops, want['head_crops']), 1),
        Row('head_crops_mean', _mean(crops, want['head_crops']), 0.02),
        Row('result_99.9%', _of_999_in_1000(result, want['result']), 1),
        # Ours is rounded before it is resized back, which alone can make a quarter of a level.
        Row('result_mean', _mean(result, want['result']), 0.25),
    ]


def _differences(ours: object, published: np.ndarray) -> np.ndarray:
    """Absolute differences in one row, in the order of their size; infinite where the shapes differ."""
    ours = np.asarray(ours, np.float64)
    if ours.size == published.size == 0:
        return np.zeros(1)  # a picture without faces
    if ours.shape != published.shape:
        return np.full(1, np.inf)
    return np.sort(np.abs(ours - published), axis=None)


def _largest(ours: object, published: np.ndarray) -> float:
    return float(_differences(ours, published)[-1])


def _mean(ours: object, published: np.ndarray) -> float:
    return float(_differences(ours, published).mean())


def _of_999_in_1000(ours: object, published: np.ndarray) -> float:
    """The largest difference when the worst thousandth of the values is left out."""
    differences = _differences(ours, published)
    return float(differences[int(np.ceil(0.999 * differences.size)) - 1])
