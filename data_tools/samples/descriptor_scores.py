"""Scores of generated faces by dlib's descriptor network: the identity they keep, and their distance to exemplars."""
from typing import Iterable, Iterator, List

import numpy as np

from dctnet import images
from dctnet.compat import tf
from dctnet.errors import UserError
from dctnet.face.installed_models import DESCRIPTOR, installed_model
from dctnet.frozen import FrozenGraph
from dctnet.metrics.pairs import cosine
from dctnet.nets import dlib_descriptor
from dctnet.nets.dlib_file import read_descriptor_weights
from dctnet.nets.pretrained import embedding_session, identity_network

_SIDE = 256
_NEAREST = 5
_BATCH = 16


class IdentityScore:
    """Cosine of dlib's face descriptors of an image and its twin: 1 = the same."""

    def __init__(self, device: str) -> None:
        self._network = embedding_session(identity_network('dlib'), device)

    def __call__(self, faces: List[np.ndarray], twins: List[np.ndarray]) -> np.ndarray:
        """uint8 BGR aligned faces of any size -> [N]."""
        return cosine(_run(self._network, faces), _run(self._network, twins))


class StyleDistance:
    """Distance to style exemplars in the first levels of the network: mean and deviation over the image of each
    feature, in deviations of the exemplars; the mean of the five nearest exemplars. 1 is what the exemplars have among
    themselves (median).

    exemplars: uint8 BGR, aligned faces of the samples' size: at least two, not all the same.
    """

    def __init__(self, exemplars: Iterable[np.ndarray], device: str) -> None:
        weights = read_descriptor_weights(installed_model(DESCRIPTOR))
        with tf.Graph().as_default() as graph:
            image = tf.placeholder(tf.float32, [None, _SIDE, _SIDE, 3], name='image')
            moments = [tf.nn.moments(level, axes=[1, 2]) for level in dlib_descriptor.first_levels(image, weights)]
            tf.concat([part for mean, variance in moments for part in (mean, tf.sqrt(variance))], axis=1,
                      name='statistics')
        self._network = FrozenGraph(graph.as_graph_def(), ['image:0'], ['statistics:0'], device)
        statistics = _run(self._network, exemplars)
        deviation = statistics.std(axis=0)
        # Not exactly 0 for one image many times: threads add up in another order from one row of a batch to the next.
        if deviation.mean() < 1e-4 * np.abs(statistics).mean():
            raise UserError('the exemplars are one picture, or all the same: name a folder of at least two different '
                            'ones with --exemplars')
        # Features that hardly vary among the exemplars would outweigh all others.
        self._scale = 1.0 / np.maximum(deviation, 0.1 * deviation.mean())
        self._exemplars = statistics * self._scale
        self._usual = float(np.median([_nearest(np.delete(self._exemplars, i, axis=0), self._exemplars[i])
                                       for i in range(len(self._exemplars))]))

    def __call__(self, faces: List[np.ndarray]) -> np.ndarray:
        """uint8 BGR aligned faces of any size -> [N]."""
        scaled = _run(self._network, faces) * self._scale
        return np.array([_nearest(self._exemplars, statistics) / self._usual for statistics in scaled])


def _nearest(points: np.ndarray, point: np.ndarray) -> float:
    distances = np.sqrt(np.mean(np.square(points - point), axis=1))
    return float(np.sort(distances)[:_NEAREST].mean())


def _run(network: FrozenGraph, faces: Iterable[np.ndarray]) -> np.ndarray:
    """The network's answers, float64 [N, features]."""
    return np.concatenate([network(batch) for batch in _batches(faces)]).astype(np.float64)


def _batches(faces: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    waiting: List[np.ndarray] = []
    for face in faces:
        waiting.append(images.to_unit(images.square(face, _SIDE)))
        if len(waiting) == _BATCH:
            yield np.stack(waiting)
            waiting = []
    if waiting:
        yield np.stack(waiting)
