"""Measurements during `train.py ttn`: translations of validation photographs against the exemplars."""
import logging
from pathlib import Path
from typing import Dict, Sequence

import numpy as np

from dctnet import images
from dctnet.compat import tf
from dctnet.config import EvaluateConfig, TtnConfig
from dctnet.engine.evaluation import Evaluator
from dctnet.files.hashing import sha256_of_file, sha256_of_lines
from dctnet.metrics.edges import edge_agreement
from dctnet.metrics.features import embed_images, file_hashes, folder_hash
from dctnet.metrics.kid import kernel_distance
from dctnet.metrics.pairs import cosine
from dctnet.metrics.style_distance import colour_quantiles, quantile_distance, saturation, sharpness
from dctnet.nets import unet
from dctnet.nets.pretrained import embedding_session, feature_network, identity_network

log = logging.getLogger(__name__)

LOWER_IS_BETTER = {'kid': True, 'colour': True, 'id': False, 'edges': False}
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
    """Measures translations by the generator of the current graph. The features of photographs and exemplars are
    computed once.

    config: of the training; config.evaluate says what and how often to measure.
    validation: photographs, at least two, read as the training reads its own.
    exemplars: images of the style, which translations are compared with.
    embeddings: the networks of KID and of ID.

    Raises UserError if an image cannot be read.
    """

    def __init__(self, config: TtnConfig, validation: Sequence[Path], exemplars: Sequence[Path],
                 embeddings: Embeddings) -> None:
        size = config.data.size
        hashes = [folder_hash(file_hashes(paths)) for paths in (validation, exemplars)]
        self.every, self.metric = config.evaluate.every, config.evaluate.best
        self.lower_is_better = LOWER_IS_BETTER[self.metric]
        self.fingerprint = sha256_of_lines(hashes + [embeddings.sha256, str(size)])
        self._photos, self._exemplars = _squares(validation, size), _squares(exemplars, size)
        self._translator, self._embeddings = Translator(size, config.model.channels, config.data.batch_size), embeddings
        self._style_features = self._style_colours = self._identities = np.zeros(0)

    def prepare(self) -> None:
        """Features and colours of the exemplars, identities of the photographs. Logs the values of the untranslated
        photographs, which a translation must improve on, and the sharpness of the exemplars."""
        self._style_features = self._embeddings.of(self._exemplars)[self._embeddings.features]
        self._style_colours = _colours(self._exemplars)
        self._identities = self._embeddings.of(self._photos)[self._embeddings.identity]
        untouched = self._values(self._photos)
        log.info('evaluation on %d photographs, which themselves have kid %.4g, colour %.4g and sharpness %.3g; the %d '
                 'exemplars have sharpness %.3g', len(self._photos), untouched['kid'], untouched['colour'],
                 untouched['sharpness'], len(self._exemplars), _mean_sharpness(self._exemplars))

    def measure(self, session: tf.Session) -> Dict[str, float]:
        """Metric -> value: kid and colour against the exemplars, id and edges against the photographs, and saturation
        and sharpness."""
        return self._values(self._translator(session, self._photos))

    def _values(self, results: np.ndarray) -> Dict[str, float]:
        vectors = self._embeddings.of(results)
        return {'kid': kernel_distance(vectors[self._embeddings.features], self._style_features).value,
                'id': float(cosine(vectors[self._embeddings.identity], self._identities).mean()),
                'colour': quantile_distance(_colours(results), self._style_colours),
                'edges': float(np.mean([edge_agreement(*pair) for pair in zip(self._photos, results)])),
                'saturation': saturation(results),
                'sharpness': _mean_sharpness(results)}


class Translator:
    """The generator of the current graph as a function of (session, uint8 [N, size, size, 3] BGR) -> the same."""

    def __init__(self, size: int, channels: int, batch_size: int) -> None:
        self._batch_size = batch_size
        self._photos = tf.placeholder(tf.float32, [None, size, size, 3], name='validation_photos')
        self._output = unet.translate(self._photos, channels)

    def __call__(self, session: tf.Session, pictures: np.ndarray) -> np.ndarray:
        """Translate images, a batch at a time."""
        parts = [session.run(self._output, {self._photos: images.to_unit(pictures[first:first + self._batch_size])})
                 for first in range(0, len(pictures), self._batch_size)]
        return images.to_uint8(np.concatenate(parts))


def _squares(paths: Sequence[Path], size: int) -> np.ndarray:
    return np.stack([images.square(images.read_bgr(path), size) for path in paths])


def _colours(pictures: np.ndarray) -> np.ndarray:
    return colour_quantiles([images.square(picture, min(_COLOUR_SIDE, len(picture))) for picture in pictures])


def _mean_sharpness(pictures: np.ndarray) -> float:
    return float(np.mean([sharpness(picture) for picture in pictures]))
