"""How much of the gap between photographs and exemplars translations leave, by vectors of statistics of each image."""
from typing import Dict

import numpy as np

# One line of a report; StyleGap says how it is computed.
MEASURE = 'share of the energy distance from photos to style pictures that is left: 1 as photos, 0 as style pictures'
_SMALLEST = 0.05  # gap of a part in which photographs and exemplars hardly differ: less is chance
_WEIGHTS = {'chroma': 0.5, 'colour': 0.5}  # in 'style'; others 1: these two see much the same
_ROWS = 1000  # at once: a matrix of ten thousand by ten thousand would fill the memory

Vectors = Dict[str, np.ndarray]  # part -> [images, D]


class StyleGap:
    """The gap between photographs and exemplars, in parts; `gaps` holds the distance of each.

    photos, exemplars: part -> [N, D], [M, D]; of two images each at least. The numbers of a vector count alike: each
        is divided by its deviation over both sets together.
    """

    def __init__(self, photos: Vectors, exemplars: Vectors) -> None:
        self._scales = {part: _deviation(photos[part], exemplars[part]) for part in exemplars}
        self._exemplars = exemplars
        self.gaps = self._distances(photos)

    def left(self, results: Vectors) -> Dict[str, float]:
        """Part -> share of the gap that is left: 1 = as the photographs, 0 = as the exemplars, slightly below by
        chance. And 'style', their mean, weighted by how far photographs and exemplars are apart in each: a part in
        which they do not differ has no say. Chroma and colour share one vote."""
        distances = self._distances(results)
        shares = {part: distance / max(self.gaps[part], _SMALLEST) for part, distance in distances.items()}
        return dict(shares, style=_weighted(distances) / max(_weighted(self.gaps), _SMALLEST))

    def _distances(self, vectors: Vectors) -> Dict[str, float]:
        return {part: energy_distance(vectors[part] / scale, self._exemplars[part] / scale)
                for part, scale in self._scales.items()}


def _weighted(distances: Dict[str, float]) -> float:
    return sum(_WEIGHTS.get(part, 1.0) * distance for part, distance in distances.items())


def energy_distance(a: np.ndarray, b: np.ndarray) -> float:
    """2 E|a - b| - E|a - a'| - E|b - b'| over the root of D (Szekely and Rizzo 2013), [N, D] and [M, D], two rows each
    at least.

    0 on average if both sets are of one distribution, slightly negative at times: no image is compared with itself.
    It needs no covariance, so dozens of images will do, and one image far off counts by its distance only.
    """
    within = [_sum_of_lengths(side, side) / (len(side) * max(len(side) - 1, 1)) for side in (a, b)]
    across = _sum_of_lengths(a, b) / (len(a) * len(b))
    return float((2 * across - sum(within)) / np.sqrt(a.shape[1]))


def _sum_of_lengths(a: np.ndarray, b: np.ndarray) -> float:
    """Of the Euclidean distances of each row of a to each of b."""
    squares, total = np.square(b).sum(axis=1), 0.0
    for first in range(0, len(a), _ROWS):
        rows = a[first:first + _ROWS]
        lengths = np.square(rows).sum(axis=1)[:, None] + squares - 2 * rows @ b.T
        total += np.sqrt(np.maximum(lengths, 0)).sum()
    return total


def _deviation(photos: np.ndarray, exemplars: np.ndarray) -> np.ndarray:
    """[D] root of the mean of both sets' mean squared distance to the mean of both; 1 if nothing varies."""
    centre = (photos.mean(axis=0) + exemplars.mean(axis=0)) / 2
    squares = [np.square(side - centre).mean(axis=0) for side in (photos, exemplars)]
    deviation = np.sqrt((squares[0] + squares[1]) / 2)
    return np.where(deviation > 1e-9, deviation, 1.0)
