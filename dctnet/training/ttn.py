"""`train.py ttn` from a resolved config to a trained run: where data, model and engine meet."""
import logging
from hashlib import sha256
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

from dctnet import frozen
from dctnet.compat import tf
from dctnet.config import TtnConfig
from dctnet.data import extras
from dctnet.data.cache import Cache
from dctnet.data.folders import Folders
from dctnet.data.openness import photo_openness
from dctnet.data.pipeline import DomainSampler, Extra, MixedSampler, Sampler, epochs, picture_feed, preview_pictures
from dctnet.distributed import Local
from dctnet.errors import UserError
from dctnet.face.installed_models import DESCRIPTOR, installed_model
from dctnet.models.ttn import TtnBatch, build_ttn
from dctnet.nets import dlib_descriptor, unet, vgg19
from dctnet.nets.dlib_file import read_descriptor_weights
from dctnet.ops import convolution_gradients
from dctnet.runs import checkpoint, folder
from dctnet.stage import Feed, StageGraph
from dctnet.training.precision import check_rewrites
from dctnet.training.run import check_device, pictures_a_step, scaled, train_stage
from dctnet.training.validation import Embeddings, measuring

log = logging.getLogger(__name__)

VGG19_FILE = Path(__file__).resolve().parents[2] / 'checkpoints' / 'vgg19.pb'
PREVIEW_PICTURES = 4
_DRY_RUN_PHOTOGRAPHS = 20  # enough to see whether they show faces


def train_ttn(config: TtnConfig, pictures: Folders, run: Path, validation: Sequence[Path] = (),
              dry_run: bool = False, communicator: Local = Local()) -> bool:
    """Train, or go on training, in the folder `run`. True where all steps are done, False where it was stopped early.

    validation: photographs for config.evaluate, none where it is off. dry_run: build everything, report, and write
    nothing. communicator: this process among those that train together. Raises UserError for what the user can put
    right.
    """
    check_device(config.train)
    check_rewrites(config.train, communicator)
    content_network = _content_network(config)
    measured = validation and not communicator.rank
    networks = Embeddings(config.evaluate, config.train.device) if measured else None
    with tf.Graph().as_default(), tf.device(communicator.device):
        stage, feed = build_training(config, pictures, content_network, dry_run, communicator)
        listings = {'data.' + key: paths for key, paths in pictures._asdict().items()}
        evaluation = None
        if networks:
            listings['evaluate.photo'] = validation
            evaluation = measuring(config, validation, pictures.style, networks)
        return train_stage(config, stage, feed, run, lambda session: _warm_start(session, config, run),
                           lambda: _report(config, pictures, communicator.size), listings, dry_run, evaluation,
                           communicator)


def build_training(config: TtnConfig, pictures: Folders, content_network: Optional[tf.GraphDef],
                   dry_run: bool = False, communicator: Local = Local()) -> Tuple[StageGraph, Feed]:
    """Networks, losses and the input pipeline, in the current graph. dry_run: leave no file behind."""
    data = config.data
    cache = Cache(Path(data.cache) if data.cache else None)
    with convolution_gradients.fitting(config.train.device):
        batch = picture_feed(_samplers(config, pictures, cache), data.size, data.batch_size, data.workers,
                             _extras(config, pictures.photo, content_network, cache, dry_run), communicator,
                             config.train.accumulate)
        tf.set_random_seed(config.train.seed)  # the starting weights
        stage = build_ttn(scaled(config, communicator.size), TtnBatch(*batch.pictures, **batch.extras),
                          tf.train.get_or_create_global_step(), content_network,
                          preview_pictures(pictures.photo, data.size, PREVIEW_PICTURES))
    return stage, batch.feed


def _samplers(config: TtnConfig, pictures: Folders, cache: Cache) -> List[Sampler]:
    """Photographs and style pictures; the latter mixed where there are generated ones."""
    data = config.data
    photo, style, generated = [
        DomainSampler(paths, domain, data.size, config.train.seed, data.flip, data.geometry, cache)
        for domain, paths in enumerate(pictures)]
    return [photo, MixedSampler(style, generated, data.exemplar_share) if pictures.generated else style]


