"""What goes with the photographs of a batch if a loss asks for it."""
from pathlib import Path
from typing import Callable, Dict

import numpy as np

from dctnet import images
from dctnet.data.cache import Cache
from dctnet.data.geometry import Transform
from dctnet.data.pipeline import Extra, Sample
from dctnet.face.measures import mirrored
from dctnet.ops.slic import flatten_regions

Features = Callable[[np.ndarray], np.ndarray]


def superpixel(size: int) -> Extra:
    """The SLIC regions of the picture, [size, size, 3] BGR in [-1, 1]."""
    return Extra((size, size, 3), _superpixel)


def photo_features(features: Features, network: str, size: int, cache: Cache) -> Extra:
    """What the content network says of the picture. features: [1, size, size, 3] BGR in [-1, 1] -> [1, h, w, c].
    network: a name of it that no other one has."""
    return Extra(_shape(features, size), lambda sample: _kept(
        cache, sample, f'photo-{network}-{size}', lambda: features(images.to_unit(sample.picture)[None])[0]))


def superpixel_features(features: Features, network: str, size: int, cache: Cache) -> Extra:
    """As `photo_features`, of the picture's SLIC regions."""
    return Extra(_shape(features, size), lambda sample: _kept(
        cache, sample, f'superpixel-{network}-{size}', lambda: features(_superpixel(sample)[None])[0]))


def openness(measured: Dict[Path, np.ndarray]) -> Extra:
    """The openness [3] of eyes and mouth as the picture shows them; `measured` is that of the files.

    Only mirroring changes it: it exchanges the eyes.
    """
    def of(sample: Sample) -> np.ndarray:
        values = measured[sample.path]
        return mirrored(values) if sample.transform.mirror else values

    return Extra((3,), of)


def _kept(cache: Cache, sample: Sample, what: str, make: Callable[[], np.ndarray]) -> np.ndarray:
    """From the cache if the sample comes again; a random scale or angle never does."""
    if sample.transform not in (Transform(), Transform(mirror=True)):
        return make()
    return cache(sample.path, what + ('-mirrored' if sample.transform.mirror else ''), make)


def _superpixel(sample: Sample) -> np.ndarray:
    return flatten_regions(images.to_unit(sample.picture))


def _shape(features: Features, size: int) -> tuple:
    return features(np.zeros((1, size, size, 3), np.float32)).shape[1:]
