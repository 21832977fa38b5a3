"""Scores of every image of a folder: each measured once, as long as what it depends on stays the same."""
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, List, Sequence

import numpy as np

from dctnet import images
from dctnet.errors import UserError
from dctnet.files.hashing import sha256_of_bytes

from ..folders.sample_folder import TWINS, twin_file
from . import scores
from .descriptor_scores import IdentityScore, StyleDistance
from .score_cache import Measure, ScoreCache

log = logging.getLogger('scores')


def scores_of(paths: Sequence[Path], exemplars: Sequence[Path], workers: int, device: str) -> Dict[str, Dict[str, Any]]:
    """Measure the images of one folder. Returns name -> scores (selection.CRITERIA; None if there is none) and hash;
    {'error': text} for one that cannot be read.

    paths: the images.
    exemplars: for the style distance; empty for none.
    workers: images searched for faces at the same time.
    device: 'auto', 'cpu' or 'gpu'.
    Raises UserError if an exemplar cannot be read.
    """
    folder = paths[0].parent
    cache = ScoreCache(folder / 'scores_cache.json')
    stamps = {path.name: _stamp(path) for path in paths}
    looks = cache.measure('faces', stamps, lambda: _look_measure(folder, workers))
    good = [name for name in stamps if 'error' not in looks[name]]

    twins = {name: twin_file(folder / name) for name in good if twin_file(folder / name).exists()}
    if len(twins) < len(good):
        log.warning('%d of %d pictures have no twin in %s: no identity score for them', len(good) - len(twins),
                    len(good), folder / TWINS)
    identities = cache.measure('identity', {name: [stamps[name], _stamp(twin)] for name, twin in twins.items()},
                               lambda: _identity_measure(folder, device))
    distances: Dict[str, float] = {}
    if exemplars and good:
        size = images.read_bgr(folder / good[0]).shape[0]
        against = sha256_of_bytes(repr([size] + [(path.name, _stamp(path)) for path in exemplars]).encode())
        distances = cache.measure('style distance', {name: [stamps[name], against] for name in good},
                                  lambda: _style_measure(folder, exemplars, size, device))
    return {name: dict(look, identity=identities.get(name), style_distance=distances.get(name))
            for name, look in looks.items()}


def _stamp(path: Path) -> List[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _look_measure(folder: Path, workers: int) -> Measure:
    def look(name: str) -> Dict[str, Any]:
        try:
            return scores.look(images.read_bgr(folder / name))
        except UserError as error:
            return {'error': str(error)}

    def measure(names: Sequence[str]) -> List[Dict[str, Any]]:
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(look, names))
    return measure


def _identity_measure(folder: Path, device: str) -> Measure:
    score = IdentityScore(device)
    return lambda names: _rounded(score(*[[images.read_bgr(path) for path in paths] for paths in (
        [folder / name for name in names], [twin_file(folder / name) for name in names])]))


def _style_measure(folder: Path, exemplars: Sequence[Path], size: int, device: str) -> Measure:
    # At the samples' size: a larger exemplar would differ by its fine detail.
    score = StyleDistance((images.read_square(path, size) for path in exemplars), device)
    return lambda names: _rounded(score([images.read_bgr(folder / name) for name in names]))


def _rounded(values: np.ndarray) -> List[float]:
    """Beyond these digits they depend on which images share a batch."""
    return [round(float(value), 5) for value in values]
