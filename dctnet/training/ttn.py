"""`train.py ttn`: from its inputs to a trained run; connects data, model and engine."""
import logging
from functools import partial
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np

from dctnet import frozen
from dctnet.compat import tf
from dctnet.config import TtnConfig
from dctnet.data import extras
from dctnet.data.cache import Cache
from dctnet.data.folders import Folders
from dctnet.data.openness import photo_openness, spread
from dctnet.data.pipeline import DomainSampler, Extra, MixedSampler, Sampler, epochs, picture_feed, preview_pictures
from dctnet.distributed import Communicator
from dctnet.engine.trainer import Hook
from dctnet.files.hashing import sha256_of_bytes
from dctnet.models.ttn import build_ttn
from dctnet.models.ttn_losses import TtnBatch
from dctnet.models.ttn_schedule import parts_of
from dctnet.nets import unet
from dctnet.nets.content_network import content_network
from dctnet.ops.convolution_gradients import cpu_convolution_gradients
from dctnet.ops.random import starting_weights
from dctnet.runs.folder import Run
from dctnet.stage import Feed, StageGraph
from dctnet.training.inputs import TtnInputs
from dctnet.training.precision import check_precision
from dctnet.training.run import Stage, check_device, images_a_step, scaled, train_stage
from dctnet.training.start import decided, description, moments_of, networks_of, read_origin
from dctnet.training.validation import Embeddings, TtnEvaluator

log = logging.getLogger(__name__)

PREVIEW_PICTURES = 4
DRY_RUN_PHOTOGRAPHS = 20  # enough to see whether they show faces


# What was read, and the saver of all variables -> more hooks.
Records = Callable[[TtnInputs, tf.train.Saver], Sequence[Hook]]


def train_ttn(run: Run, inputs: TtnInputs, communicator: Communicator, records: Optional[Records] = None) -> bool:
    """Train in the run's folder, or resume. True if all steps are done, False if the run was stopped early.

    communicator: this process among those that train together.
    records: gives hooks that keep records beside the run folder's; None for none.
    Raises UserError for mistakes that the user can correct.
    """
    config = inputs.config
    check_device(config.train)
    origin = read_origin('' if run.resumes else config.init_from)
    if not run.resumes:
        config = decided(config, origin)
        _check_length(config)
    check_precision(config.train, communicator)
    content = content_network(config.loss.content_network, config.data.size) if config.loss.content else None
    measured = inputs.validation and not communicator.rank
    embeddings = Embeddings(config.evaluate, config.train.device) if measured else None
    with tf.Graph().as_default(), tf.device(communicator.device):
        graph, feed = build_training(config, inputs.images, content, communicator, run.dry)
        listings: Dict[str, Sequence[Path]] = {f'data.{key}': paths for key, paths in inputs.images._asdict().items()}
        evaluator = None
        if embeddings:
            listings['evaluate.photo'] = inputs.validation
            evaluator = TtnEvaluator(config, inputs.validation, inputs.images.style, embeddings, _translators(config))
        stage = Stage(graph, feed, [networks_of(origin)] if origin.name else [], description(config, origin),
                      _summary(config, inputs.images, communicator.size), listings,
                      moments=moments_of(config, origin), evaluator=evaluator)
        if records:
            stage = stage._replace(records=partial(records, inputs))
        return train_stage(run, config, stage, communicator)


def _translators(config: TtnConfig) -> Dict[str, Callable[[tf.Tensor], tf.Tensor]]:
    """The generator that an export takes under the name '', and the last weights beside it if that is an average."""
    def translator(scope: str) -> Callable[[tf.Tensor], tf.Tensor]:
        return lambda photos: unet.translate(photos, config.model.channels, scope)

    if config.optim.ema_decay:
        return {'': translator(unet.AVERAGE_SCOPE), 'last': translator(unet.SCOPE)}
    return {'': translator(unet.SCOPE)}