def _extras(config: TtnConfig, photos: Sequence[Path], content_network: Optional[tf.GraphDef], cache: Cache,
            dry_run: bool) -> Dict[str, Extra]:
    """What the loss needs with the photographs, by the fields of TtnBatch."""
    data, loss, result = config.data, config.loss, {}
    superpixels = (loss.superpixel, loss.superpixel_backend) == ('photo', 'cpu')  # others depend on the graph
    if content_network and data.cache and data.geometry == 'off':
        # On the CPU, beside the training: once for every picture, and no second session on a GPU.
        features = frozen.FrozenGraph(content_network, [frozen.CONTENT_INPUT], [frozen.CONTENT_OUTPUT], 'cpu',
                                      own_threads=True)
        network = sha256(content_network.SerializeToString(deterministic=True)).hexdigest()[:16]
        result['photo_features'] = extras.photo_features(features, network, data.size, cache)
        if superpixels:
            result['superpixel_features'] = extras.superpixel_features(features, network, data.size, cache)
    elif loss.content and superpixels:
        result['superpixel'] = extras.superpixel(data.size)
    if loss.facial:
        # Measuring thousands takes minutes, and a dry run leaves nothing for the next start.
        asked = photos[:_DRY_RUN_PHOTOGRAPHS] if dry_run else photos
        result['openness'] = extras.openness(photo_openness(asked, data.workers, keep=not dry_run))
    return result


def _warm_start(session: tf.Session, config: TtnConfig, run: Path) -> str:
    """The start of a fine-tune, before the run folder is touched; returns what it has come from."""
    source = config.init_from
    if not source or folder.has_checkpoint(run):
        return ''
    arrays = checkpoint.read_arrays(Path(source))
    # Spectral-norm vectors come along with the discriminators; the optimiser and the counter start afresh.
    variables = [variable for variable in tf.global_variables()
                 if variable in tf.trainable_variables() or variable.op.name.endswith('/u')]
    report = checkpoint.warm_start(session, variables, arrays, source, required=unet.SCOPE)
    return f'fine-tuning from {source}: {report.text()}'


def _content_network(config: TtnConfig) -> Optional[tf.GraphDef]:
    if not config.loss.content:
        return None
    if config.loss.content_network == 'random':
        return vgg19.freeze_graph(vgg19.random_weights(seed=0))
    if config.loss.content_network == 'dlib':
        weights = read_descriptor_weights(installed_model(DESCRIPTOR))
        return dlib_descriptor.freeze_content_graph(weights, config.data.size, config.data.size)
    if not VGG19_FILE.exists():
        raise UserError('the content loss needs VGG19, and checkpoints/vgg19.pb is not there: fetch vgg19.npy or '
                        'vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5 ("python -m data_tools.fetch vgg19_keras", '
                        'or by hand: checkpoints/README.md) and run "python -m data_tools.import_weights vgg19 FILE"; '
                        'or choose loss.content_network=dlib, a '
                        'smaller trained network that is installed already, or =random for a try-out')
    graph_def = frozen.read_graph(VGG19_FILE)
    frozen.check_tensors(graph_def, [frozen.CONTENT_INPUT, frozen.CONTENT_OUTPUT], str(VGG19_FILE))
    return graph_def


def _report(config: TtnConfig, pictures: Folders, processes: int) -> None:
    if config.loss.content and config.loss.content_network == 'random':
        log.warning('loss.content_network is random: good enough for demos and tests, for real styles use vgg19')
    log.info('%d generator parameters; %d steps of %d pictures: %s',
             sum(v.shape.num_elements() for v in unet.variables()), config.train.steps,
             pictures_a_step(config, processes),
             ', '.join('every {} {:.1f} times'.format(*entry) for entry in _repetitions(config, pictures, processes)))


def _repetitions(config: TtnConfig, pictures: Folders, processes: int) -> List[Tuple[str, float]]:
    """How often a picture of each kind is seen."""
    seen = epochs(config.train.steps, pictures_a_step(config, processes), [max(len(paths), 1) for paths in pictures])
    if not pictures.generated:
        return list(zip(('photograph', 'exemplar'), seen))
    share = config.data.exemplar_share
    return list(zip(('photograph', 'exemplar', 'generated sample'), (seen[0], seen[1] * share, seen[2] * (1 - share))))
