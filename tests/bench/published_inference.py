"""The published order of operations for a whole picture (docs/recipe.md, "Fusion"), one picture after the other.

The yardstick of a folder's throughput. Detector, sizes and points are ours, so that only the way of running differs: a
session of default options for each graph, each step after the one before, heads and masks warped to the whole picture
and blended there. The graphs are as published, too, whose guided filter is made of depthwise convolutions, or ours.
"""
from pathlib import Path
from typing import Dict
from unittest import mock

import cv2
import numpy as np

from dctnet import frozen, images
from dctnet.compat import tf
from dctnet.exporters.model_folder import write_model_folder
from dctnet.face import alignment
from dctnet.face.detector import FaceDetector
from dctnet.inference import fusion, model_folder
from dctnet.nets import unet
from tests.bench import baseline

_SHORT_SIDE = 720


def write_published_model(weights: Dict[str, np.ndarray], folder: Path) -> None:
    """A model folder of the generator with the published guided filter."""
    def translate(photo: tf.Tensor, channels: int) -> tf.Tensor:
        return baseline.guided_filter(photo, unet.unet(photo, channels), 1, 1e-2)

    with mock.patch.object(unet, 'translate', translate):
        write_model_folder(weights, 'published', folder, {})


class PublishedInference:
    """Called with a picture's file and the file to write; returns how many faces it found."""

    def __init__(self, model: Path) -> None:
        self._head, self._background = [_session(model / name) for name in (
            model_folder.HEAD_NAME, model_folder.BACKGROUND_NAME)]
        mask = cv2.imread(str(model / model_folder.MASK_NAME), cv2.IMREAD_GRAYSCALE)
        self._mask = alignment.mask_from_image(mask)
        self._detector = FaceDetector()

    def __call__(self, source: Path, target: Path) -> int:
        """Read, find faces, translate the whole, translate and blend each head, scale back, write."""
        image = cv2.imread(str(source))
        small = fusion.resize(image, *fusion.reduced_size(image.shape[0], image.shape[1], _SHORT_SIDE))
        faces = self._detector.detect(small)
        height, width = small.shape[:2]
        multiple = fusion.PAD_MULTIPLE
        padded = cv2.copyMakeBorder(small, 0, -height % multiple, 0, -width % multiple, cv2.BORDER_CONSTANT,
                                    value=(255, 255, 255))
        picture = _run(self._background, padded)[:height, :width].astype(np.float32)
        for face in faces:
            inverse = alignment.crop_to_image(alignment.five_points(small, face.landmarks))
            head = _run(self._head, alignment.head_crop(small, inverse)).astype(np.float32)
            whole_head = cv2.warpAffine(head, inverse, (width, height), borderValue=(255, 255, 255))
            whole_mask = cv2.warpAffine(self._mask, inverse, (width, height))[:, :, None]
            picture = whole_mask * whole_head + (1 - whole_mask) * picture
        result = fusion.resize(picture, *image.shape[:2])
        images.write_bgr(target, np.clip(np.rint(result), 0, 255).astype(np.uint8))
        return len(faces)


def _session(path: Path) -> tf.Session:
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(frozen.read_graph(path), name='')
    return tf.Session(graph=graph)


def _run(session: tf.Session, picture: np.ndarray) -> np.ndarray:
    return session.run(frozen.TRANSLATOR_OUTPUT, {frozen.TRANSLATOR_INPUT: picture.astype(np.float32)})
