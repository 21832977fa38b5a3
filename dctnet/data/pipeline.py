"""Training batches through tf.data. Order and augmentation are a pure function of (seed, step): resuming is exact."""
import math
import threading
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from dctnet import images
from dctnet.compat import tf, without_autotune
from dctnet.data import geometry
from dctnet.data.cache import Cache
from dctnet.distributed import Communicator
from dctnet.stage import Feed

_PREFETCHED_BATCHES = 2
_THREAD = threading.local()


class Sample(NamedTuple):
    """One training image, uint8 [size, size, 3] BGR; its file; and the transform that was applied."""
    picture: np.ndarray
    path: Path
    transform: geometry.Transform


class Extra(NamedTuple):
    """An array that goes with every sample of the first domain: its shape, and the function that computes it, float32,
    from the sample."""
    shape: Tuple[int, ...]
    of: Callable[[Sample], np.ndarray]


Sampler = Callable[[int], Sample]


class DomainSampler:
    """Sample k of a run from one domain, transformed at random (docs/recipe.md, "GEM").

    paths: image files of the domain; every epoch takes all of them, in a new random order.
    domain: 0 photographs, 1 exemplars, 2 generated samples. Domains are drawn independently of each other.
    size: side of the samples in pixels.
    seed: of the run.
    flip: mirror half of the images.
    preset: geometry expansion, one of geometry.PRESETS.
    cache: keeps the decoded images.
    """

    def __init__(self, paths: Sequence[Path], domain: int, size: int, seed: int, flip: bool,
                 preset: str = 'off', cache: Cache = Cache()) -> None:
        self._paths, self._domain, self._cache = list(paths), domain, cache
        self._size, self._seed, self._flip, self._preset = size, seed, flip, preset
        self._order = (-1, np.zeros(0, np.int64))

    def __call__(self, k: int) -> Sample:
        """Sample k, independent of earlier calls. Raises UserError if its file cannot be read."""
        path = self.path(k)
        rng = _seeded([self._seed, 2, self._domain, k & 0xffffffff, k >> 32])
        transform = geometry.drawn(self._preset, rng, self._flip)
        picture = self._cache(path, f'srgb-square-{self._size}',
                              lambda: images.read_square(path, self._size))
        return Sample(geometry.transformed(picture, transform), path, transform)

    def path(self, k: int) -> Path:
        """The file that sample k comes from."""
        epoch, position = divmod(k, len(self._paths))
        known, order = self._order  # one read, one write: safe between threads
        if known != epoch:
            order = np.random.RandomState([self._seed, 1, self._domain, epoch]).permutation(len(self._paths))
            self._order = (epoch, order)
        return self._paths[order[position]]


def _seeded(key: List[int]) -> np.random.RandomState:
    """RandomState(key), to be used before this thread's next call: seeding it anew takes a tenth of the time of another
    one."""
    if not hasattr(_THREAD, 'random'):
        _THREAD.random = np.random.RandomState()
    _THREAD.random.seed(key)
    return _THREAD.random


class MixedSampler:
    """Sample k of a run from two samplers of one domain.

    share: of the samples that come from the first, 0 to 1. They are spread evenly: every batch holds this share, to
    within one image.
    """

    def __init__(self, first: Sampler, second: Sampler, share: float) -> None:
        self._first, self._second, self._share = first, second, share

    def __call__(self, k: int) -> Sample:
        """Sample k, independent of earlier calls."""
        before, after = math.floor(k * self._share), math.floor((k + 1) * self._share)
        return self._first(before) if after > before else self._second(k - before)


class PictureFeed(NamedTuple):
    """The current batch.

    pictures: for each sampler, float32 [batch, size, size, 3] BGR in [-1, 1].
    extras: name -> float32 [batch, ...], the extra arrays of the first sampler's images.
    feed: how to load the next one.
    """
    pictures: List[tf.Tensor]
    extras: Dict[str, tf.Tensor]
    feed: Feed


