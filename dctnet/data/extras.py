"""Arrays that go with the photographs of a batch, if a loss asks for them."""
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
    """The SLIC regions of each photograph as an image, float32 [size, size, 3] BGR in [-1, 1]."""
    return Extra((size, size, 3), _superpixel)


def photo_features(features: Features, network: str, size: int, cache: Cache) -> Extra:
    """The features of each photograph by the content network, float32 [h, w, c].

    features: the network, float32 [1, size, size, 3] BGR in [-1, 1] -> float32 [1, h, w, c].
    network: its name in the cache, which no other network has.
    size: side of the training images in pixels.
    cache: keeps the features of plain and of mirrored photographs.
    """
    return Extra(_shape(features, size), lambda sample: _kept(
        cache, sample, f'photo-{network}-{size}', lambda: features(images.to_unit(sample.picture)[None])[0]))


def superpixel_features(features: Features, network: str, size: int, cache: Cache) -> Extra:
    """The features of each photograph's SLIC regions by the content network, float32 [h, w, c].

    features, network, size, cache: as for `photo_features`.
    """
    return Extra(_shape(features, size), lambda sample: _kept(
        cache, sample, f'superpixel-{network}-{size}', lambda: features(_superpixel(sample)[None])[0]))


def openness(measured: Dict[Path, np.ndarray]) -> Extra:
    """The openness of left eye, right eye and mouth in each photograph, float32 [3].

    measured: file -> its openness [3], NaN if it is unknown (data.openness). Scaling and rotating do not change it;
    mirroring exchanges the eyes.
    """
    def of(sample: Sample) -> np.ndarray:
        values = measured[sample.path]
        return mirrored(values) if sample.transform.mirror else values

    return Extra((3,), of)


def _kept(cache: Cache, sample: Sample, what: str, make: Callable[[], np.ndarray]) -> np.ndarray:
    """Use the cache for plain and mirrored samples only: a random scale or angle does not come twice."""
    if sample.transform not in (Transform(), Transform(mirror=True)):
        return make()
    return cache(sample.path, what + ('-mirrored' if sample.transform.mirror else ''), make)


def _superpixel(sample: Sample) -> np.ndarray:
    return flatten_regions(images.to_unit(sample.picture))


def _shape(features: Features, size: int) -> tuple:
    return features(np.zeros((1, size, size, 3), np.float32)).shape[1:]
