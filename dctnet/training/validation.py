"""What `train.py ttn` measures during the training: translations of validation photographs against the exemplars."""
import hashlib
import logging
from pathlib import Path
from typing import Callable, Dict, List, Sequence

import numpy as np

from dctnet import images
from dctnet.compat import tf
from dctnet.config import EvaluateConfig, TtnConfig
from dctnet.engine.evaluation import Measuring
from dctnet.metrics.edges import edge_agreement
from dctnet.metrics.features import file_hashes, folder_hash, picture_features
from dctnet.metrics.kid import kernel_distance
from dctnet.metrics.pairs import cosine
from dctnet.metrics.style_distance import colour_quantiles, quantile_distance, saturation, sharpness
from dctnet.nets import unet
from dctnet.nets.pretrained import feature_network, identity_network, picture_network

log = logging.getLogger(__name__)

LOWER_IS_BETTER = {'kid': True, 'colour': True, 'id': False, 'edges': False}
_FACE_SIDE = 256
_COLOUR_SIDE = 128  # colours of a hundred exemplars at full size would fill the memory


class Embeddings:
    """The networks of KID and of ID, one graph where both are the same. Raises UserError where one is missing."""

    def __init__(self, config: EvaluateConfig, device: str) -> None:
        network, faces = feature_network(config.features), identity_network(config.identity_network)
        self.features, self.identity = network.file, faces.file
        self._sides = {faces.file: _FACE_SIDE, network.file: network.side}
        parts = {faces.file: faces.embed, network.file: network.embed}
        self._graphs = {file: picture_network(parts[file], side, device) for file, side in self._sides.items()}
        self.sha256 = _hash([hashlib.sha256(file.read_bytes()).hexdigest() for file in (network.file, faces.file)])

    def of(self, pictures: Sequence[np.ndarray]) -> Dict[Path, np.ndarray]:
        """Network's file -> vectors [N, D] of uint8 BGR pictures."""
        return {file: picture_features(pictures, self._graphs[file], side) for file, side in self._sides.items()}


def measuring(config: TtnConfig, validation: Sequence[Path], exemplars: Sequence[Path], embed: Embeddings) -> Measuring:
    """The measurements of config.evaluate, of the generator in the current graph.

    validation: photographs, two at least, read as the training reads its own. exemplars: what translations are held
    against. Call it after the stage is built: operations before the generator's would change its starting weights.
    Raises UserError where a picture cannot be read.
    """
    translate = translator(config.data.size, config.model.channels, config.data.batch_size)
    hashes = [folder_hash(file_hashes(paths)) for paths in (validation, exemplars)]
    size = config.data.size
    evaluation = TtnEvaluation(_squares(validation, size), _squares(exemplars, size), translate, embed)
    return Measuring(evaluation.prepare, evaluation.measure, config.evaluate.every, config.evaluate.best,
                     LOWER_IS_BETTER[config.evaluate.best], _hash(hashes + [embed.sha256, str(size)]))


def translator(size: int, channels: int, batch_size: int) -> Callable[[tf.Session, np.ndarray], np.ndarray]:
    """The generator of the current graph as a function of (session, uint8 [N, size, size, 3] BGR) -> the same."""
    photos = tf.placeholder(tf.float32, [None, size, size, 3], name='validation_photos')
    output = unet.translate(photos, channels)

    def translate(session: tf.Session, pictures: np.ndarray) -> np.ndarray:
        parts = [session.run(output, {photos: images.to_unit(pictures[first:first + batch_size])})
                 for first in range(0, len(pictures), batch_size)]
        return images.to_uint8(np.concatenate(parts))
    return translate


class TtnEvaluation:
    """Measures translations of photographs; what it needs to know of photographs and exemplars, it learns once.

    photos, exemplars: uint8 [N, size, size, 3] BGR. translate: session and pictures -> pictures.
    """

    def __init__(self, photos: np.ndarray, exemplars: np.ndarray,
                 translate: Callable[[tf.Session, np.ndarray], np.ndarray], embed: Embeddings) -> None:
        self._photos, self._exemplars, self._translate, self._embed = photos, exemplars, translate, embed
        self._style_features = self._style_colours = self._identities = np.zeros(0)

    def prepare(self) -> None:
        """Features and colours of the exemplars, identities of the photographs. Logs what the photographs themselves
        would measure, which a translation has to be better than, and the sharpness of the exemplars."""
        self._style_features = self._embed.of(self._exemplars)[self._embed.features]
        self._style_colours = _colours(self._exemplars)
        self._identities = self._embed.of(self._photos)[self._embed.identity]
        untouched = self._measured(self._photos)
        log.info('evaluation on %d photographs, which themselves have kid %.4g, colour %.4g and sharpness %.3g; the %d '
                 'exemplars have sharpness %.3g', len(self._photos), untouched['kid'], untouched['colour'],
                 untouched['sharpness'], len(self._exemplars), _mean_sharpness(self._exemplars))

    def measure(self, session: tf.Session) -> Dict[str, float]:
        """kid and colour against the exemplars, id and edges against the photographs, and saturation and sharpness."""
        return self._measured(self._translate(session, self._photos))

    def _measured(self, results: np.ndarray) -> Dict[str, float]:
        vectors = self._embed.of(results)
        return {'kid': kernel_distance(vectors[self._embed.features], self._style_features).value,
                'id': float(cosine(vectors[self._embed.identity], self._identities).mean()),
                'colour': quantile_distance(_colours(results), self._style_colours),
                'edges': float(np.mean([edge_agreement(*pair) for pair in zip(self._photos, results)])),
                'saturation': saturation(results),
                'sharpness': _mean_sharpness(results)}


def _squares(paths: Sequence[Path], size: int) -> np.ndarray:
    return np.stack([images.square(images.read_bgr(path), size) for path in paths])


def _colours(pictures: Sequence[np.ndarray]) -> np.ndarray:
    return colour_quantiles([images.square(picture, min(_COLOUR_SIDE, len(picture))) for picture in pictures])


def _mean_sharpness(pictures: Sequence[np.ndarray]) -> float:
    return float(np.mean([sharpness(picture) for picture in pictures]))


def _hash(words: List[str]) -> str:
    return hashlib.sha256('\n'.join(words).encode()).hexdigest()
