"""`train.py ttn` from a resolved config to a trained run: where data, model and engine meet."""
import contextlib
import logging
from pathlib import Path
from typing import List, Optional

from dctnet import checkpoint, frozen, run_folder
from dctnet.compat import TENSORFLOW_VERSION, gpu_available, session_config, tf
from dctnet.config import TtnConfig
from dctnet.data.folders import Folders
from dctnet.data.pipeline import PairSampler, epochs, pair_feed, preview_pictures
from dctnet.engine.hooks import Checkpoint, NanGuard, Progress
from dctnet.engine.optim import all_finite
from dctnet.engine.summaries import Samples, Scalars
from dctnet.engine.trainer import Hook, Loop
from dctnet.errors import UserError
from dctnet.face.descriptor_file import read_descriptor_weights
from dctnet.face.installed_models import DESCRIPTOR, installed_model
from dctnet.models.ttn import TtnBatch, build_ttn
from dctnet.nets import dlib_descriptor, unet, vgg19

log = logging.getLogger(__name__)

VGG19_FILE = Path(__file__).resolve().parent.parent / 'checkpoints' / 'vgg19.pb'
PREVIEW_PICTURES = 4


def train_ttn(config: TtnConfig, pictures: Folders, run: Path, dry_run: bool = False) -> bool:
    """Train, or go on training, in the folder `run`. True where all steps are done, False where it was stopped early.

    dry_run: build everything, report, and write nothing. Raises UserError for what the user can put right.
    """
    if config.train.device == 'gpu' and not gpu_available():
        raise UserError('train.device is gpu, but TensorFlow {} finds none it can use: check the driver, or set '
                        'train.device=auto'.format(TENSORFLOW_VERSION))
    content_network = _content_network(config)
    data = config.data
    with tf.Graph().as_default():
        step = tf.train.get_or_create_global_step()
        sampler = PairSampler(pictures.photo, pictures.style, data.size, config.train.seed, data.flip)
        pairs = pair_feed(sampler, data.size, data.batch_size, data.workers,
                          with_superpixels=config.loss.superpixel == 'photo' and config.loss.content > 0)
        tf.set_random_seed(config.train.seed)  # the starting weights
        stage = build_ttn(config, TtnBatch(pairs.photo, pairs.style, pairs.photo_superpixel), step, content_network,
                          preview_pictures(pictures.photo, data.size, PREVIEW_PICTURES))
        loop = Loop(stage, pairs.feed, step, config.train.steps)
        saver = tf.train.Saver(tf.global_variables(), max_to_keep=None)
        finite = all_finite(tf.global_variables())  # the optimiser's, too
        with tf.Session(config=session_config(config.train.device, training=True)) as session:
            session.run(tf.global_variables_initializer())
            origin = _warm_start(session, config, run)
            versions = {'tensorflow': TENSORFLOW_VERSION}
            with contextlib.nullcontext() if dry_run else run_folder.opened(run, config, versions):
                _report(config, pictures)
                _begin(session, saver, run, origin)
                if dry_run:
                    return True
                run_folder.note_pictures(run, {'data.photo': pictures.photo, 'data.style': pictures.style})
                writer = tf.summary.FileWriter(str(run / 'tb'))
                train = config.train
                hooks = [
                    NanGuard(), Scalars(run, writer, train.log_every), Progress(train.log_every, data.batch_size),
                    Samples(run, writer, train.sample_every),
                    Checkpoint(saver, run / 'checkpoints', train.save_every, train.keep, finite)]  # type: List[Hook]
                loop.run(session, hooks)
                writer.close()
                if loop.step < train.steps:
                    log.info('stopped early (%s) at step %d of %d', loop.stop_reason, loop.step, train.steps)
                return loop.step >= train.steps


def _begin(session: 'tf.Session', saver: 'tf.train.Saver', run: Path, origin: str) -> None:
    newest = checkpoint.latest(run / 'checkpoints')
    if newest:
        checkpoint.restore(session, saver, newest)
        log.info('resuming from %s', newest)
    elif run_folder.has_checkpoint(run):
        raise UserError('every checkpoint in {} has lost its .data file: copy it back, or choose another --run'.format(
            run / 'checkpoints'))
    elif origin:
        log.info('fine-tuning from %s', origin)


def _warm_start(session: 'tf.Session', config: TtnConfig, run: Path) -> str:
    """The start of a fine-tune, before the run folder is touched; returns what it has come from."""
    source = config.init_from
    if not source or run_folder.has_checkpoint(run):
        return ''
    arrays = checkpoint.read_arrays(Path(source))
    # Spectral-norm vectors come along with the discriminators; the optimiser and the counter start afresh.
    variables = [variable for variable in tf.global_variables()
                 if variable in tf.trainable_variables() or variable.op.name.endswith('/u')]
    report = checkpoint.warm_start(session, variables, arrays, source, required=unet.SCOPE)
    return '{}: {}'.format(source, report.text())


def _content_network(config: TtnConfig) -> 'Optional[tf.GraphDef]':
    if not config.loss.content:
        return None
    if config.loss.content_network == 'random':
        return vgg19.freeze_graph(vgg19.random_weights(seed=0))
    if config.loss.content_network == 'dlib':
        weights = read_descriptor_weights(installed_model(DESCRIPTOR))
        return dlib_descriptor.freeze_content_graph(weights, config.data.size, config.data.size)
    if not VGG19_FILE.exists():
        raise UserError('the content loss needs VGG19, and checkpoints/vgg19.pb is not there: fetch vgg19.npy or '
                        'vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5 (sources in checkpoints/README.md) and run '
                        '"python -m data_tools.import_weights vgg19 FILE"; or choose loss.content_network=dlib, a '
                        'smaller trained network that is installed already, or =random for a try-out')
    graph_def = frozen.read_graph(VGG19_FILE)
    frozen.check_tensors(graph_def, [frozen.CONTENT_INPUT, frozen.CONTENT_OUTPUT], str(VGG19_FILE))
    return graph_def


def _report(config: TtnConfig, pictures: Folders) -> None:
    if config.loss.content and config.loss.content_network == 'random':
        log.warning('loss.content_network is random: good enough for demos and tests, for real styles use vgg19')
    counts = (len(pictures.photo), len(pictures.style))
    seen = epochs(config.train.steps, config.data.batch_size, counts)
    log.info('%d generator parameters; %d steps of %d pictures: every photograph %.1f times, every exemplar %.1f times',
             sum(v.shape.num_elements() for v in unet.variables()), config.train.steps, config.data.batch_size, *seen)
