"""SLIC superpixels: every region filled with its mean colour (docs/recipe.md, "TTN": content loss)."""
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Tuple

import numpy as np
from skimage.segmentation import slic

from dctnet.compat import tf
from dctnet.parallel import core_count

SEGMENTS, COMPACTNESS, SIGMA = 200, 10, 1


def flatten_regions(image: np.ndarray) -> np.ndarray:
    """float32 [H, W, 3] in [-1, 1] -> the same shape, each of about 200 SLIC regions filled with its mean colour."""
    labels = slic(image, n_segments=SEGMENTS, sigma=SIGMA, compactness=COMPACTNESS, start_label=1).ravel()
    counts = np.maximum(np.bincount(labels), 1)
    flat = image.reshape(-1, 3)
    means = np.stack([np.bincount(labels, flat[:, c]) / counts for c in range(3)], axis=1)
    return means[labels].reshape(image.shape).astype(np.float32)


def superpixels(images: tf.Tensor) -> Tuple[tf.Tensor, tf.Tensor]:
    """Superpixels of a batch inside the graph, on all cores of the host; no gradient flows back.

    images: float32 [N, H, W, 3] in [-1, 1]. Returns the superpixels, of the same shape, and the seconds that they took,
    a scalar.
    """
    pool = ThreadPoolExecutor(core_count())  # threads: SLIC releases the interpreter lock

    def on_host(batch: np.ndarray) -> Tuple[np.ndarray, np.float32]:
        start = time.perf_counter()
        result = np.stack(list(pool.map(flatten_regions, batch)))
        return result, np.float32(time.perf_counter() - start)

    flat, seconds = tf.numpy_function(on_host, [images], [tf.float32, tf.float32])
    flat.set_shape(images.shape)
    seconds.set_shape([])
    return tf.stop_gradient(flat), seconds