def build_training(config: TtnConfig, images: Folders, content: Optional[tf.GraphDef], communicator: Communicator,
                   dry: bool = False) -> Tuple[StageGraph, Feed]:
    """Networks, losses and the input pipeline, in the current graph.

    config: of one process.
    images: files of the training images.
    content: the frozen content network; None if the weight of the content loss is 0.
    communicator: this process among those that train together.
    dry: leave no file behind.
    """
    data = config.data
    cache = Cache(Path(data.cache) if data.cache else None)
    openness = _openness(config, images.photo, dry)
    with cpu_convolution_gradients(config.train.device), starting_weights(config.train.seed):
        batch = picture_feed(_samplers(config, images, cache), data.size, data.batch_size, data.workers,
                             _extras(config, content, cache, openness), communicator,
                             config.train.accumulate)
        graph = build_ttn(scaled(config, communicator.size), TtnBatch(*batch.pictures, **batch.extras),
                          tf.train.get_or_create_global_step(), content,
                          preview_pictures(images.photo, data.size, PREVIEW_PICTURES),
                          spread(openness) if openness else None)
    return graph, batch.feed


def _samplers(config: TtnConfig, images: Folders, cache: Cache) -> List[Sampler]:
    """Photographs and style images; the latter mixed if there are generated ones."""
    data = config.data
    photo, style, generated = [
        DomainSampler(paths, domain, data.size, config.train.seed, data.flip, data.geometry, cache)
        for domain, paths in enumerate(images)]
    if images.generated:
        return [photo, MixedSampler(style, generated, data.exemplar_share)]
    return [photo, style]


def _openness(config: TtnConfig, photos: Sequence[Path], dry: bool) -> Dict[Path, np.ndarray]:
    """Photograph -> its openness, if the loss needs it. Measuring thousands takes minutes, and a dry run leaves nothing
    for the next start: it measures some."""
    if not config.loss.facial:
        return {}
    return photo_openness(photos[:DRY_RUN_PHOTOGRAPHS] if dry else photos, config.data.workers, keep=not dry)


def _extras(config: TtnConfig, content: Optional[tf.GraphDef], cache: Cache,
            openness: Dict[Path, np.ndarray]) -> Dict[str, Extra]:
    """Field of TtnBatch -> array that the loss needs with each photograph."""
    data, loss = config.data, config.loss
    result: Dict[str, Extra] = {}
    superpixels = (loss.superpixel, loss.superpixel_backend) == ('photo', 'cpu')  # others depend on the graph
    if content and data.cache and data.geometry == 'off':
        # On the CPU, parallel to the training: only once for each photograph, and no second session on a GPU.
        features = frozen.FrozenGraph(content, [frozen.CONTENT_INPUT], [frozen.CONTENT_OUTPUT], 'cpu',
                                      own_threads=True, where=str(loss.content_network))
        name = sha256_of_bytes(content.SerializeToString(deterministic=True))[:16]
        result['photo_features'] = extras.photo_features(features, name, data.size, cache)
        if superpixels:
            result['superpixel_features'] = extras.superpixel_features(features, name, data.size, cache)
    elif loss.content and superpixels:
        result['superpixel'] = extras.superpixel(data.size)
    if openness:
        result['openness'] = extras.openness(openness)
    return result


def _check_length(config: TtnConfig) -> None:
    begin = parts_of(config.start).translation
    if begin >= config.train.steps > 0:
        log.warning('train.steps is %d, and the start alone takes %d (start.pixel %d, start.discriminator %s): no step '
                    'of the translation itself is left. Set more steps, or a shorter start', config.train.steps, begin,
                    config.start.pixel, config.start.discriminator)


def _summary(config: TtnConfig, images: Folders, processes: int) -> str:
    if config.loss.content and config.loss.content_network == 'random':
        log.warning('loss.content_network is random: good enough for demos and tests, for real styles use vgg19')
    parameters = sum(v.shape.num_elements() for v in unet.variables())
    seen = ', '.join(f'every {kind} {times:.1f} times' for kind, times in _repetitions(config, images, processes))
    return (f'{parameters} generator parameters; {config.train.steps} steps of {images_a_step(config, processes)} '
            f'pictures: {seen}')


def _repetitions(config: TtnConfig, images: Folders, processes: int) -> List[Tuple[str, float]]:
    """Kind of image, and how often each of them is seen."""
    seen = epochs(config.train.steps, images_a_step(config, processes), [max(len(paths), 1) for paths in images])
    if not images.generated:
        return list(zip(('photograph', 'exemplar'), seen))
    share = config.data.exemplar_share
    return list(zip(('photograph', 'exemplar', 'generated sample'), (seen[0], seen[1] * share, seen[2] * (1 - share))))
