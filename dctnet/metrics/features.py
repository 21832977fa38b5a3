"""Features of a folder of images: streamed through a network, summed up, and kept for the next time."""
from itertools import chain
from pathlib import Path
from typing import Callable, Dict, Iterable, Iterator, List, NamedTuple, Sequence, Union

import numpy as np

from dctnet import images
from dctnet.errors import UserError
from dctnet.files import atomic, kept_file
from dctnet.files.hashing import sha256_of_file, sha256_of_lines
from dctnet.metrics.fid import Gaussian, RunningStatistics

RESIZE = 'centre square; INTER_AREA where it gets smaller, INTER_LINEAR (half-pixel centres) where it gets larger'
KEPT = 10000  # features kept for the kernel distance: 80 MB of Inception's
_BATCH = 16
_SMALLEST_SIDE = 16

Network = Callable[[np.ndarray], np.ndarray]  # float32 [N, side, side, 3] BGR in [-1, 1] -> [N, D]


class FolderFeatures(NamedTuple):
    """Statistics of all images, and the features [N, D] float32 of the first KEPT in the order of their hashes."""
    gaussian: Gaussian
    kept: np.ndarray


def file_hashes(paths: Sequence[Path]) -> Dict[Path, str]:
    """Path -> sha256 of the file, in the order of the hashes: independent of the names."""
    hashes = {path: sha256_of_file(path) for path in paths}
    return dict(sorted(hashes.items(), key=lambda item: (item[1], item[0].name)))


def folder_hash(hashes: Dict[Path, str]) -> str:
    """One sha256 of all files; the same whatever their names."""
    return sha256_of_lines(sorted(hashes.values()))


def batches_of_features(paths: Sequence[Path], network: Network, side: int) -> Iterator[np.ndarray]:
    """float64 [up to 16, D] at a time. Raises UserError if an image cannot be read or gives no finite features."""
    for first in range(0, len(paths), _BATCH):
        batch = paths[first:first + _BATCH]
        features = np.asarray(network(read_squares(batch, side)), np.float64)
        damaged = [str(path) for path, row in zip(batch, features) if not np.isfinite(row).all()]
        if damaged:
            raise UserError(f"the network gives no finite features for {', '.join(damaged[:5])}: look at the picture; "
                            'if it is right, the weights are damaged')
        yield features


def embed_images(batch: Union[np.ndarray, Sequence[np.ndarray]], network: Network, side: int) -> np.ndarray:
    """float64 [N, D] of uint8 [H, W, 3] BGR images in memory. Raises UserError if one is no finite number."""
    features = np.concatenate([np.asarray(network(_squares(batch[first:first + _BATCH], side)), np.float64)
                               for first in range(0, len(batch), _BATCH)])
    if not np.isfinite(features).all():
        raise UserError('the feature network gives values that are no finite numbers: its weights are damaged')
    return features


def read_squares(paths: Sequence[Path], side: int) -> np.ndarray:
    """float32 [N, side, side, 3] BGR in [-1, 1]. Raises UserError if an image cannot be read or is too small to
    show a face."""
    batch = [images.read_bgr(path) for path in paths]
    for path, image in zip(paths, batch):
        if min(image.shape[:2]) < _SMALLEST_SIDE:
            raise UserError('{} is only {}x{} pixels: remove it'.format(path, *image.shape[1::-1]))
    return _squares(batch, side)


def _squares(batch: Iterable[np.ndarray], side: int) -> np.ndarray:
    return np.stack([images.to_unit(images.square(image, side)) for image in batch])


def folder_features(hashes: Dict[Path, str], network: Network, side: int, key: str, cache: Path) -> FolderFeatures:
    """Features of the images of a folder, two at least; computed once, then read from the cache.

    hashes: files and their hashes (`file_hashes`).
    network: gives the features.
    side: of the squares that it takes, in pixels.
    key: what else the features depend on (network, versions).
    cache: folder where they are kept, under a hash of files and key.
    Raises UserError as `batches_of_features` does.
    """
    file = cache / (sha256_of_lines([folder_hash(hashes), key, str(side), RESIZE, 'sRGB', str(KEPT)])[:32] + '.npz')
    features_before = kept_file.read_arrays(file, lambda arrays: _fitting(arrays, len(hashes)))
    if features_before is not None:
        return features_before
    batches = batches_of_features(list(hashes), network, side)
    first = next(batches)
    statistics = RunningStatistics(first.shape[1])
    kept: List[np.ndarray] = []
    for features in chain([first], batches):
        statistics.add(features)
        room = KEPT - sum(len(part) for part in kept)
        if room > 0:
            kept.append(features[:room].astype(np.float32))
    result = FolderFeatures(statistics.result(), np.concatenate(kept))
    atomic.write_arrays(file, dict(result.gaussian._asdict(), kept=result.kept))
    return result


def _fitting(arrays: Dict[str, np.ndarray], count: int) -> FolderFeatures:
    """Raises ValueError if the arrays are not those of `count` images."""
    features = FolderFeatures(Gaussian(int(arrays['count']), arrays['mean'], arrays['covariance']), arrays['kept'])
    size, = features.gaussian.mean.shape
    if (features.gaussian.count, features.gaussian.covariance.shape, features.kept.shape) != (
            count, (size, size), (min(count, KEPT), size)):
        raise ValueError(f'its arrays do not fit {count} pictures')
    if not all(np.isfinite(array).all() for array in (features.gaussian.mean, features.gaussian.covariance,
                                                      features.kept)):
        raise ValueError('it holds values that are no finite numbers')
    return features
