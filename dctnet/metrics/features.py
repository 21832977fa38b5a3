"""Features of a folder of pictures: streamed through a network, summed up, and kept for the next time."""
import hashlib
import logging
from pathlib import Path
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence
from zipfile import is_zipfile

import numpy as np

from dctnet import atomic, images
from dctnet.errors import UserError
from dctnet.metrics.fid import Gaussian, RunningStatistics

log = logging.getLogger(__name__)

RESIZE = 'centre square; INTER_AREA where it gets smaller, INTER_LINEAR (half-pixel centres) where it gets larger'
KEPT = 10000  # features kept for the kernel distance: 80 MB of Inception's
_BATCH = 16
_SMALLEST_SIDE = 16

Network = Callable[[np.ndarray], np.ndarray]  # float32 [N, side, side, 3] BGR in [-1, 1] -> [N, D]


class FolderFeatures(NamedTuple):
    """Statistics of all pictures, and the features [N, D] float32 of the first KEPT in the order of their hashes."""
    gaussian: Gaussian
    kept: np.ndarray


def file_hashes(paths: Sequence[Path]) -> Dict[Path, str]:
    """Path -> sha256 of the file, in the order of the hashes: independent of the names."""
    found = {}
    for path in paths:
        try:
            found[path] = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise UserError(f'cannot read {path}: {error.strerror}') from error
    return dict(sorted(found.items(), key=lambda item: (item[1], item[0].name)))


def folder_hash(hashes: Dict[Path, str]) -> str:
    """One sha256 of all files; the same whatever their names."""
    return hashlib.sha256('\n'.join(sorted(hashes.values())).encode()).hexdigest()


def batches_of_features(paths: Sequence[Path], network: Network, side: int) -> Iterator[np.ndarray]:
    """float64 [up to 16, D] at a time. Raises UserError where a picture cannot be read or gives no finite features."""
    for first in range(0, len(paths), _BATCH):
        some = paths[first:first + _BATCH]
        features = np.asarray(network(read_squares(some, side)), np.float64)
        damaged = [str(path) for path, row in zip(some, features) if not np.isfinite(row).all()]
        if damaged:
            raise UserError(f"the network gives no finite features for {', '.join(damaged[:5])}: look at the picture; "
                            'where it is right, the weights are damaged')
        yield features


def picture_features(pictures: Sequence[np.ndarray], network: Network, side: int) -> np.ndarray:
    """float64 [N, D] of uint8 [H, W, 3] BGR pictures in memory. Raises UserError where one is no finite number."""
    found = np.concatenate([np.asarray(network(_squares(pictures[first:first + _BATCH], side)), np.float64)
                            for first in range(0, len(pictures), _BATCH)])
    if not np.isfinite(found).all():
        raise UserError('the feature network gives values that are no finite numbers: its weights are damaged')
    return found


def read_squares(paths: Sequence[Path], side: int) -> np.ndarray:
    """float32 [N, side, side, 3] BGR in [-1, 1]. Raises UserError where a picture cannot be read or is too small to
    show a face."""
    pictures = [images.read_bgr(path) for path in paths]
    for path, picture in zip(paths, pictures):
        if min(picture.shape[:2]) < _SMALLEST_SIDE:
            raise UserError('{} is only {}x{} pixels: remove it'.format(path, *picture.shape[1::-1]))
    return _squares(pictures, side)


def _squares(pictures: Sequence[np.ndarray], side: int) -> np.ndarray:
    return np.stack([images.to_unit(images.square(picture, side)) for picture in pictures])


def folder_features(hashes: Dict[Path, str], network: Network, side: int, key: str, cache: Path) -> FolderFeatures:
    """Features of the pictures of `file_hashes`, two at least. key: what else they depend on (network, versions).

    cache: folder where they are kept, under a hash of files and key. Raises UserError as `batches_of_features` does.
    """
    name = hashlib.sha256('\n'.join([folder_hash(hashes), key, str(side), RESIZE, str(KEPT)]).encode()).hexdigest()
    file = cache / (name[:32] + '.npz')
    known = _read(file, len(hashes))
    if known is not None:
        return known
    statistics: Optional[RunningStatistics] = None
    kept: List[np.ndarray] = []
    for features in batches_of_features(list(hashes), network, side):
        statistics = statistics or RunningStatistics(features.shape[1])
        statistics.add(features)
        room = KEPT - sum(len(part) for part in kept)
        if room > 0:
            kept.append(features[:room].astype(np.float32))
    found = FolderFeatures(statistics.result(), np.concatenate(kept))
    atomic.write_arrays(file, dict(found.gaussian._asdict(), kept=found.kept))
    return found


def _read(file: Path, count: int) -> Optional[FolderFeatures]:
    """None where there is no such file, or a damaged one: nothing is lost but time."""
    try:
        with file.open('rb') as stream:
            if not is_zipfile(stream):  # numpy 1.18 prints a traceback of its own
                raise ValueError('it is no zip archive')
        with np.load(str(file)) as arrays:
            found = FolderFeatures(Gaussian(int(arrays['count']), arrays['mean'], arrays['covariance']), arrays['kept'])
        size, = found.gaussian.mean.shape
        if (found.gaussian.count, found.gaussian.covariance.shape, found.kept.shape) != (
                count, (size, size), (min(count, KEPT), size)):
            raise ValueError(f'its arrays do not fit {count} pictures')
        if not all(np.isfinite(array).all() for array in (found.gaussian.mean, found.gaussian.covariance, found.kept)):
            raise ValueError('it holds values that are no finite numbers')
        return found
    except FileNotFoundError:
        return None
    except Exception as error:  # numpy and zipfile signal a damaged file by many kinds
        log.warning('%s is damaged and computed anew (%s)', file, error)
        return None
