"""Training batches through tf.data. Order and augmentation are a pure function of (seed, step): resuming is exact."""
from pathlib import Path
from typing import List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from dctnet import images
from dctnet.compat import tf
from dctnet.ops.superpixel import flatten_regions
from dctnet.stage import Feed

_PREFETCHED_BATCHES = 2


class PairSampler:
    """Sample k of a run: one photograph and one exemplar, drawn and mirrored independently of each other.

    Each domain runs through all its pictures in a new random order every epoch.
    """

    def __init__(self, photo: Sequence[Path], style: Sequence[Path], size: int, seed: int, flip: bool) -> None:
        self._domains = (list(photo), list(style))
        self._size, self._seed, self._flip = size, seed, flip
        self._orders = [(-1, np.zeros(0, np.int64)), (-1, np.zeros(0, np.int64))]

    def __call__(self, k: int) -> List[np.ndarray]:
        """[photo, style], each uint8 [size, size, 3] BGR."""
        return [self._picture(domain, int(k)) for domain in (0, 1)]

    def path(self, domain: int, k: int) -> Path:
        """The file that sample k takes from domain 0 (photo) or 1 (style)."""
        paths = self._domains[domain]
        epoch, position = divmod(k, len(paths))
        known, order = self._orders[domain]  # one read, one write: safe between threads
        if known != epoch:
            order = np.random.RandomState([self._seed, 1, domain, epoch]).permutation(len(paths))
            self._orders[domain] = (epoch, order)
        return paths[order[position]]

    def _picture(self, domain: int, k: int) -> np.ndarray:
        picture = images.square(images.read_bgr(self.path(domain, k)), self._size)
        low, high = k & 0xffffffff, k >> 32
        if self._flip and np.random.RandomState([self._seed, 2, domain, low, high]).randint(2):
            picture = picture[:, ::-1]
        return np.ascontiguousarray(picture)


class PairFeed(NamedTuple):
    """Tensors of the current batch, float32 [batch, size, size, 3] BGR in [-1, 1], and how to move on (stage.Feed)."""
    photo: 'tf.Tensor'
    style: 'tf.Tensor'
    photo_superpixel: 'Optional[tf.Tensor]'
    feed: Feed


def pair_feed(sampler: PairSampler, size: int, batch_size: int, workers: int, with_superpixels: bool) -> PairFeed:
    """Batches of a sampler, decoded by `workers` threads ahead of the training.

    The current batch stays in variables on the device, so that several runs of one step see the same pictures and the
    time spent waiting for data can be told apart. with_superpixels: also the SLIC regions of each photograph.
    """
    def load(k: np.ndarray) -> List[np.ndarray]:
        photo, style = sampler(int(k))
        if with_superpixels:
            return [photo, style, flatten_regions(images.to_unit(photo))]
        return [photo, style]

    types = [tf.uint8, tf.uint8] + [tf.float32] * with_superpixels
    first = tf.placeholder(tf.int64, [], name='first_sample')
    dataset = tf.data.Dataset.range(first, np.iinfo(np.int64).max)
    dataset = dataset.map(lambda k: tuple(tf.numpy_function(load, [k], types)), num_parallel_calls=workers)
    dataset = dataset.batch(batch_size, drop_remainder=True).prefetch(_PREFETCHED_BATCHES)
    iterator = tf.data.make_initializable_iterator(dataset)

    shape = [batch_size, size, size, 3]
    # Outside the global collection: a batch belongs to no checkpoint.
    staged = [tf.get_variable('staged_batch_{}'.format(i), shape, kind, tf.zeros_initializer(), trainable=False,
                              collections=[tf.GraphKeys.LOCAL_VARIABLES]) for i, kind in enumerate(types)]
    fetched = iterator.get_next()
    for tensor in fetched:
        tensor.set_shape(shape)
    load_op = tf.group(*[variable.assign(tensor) for variable, tensor in zip(staged, fetched)])
    clear_op = tf.variables_initializer(staged)

    def start(session: 'tf.Session', step: int) -> None:
        session.run(clear_op)
        session.run(iterator.initializer, {first: step * batch_size})

    photo, style = [tf.cast(staged[i], tf.float32) / 127.5 - 1.0 for i in (0, 1)]
    superpixel = tf.identity(staged[2]) if with_superpixels else None
    return PairFeed(photo, style, superpixel, Feed(load_op, start))


def preview_pictures(paths: Sequence[Path], size: int, count: int) -> np.ndarray:
    """The first pictures of a domain for the sample grids, float32 [min(count, n), size, size, 3] in [-1, 1]."""
    return np.stack([images.to_unit(images.square(images.read_bgr(path), size)) for path in paths[:count]])


def epochs(steps: int, batch_size: int, counts: Tuple[int, int]) -> Tuple[float, float]:
    """How often each of `counts` pictures is seen in a run of `steps`."""
    return steps * batch_size / counts[0], steps * batch_size / counts[1]
