"""Features of folders by one network; FID and KID of results against style pictures, as entries of the report of
dctnet.evaluate."""
from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Optional

from dctnet.files.hashing import sha256_of_file
from dctnet.metrics import features, fid, kid

if TYPE_CHECKING:  # the real import waits until the folders have been checked: it loads TensorFlow
    from dctnet.nets.pretrained import EmbeddingNetwork

log = logging.getLogger(__name__)


class FolderEmbedding:
    """A network that gives features of folders, which are kept for the next time.

    network: gives the features.
    device: 'auto', 'cpu' or 'gpu'.
    cache: folder that keeps them.
    """

    def __init__(self, network: EmbeddingNetwork, device: str, cache: Path) -> None:
        from dctnet.compat import TENSORFLOW_VERSION
        from dctnet.nets.pretrained import embedding_session
        digest = sha256_of_file(network.file)
        self._graph, self._side, self._cache = embedding_session(network, device), network.side, cache
        self._key = f'sha256 {digest} {network.kind} TensorFlow {TENSORFLOW_VERSION}'
        self.description = {'network': network.kind, 'network_sha256': digest, 'side': network.side,
                            'resize': features.RESIZE}

    def of(self, hashes: Dict[Path, str]) -> features.FolderFeatures:
        """The features of files (`features.file_hashes`). Raises UserError if an image cannot be used."""
        return features.folder_features(hashes, self._graph, self._side, self._key, self._cache)

    def close(self) -> None:
        """Free the session's memory."""
        self._graph.close()


def feature_distances(embedding: FolderEmbedding, styles: Dict[Path, str], results: Dict[str, Dict[Path, str]],
                      errors: bool = False) -> Dict[str, Any]:
    """The entries fid and kid of the report.

    styles: files of the style pictures and their hashes (`features.file_hashes`). results: method -> files and hashes
    of its results. errors: also the standard error of FID. Raises UserError if an image cannot be used.
    """
    against = embedding.of(styles)
    found: Dict[str, Dict[str, Any]] = {'fid': {}, 'kid': {}}
    for name, hashes in results.items():
        log.info('%s: features of %d pictures', name, len(hashes))
        ours = embedding.of(hashes)
        warning = _few(ours.gaussian, against.gaussian)
        if warning:
            log.warning('%s: %s', name, warning)
        found['fid'][name] = {'value': fid.frechet_distance(ours.gaussian, against.gaussian),
                              'pictures': ours.gaussian.count, 'warning': warning}
        if errors:
            found['fid'][name]['standard_error'] = fid.standard_error(ours.kept, against.gaussian)
        distance = kid.kernel_distance(ours.kept, against.kept)
        found['kid'][name] = dict(distance._asdict(), pictures=len(ours.kept), style_pictures=len(against.kept))
    computed_on = dict(embedding.description, dimension=len(against.gaussian.mean),
                       style_pictures=against.gaussian.count)
    return {'fid': {'computed_on': computed_on, 'results': found['fid']},
            'kid': {'computed_on': dict(computed_on, kernel='(x.y / dimension + 1)^3, unbiased'),
                    'results': found['kid']}}


def _few(ours: fid.Gaussian, styles: fid.Gaussian) -> Optional[str]:
    few = [f'{side.count} {name}' for side, name in ((ours, 'results'), (styles, 'style pictures'))
           if side.count <= len(side.mean)]
    return (f"{' and '.join(few)} for {len(ours.mean)} features: a covariance is singular and FID much too high; "
            'compare it with none of another N' if few else None)
