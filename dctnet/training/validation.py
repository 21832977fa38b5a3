"""Measurements during `train.py ttn`: translations of validation photographs against the exemplars."""
import logging
from pathlib import Path
from typing import Callable, Dict, Optional, Sequence

import numpy as np

from dctnet import images
from dctnet.compat import tf
from dctnet.config import EvaluateConfig, TtnConfig
from dctnet.engine.evaluation import Evaluator
from dctnet.files.hashing import sha256_of_file, sha256_of_lines
from dctnet.metrics.edges import edge_agreement
from dctnet.metrics.features import embed_images, file_hashes, folder_hash
from dctnet.metrics.fid import frechet_distance_of_few
from dctnet.metrics.kid import kernel_distance
from dctnet.metrics.pairs import cosine
from dctnet.metrics.style_distance import colour_quantiles, quantile_distance, saturation, sharpness
from dctnet.metrics.style_gap import StyleGap, Vectors
from dctnet.metrics.style_vectors import style_vectors
from dctnet.nets import texture_network
from dctnet.nets.content_network import content_file
from dctnet.nets.pretrained import embedding_session, feature_network, identity_network

log = logging.getLogger(__name__)

LOWER_IS_BETTER = {'style': True, 'kid': True, 'fd': True, 'colour': True, 'id': False, 'edges': False}
Translate = Callable[[tf.Tensor], tf.Tensor]  # photographs [N, S, S, 3] BGR in [-1, 1] -> translations of that shape
_BATCH = 16
_COLOUR_SIDE = 128  # colours of a hundred exemplars at full size would fill the memory


class Embeddings:
    """The networks of KID and of ID, one graph if both are the same. Raises UserError if one is missing."""

    def __init__(self, config: EvaluateConfig, device: str) -> None:
        features, identity = feature_network(config.features), identity_network(config.identity_network)
        self.features, self.identity = features.file, identity.file
        networks = {network.file: network for network in (identity, features)}
        self._sides = {file: network.side for file, network in networks.items()}
        self._graphs = {file: embedding_session(network, device) for file, network in networks.items()}
        self.sha256 = sha256_of_lines(sha256_of_file(file) for file in (features.file, identity.file))

    def of(self, pictures: np.ndarray) -> Dict[Path, np.ndarray]:
        """Network's file -> vectors [N, D] of uint8 BGR images."""
        return {file: embed_images(pictures, self._graphs[file], side) for file, side in self._sides.items()}


