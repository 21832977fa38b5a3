"""Scores of results against their photos: identity, edges and LPIPS; and, as a chance level, against another image's
photo."""
from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Sequence, Tuple

import numpy as np

from dctnet import images
from dctnet.errors import UserError
from dctnet.metrics import features
from dctnet.metrics.edges import edge_agreement

if TYPE_CHECKING:  # the real imports wait until the folders have been checked: they load TensorFlow
    from dctnet.frozen import FrozenGraph

log = logging.getLogger(__name__)

SIDE = 256  # of the squares that identity and LPIPS are measured on
_BATCH = 16
Pair = Tuple[Path, Path]  # a result and its photo
Scores = Dict[str, Tuple[np.ndarray, np.ndarray]]  # method -> [N] with the own photo, [N] with the next one's


def identity_scores(embed: FrozenGraph, side: int, pairs: Dict[str, List[Pair]]) -> Scores:
    """Cosine of the embeddings; embed: squares of `side` pixels -> [N, D]. Raises UserError if an image cannot be read
    or embedded."""
    def embed_files(paths: List[Path]) -> np.ndarray:
        return np.concatenate(list(features.batches_of_features(paths, embed, side)))
    photos = sorted({photo for method_pairs in pairs.values() for _, photo in method_pairs})
    embeddings = dict(zip(photos, embed_files(photos)))
    scores = {}
    for name, method_pairs in pairs.items():
        log.info('%s: identity of %d pictures', name, len(method_pairs))
        of_results = embed_files([result for result, _ in method_pairs])
        of_photos = np.stack([embeddings[photo] for _, photo in method_pairs])
        scores[name] = cosine(of_results, of_photos), cosine(of_results, np.roll(of_photos, -1, axis=0))
    return scores


def edge_scores(pairs: Dict[str, List[Pair]]) -> Scores:
    """Agreement of the edges. Raises UserError if an image cannot be read."""
    scores = {}
    for name, method_pairs in pairs.items():
        agreements = []
        for (result, photo), (_, other) in zip(method_pairs, method_pairs[1:] + method_pairs[:1]):
            image = images.read_bgr(result)
            agreements.append([edge_agreement(images.read_bgr(path), image) for path in (photo, other)])
        own, others = np.array(agreements).T
        scores[name] = own, others
    return scores


def lpips_scores(network: FrozenGraph, pairs: Dict[str, List[Pair]]) -> Scores:
    """Distance by LPIPS (a graph of nets.lpips): how different two images look. Raises UserError if an image
    cannot be read, or if the graph gives something else than a finite number a pair."""
    scores = {}
    for name, method_pairs in pairs.items():
        log.info('%s: LPIPS of %d pictures', name, len(method_pairs))
        results, photos = [path for path, _ in method_pairs], [path for _, path in method_pairs]
        scores[name] = _distances(network, photos, results), _distances(network, photos[1:] + photos[:1], results)
    return scores


def _distances(network: FrozenGraph, photos: Sequence[Path], results: Sequence[Path]) -> np.ndarray:
    batches = []
    for first in range(0, len(results), _BATCH):
        sides = [features.read_squares(paths[first:first + _BATCH], SIDE) for paths in (photos, results)]
        distances = np.asarray(network(*sides), np.float64)
        if distances.shape != (len(sides[0]),) or not np.isfinite(distances).all():
            raise UserError(f'the graph of --lpips gives no finite number a pair ({results[first]}, shape '
                            f'{list(distances.shape)}): make it anew with data_tools.import_weights lpips')
        batches.append(distances)
    return np.concatenate(batches)


def summary(own: np.ndarray, other: np.ndarray) -> Dict[str, Any]:
    """The entry of the report: means of the scores [N] with the own photo and with another's, and the standard error of
    the first; None for what one image does not tell."""
    several = len(own) > 1
    return {'value': float(own.mean()), 'other_photo': float(other.mean()) if several else None,
            'standard_error': float(own.std(ddof=1) / np.sqrt(len(own))) if several else None, 'pictures': len(own)}


def cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Embeddings [N, D] of images and of their twins -> [N] in [-1, 1]; 1 = the same (the paper's Table 1, ID)."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.sum(a * b, axis=1) / np.maximum(norms, 1e-9)