def picture_feed(samplers: Sequence[Sampler], size: int, batch_size: int, workers: int,
                 extras: Dict[str, Extra], communicator: Communicator, micro_batches: int = 1) -> PictureFeed:
    """Batches of the samplers, decoded ahead of the training.

    samplers: one for each domain; the extras belong to the first one's images.
    size: side of the images in pixels.
    batch_size: images of a domain that go through the networks at once.
    workers: threads that decode.
    extras: name -> array that goes with each image of the first sampler.
    communicator: this process among those that train together. They share the samples of a step without overlap: rank r
        takes the r-th part.
    micro_batches: batches of batch_size images that this process takes in a step.

    The images of a step stay in variables on the device, so that several runs of one step see the same ones. The next
    batch comes there while the step computes.
    """
    share = batch_size * micro_batches
    types = [tf.uint8] * len(samplers) + [tf.float32] * len(extras)
    shapes = [(size, size, 3)] * len(samplers) + [extra.shape for extra in extras.values()]
    failures: Dict[int, Exception] = {}

    def load(drawn: np.ndarray) -> List[np.ndarray]:
        step, place = divmod(int(drawn), share)
        k = (step * communicator.size + communicator.rank) * share + place
        try:
            samples = [sampler(k) for sampler in samplers]
            return [sample.picture for sample in samples] + [extra.of(samples[0]) for extra in extras.values()]
        except Exception as error:  # told when the step comes for which it is, with its own traceback
            failures.setdefault(step, error)
            return [np.zeros(shape, kind.as_numpy_dtype) for shape, kind in zip(shapes, types)]

    first = tf.placeholder(tf.int64, [], name='first_sample')
    dataset = tf.data.Dataset.range(first, np.iinfo(np.int64).max)
    dataset = dataset.map(lambda k: tuple(tf.numpy_function(load, [k], types)), num_parallel_calls=workers)
    dataset = dataset.batch(share, drop_remainder=True).prefetch(_PREFETCHED_BATCHES).with_options(without_autotune())
    iterator = tf.data.make_initializable_iterator(dataset)
    fetched = iterator.get_next()
    for tensor, shape in zip(fetched, shapes):
        tensor.set_shape((share,) + shape)

    # Outside the global collection: a batch belongs to no checkpoint.
    staged = [tf.get_variable(f'staged_batch_{i}', (share,) + shape, tf.float32, tf.zeros_initializer(),
                              trainable=False, collections=[tf.GraphKeys.LOCAL_VARIABLES])
              for i, shape in enumerate(shapes)]
    current = [variable.read_value() for variable in staged]
    following = [_unit(tensor) if tensor.dtype == tf.uint8 else tensor for tensor in fetched]
    with tf.control_dependencies(current):  # a run that loads the next batch has read this one
        load_op = tf.group(*[variable.assign(tensor) for variable, tensor in zip(staged, following)])
    clear_op = tf.variables_initializer(staged)

    def start(session: tf.Session, step: int) -> None:
        session.run(clear_op)
        session.run(iterator.initializer, {first: step * share})

    micro_batch = tf.placeholder_with_default(0, [], name='micro_batch') if micro_batches > 1 else None

    def of_micro_batch(tensor: tf.Tensor) -> tf.Tensor:
        if micro_batch is None:
            return tensor
        shape = tensor.shape.as_list()
        return tf.slice(tensor, [micro_batch * batch_size] + [0] * (len(shape) - 1), [batch_size] + shape[1:])

    parts = [of_micro_batch(tensor) for tensor in current]
    return PictureFeed(parts[:len(samplers)], dict(zip(extras, parts[len(samplers):])),
                       Feed(load_op, start, micro_batches, micro_batch, failures))


def _unit(pictures: tf.Tensor) -> tf.Tensor:
    """uint8 0-255 -> float32 in [-1, 1]."""
    return tf.cast(pictures, tf.float32) / 127.5 - 1.0


def preview_pictures(paths: Sequence[Path], size: int, count: int) -> np.ndarray:
    """The first images of a domain for the sample sheets, float32 [min(count, n), size, size, 3] BGR in [-1, 1]."""
    return np.stack([images.to_unit(images.read_square(path, size)) for path in paths[:count]])


def epochs(steps: int, batch_size: int, counts: Sequence[int]) -> List[float]:
    """How often each image is seen in a run of `steps`, for domains of `counts` images."""
    return [steps * batch_size / count for count in counts]