class TtnEvaluator(Evaluator):
    """Measures translations by generators of the current graph. What photographs and exemplars have is computed once.

    config: of the training; config.evaluate says what and how often to measure.
    validation: photographs, at least two, read as the training reads its own.
    exemplars: images of the style, which translations are compared with.
    embeddings: the networks of KID and FD, and of ID.
    translators: name -> builder of a generator's output. The one of the name '' is the one that will be exported: it
        chooses the best checkpoint. The values of the others have their name behind them ('style_last').

    Warns if the network of KID is the content network, too. Raises UserError if an image cannot be read.
    """

    def __init__(self, config: TtnConfig, validation: Sequence[Path], exemplars: Sequence[Path],
                 embeddings: Embeddings, translators: Dict[str, Translate]) -> None:
        size = config.data.size
        hashes = [folder_hash(file_hashes(paths)) for paths in (validation, exemplars)]
        self.every, self.metric = config.evaluate.every, config.evaluate.best
        self.lower_is_better = LOWER_IS_BETTER[self.metric]
        self.fingerprint = sha256_of_lines(hashes + [embeddings.sha256, str(size)])
        self._photos, self._exemplars = _squares(validation, size), _squares(exemplars, size)
        self._translators = {name: Translator(size, config.data.batch_size, translate)
                             for name, translate in translators.items()}
        self._embeddings, self._texture = embeddings, texture_network.session(config.train.device)
        self._independent = not _hold_the_content(config, embeddings)
        self._style_features = self._style_colours = self._identities = np.zeros(0)
        self._gap: Optional[StyleGap] = None

    def prepare(self) -> None:
        """Features and colours of the exemplars, identities of the photographs, the gap between both. Logs the values
        of the untranslated photographs, which a translation must improve on, and the sharpness of the exemplars."""
        photos, exemplars = self._embeddings.of(self._photos), self._embeddings.of(self._exemplars)
        self._style_features = exemplars[self._embeddings.features]
        self._style_colours = _colours(self._exemplars)
        self._identities = photos[self._embeddings.identity]
        self._gap = StyleGap(self._style_vectors(self._photos, photos), self._style_vectors(self._exemplars, exemplars))
        untouched = self._values(self._photos)
        log.info('evaluation on %d photographs, which themselves have kid %.4g, fd %.4g, colour %.4g and sharpness '
                 '%.3g; the %d exemplars have sharpness %.3g', len(self._photos), untouched['kid'], untouched['fd'],
                 untouched['colour'], untouched['sharpness'], len(self._exemplars), _mean_sharpness(self._exemplars))
        log.info('style gap between both, 0 if they look alike: %s', ', '.join(
            f'{part} {distance:.2g}' for part, distance in self._gap.gaps.items()))

    def measure(self, session: tf.Session) -> Dict[str, float]:
        """Metric -> value: kid, fd, colour and the shares of the style gap against the exemplars, id and edges against
        the photographs, and saturation and sharpness; of each translator."""
        values = {}
        for name, translator in self._translators.items():
            found = self._values(translator(session, self._photos))
            log.info('%.0f %% of the style gap are closed%s', 100 * (1 - found['style']), name and f' ({name})')
            values.update({f'{metric}_{name}' if name else metric: value for metric, value in found.items()})
        return values

    def _values(self, results: np.ndarray) -> Dict[str, float]:
        vectors = self._embeddings.of(results)
        features = vectors[self._embeddings.features]
        assert self._gap, 'prepare comes before every measurement'
        shares = self._gap.left(self._style_vectors(results, vectors))
        return {'style': shares.pop('style'), **{'style_' + part: share for part, share in shares.items()},
                'kid': kernel_distance(features, self._style_features).value,
                'fd': frechet_distance_of_few(features, self._style_features),
                'id': float(cosine(vectors[self._embeddings.identity], self._identities).mean()),
                'colour': quantile_distance(_colours(results), self._style_colours),
                'edges': float(np.mean([edge_agreement(*pair) for pair in zip(self._photos, results)])),
                'saturation': saturation(results),
                'sharpness': _mean_sharpness(results)}

    def _style_vectors(self, pictures: np.ndarray, embedded: Dict[Path, np.ndarray]) -> Vectors:
        batches = (pictures[first:first + _BATCH] for first in range(0, len(pictures), _BATCH))
        vectors = style_vectors(batches, self._texture)
        return dict(vectors, features=embedded[self._embeddings.features]) if self._independent else vectors


class Translator:
    """A generator of the current graph as a function of (session, uint8 [N, size, size, 3] BGR) -> the same."""

    def __init__(self, size: int, batch_size: int, translate: Translate) -> None:
        self._batch_size = batch_size
        self._photos = tf.placeholder(tf.float32, [None, size, size, 3], name='validation_photos')
        self._output = translate(self._photos)

    def __call__(self, session: tf.Session, pictures: np.ndarray) -> np.ndarray:
        """Translate images, a batch at a time."""
        parts = [session.run(self._output, {self._photos: images.to_unit(pictures[first:first + self._batch_size])})
                 for first in range(0, len(pictures), self._batch_size)]
        return images.to_uint8(np.concatenate(parts))


def _hold_the_content(config: TtnConfig, embeddings: Embeddings) -> bool:
    """True, after a warning, if the network of KID and FD is the content network, too."""
    content = content_file(config.loss.content_network) if config.loss.content else None
    same = content is not None and content.resolve() == embeddings.features.resolve()
    if same:
        log.warning('loss.content_network and evaluate.features are the same network (%s): eval/kid and eval/fd '
                    'measure what the content term holds fixed, and eval/style leaves that network out; choose by '
                    'evaluate.best=style, or another network for one of them', config.loss.content_network)
    return same


def _squares(paths: Sequence[Path], size: int) -> np.ndarray:
    return np.stack([images.read_square(path, size) for path in paths])


def _colours(pictures: np.ndarray) -> np.ndarray:
    return colour_quantiles([images.square(picture, min(_COLOUR_SIDE, len(picture))) for picture in pictures])


def _mean_sharpness(pictures: np.ndarray) -> float:
    return float(np.mean([sharpness(picture) for picture in pictures]))
