"""`train.py ccn` from a resolved config to a trained run: a target generator calibrated to exemplars, or a source."""
import logging
from pathlib import Path
from typing import Callable, Dict, Optional, Sequence

import numpy as np

from dctnet import atomic
from dctnet.compat import tf
from dctnet.config import CcnConfig
from dctnet.data.cache import Cache
from dctnet.data.pipeline import DomainSampler, epochs, picture_feed
from dctnet.distributed import Local
from dctnet.errors import UserError
from dctnet.models import ccn
from dctnet.nets import stylegan2
from dctnet.nets.pretrained import identity_network
from dctnet.runs import checkpoint, folder
from dctnet.training.precision import check_rewrites
from dctnet.training.run import check_device, pictures_a_step, scaled, train_stage

log = logging.getLogger(__name__)

SOURCE_FILE = 'source.npz'  # the frozen source in the run folder, which blending and resuming need


def train_ccn(config: CcnConfig, pictures: Sequence[Path], run: Path, dry_run: bool = False,
              communicator: Local = Local()) -> bool:
    """Train, or go on training, in the folder `run`. True where all steps are done, False where it was stopped early.

    pictures: exemplars where the config has a source, photographs where it has none. dry_run: build everything,
    report, and write nothing. communicator: this process among those that train together. Raises UserError for what
    the user can put right.
    """
    check_device(config.train)
    check_rewrites(config.train, communicator)
    data, architecture = config.data, ccn.architecture_of(config)
    source = _source_arrays(config, run)
    with tf.Graph().as_default(), tf.device(communicator.device):
        sampler = DomainSampler(pictures, 1 if source else 0, data.size, config.train.seed, data.flip, data.geometry,
                                Cache(Path(data.cache) if data.cache else None))
        batch = picture_feed([sampler], data.size, data.batch_size, data.workers, {}, communicator,
                             config.train.accumulate)
        networks = ccn.create_networks(architecture, with_source=source is not None)
        stage = ccn.build_ccn(scaled(config, communicator.size), networks, batch.pictures[0],
                              tf.train.get_or_create_global_step(),
                              _embedding(config) if source else None, communicator, batch.feed.micro_batch)

        def start(session: tf.Session) -> str:
            if source:
                _load(session, networks.source, source[ccn.AVERAGE], config.source)
            if folder.has_checkpoint(run):
                return ''
            return _start(session, config, networks, source)

        def report() -> None:
            _report(config, pictures, networks, communicator.size)
            if source and not dry_run and not (run / SOURCE_FILE).exists():
                _save_source(run / SOURCE_FILE, source[ccn.AVERAGE])

        key = 'data.style' if source else 'data.photo'
        return train_stage(config, stage, batch.feed, run, start, report, {key: pictures}, dry_run,
                           communicator=communicator)


def _source_arrays(config: CcnConfig, run: Path) -> Optional[Dict[str, Dict[str, np.ndarray]]]:
    """Network -> weights of the source generator, from the run folder where a training goes on."""
    if not config.source:
        return None
    if folder.has_checkpoint(run) and (run / SOURCE_FILE).exists():
        return {ccn.AVERAGE: frozen_source(run)}
    return networks_of(checkpoint.read_arrays(Path(config.source)), config.source)


def frozen_source(run: Path) -> Dict[str, np.ndarray]:
    """Weights of the source generator that a run was held to, by name. Raises UserError where the run keeps none."""
    return _part(checkpoint.read_arrays(run / SOURCE_FILE), ccn.SOURCE)


def networks_of(arrays: Dict[str, np.ndarray], where: str) -> Dict[str, Dict[str, np.ndarray]]:
    """Network (generator, generator_ema, discriminator) -> its weights, from a checkpoint or an imported .npz.

    A missing average is the generator, and the other way round. Raises UserError where there is neither.
    """
    found = {name: _part(arrays, name) for name in (ccn.GENERATOR, ccn.AVERAGE, ccn.DISCRIMINATOR)}
    if not found[ccn.GENERATOR] and not found[ccn.AVERAGE]:
        raise UserError(f'{where} holds no StyleGAN2 generator (generator/style/1/weight ...): name a run of train.py '
                        'ccn, its checkpoint, or an .npz of data_tools.import_weights stylegan2')
    found[ccn.AVERAGE] = found[ccn.AVERAGE] or found[ccn.GENERATOR]
    found[ccn.GENERATOR] = found[ccn.GENERATOR] or found[ccn.AVERAGE]
    return found


def _part(arrays: Dict[str, np.ndarray], scope: str) -> Dict[str, np.ndarray]:
    words = ('/Adam', '/Adam_1')
    return {name[len(scope) + 1:]: array for name, array in arrays.items()
            if name.startswith(scope + '/') and not name.endswith(words)}


def _load(session: tf.Session, variables: Dict[str, tf.Variable], arrays: Dict[str, np.ndarray], where: str,
          ) -> None:
    scope = next(iter(variables.values())).op.name.split('/')[0]
    checkpoint.warm_start(session, list(variables.values()),
                          {f'{scope}/{name}': array for name, array in arrays.items()}, where, required=scope)


def _start(session: tf.Session, config: CcnConfig, networks: ccn.Networks,
           source: Optional[Dict[str, Dict[str, np.ndarray]]]) -> str:
    """The weights of step 0: those of init_from, else of the source, else random ones."""
    architecture, seed = ccn.architecture_of(config), config.train.seed
    arrays, where = source, config.source
    if config.init_from:
        where = config.init_from
        arrays = networks_of(checkpoint.read_arrays(Path(where)), where)
    if arrays is None:
        weights = stylegan2.starting_weights(stylegan2.generator_shapes(architecture), seed)
        arrays = {ccn.GENERATOR: weights, ccn.AVERAGE: weights, ccn.DISCRIMINATOR: {}}
    critic = arrays[ccn.DISCRIMINATOR] or stylegan2.starting_weights(
        stylegan2.discriminator_shapes(architecture), seed + 1)
    _load(session, networks.generator, arrays[ccn.GENERATOR], where)
    _load(session, networks.average, arrays[ccn.AVERAGE], where)
    _load(session, networks.discriminator, critic, where)
    if not where:
        return 'starting from random weights'
    return 'starting from {}{}'.format(where, '' if arrays[ccn.DISCRIMINATOR] else ', with a new discriminator')


def _save_source(path: Path, weights: Dict[str, np.ndarray]) -> None:
    atomic.write_arrays(path, {f'{ccn.SOURCE}/{name}': array for name, array in weights.items()})


def _embedding(config: CcnConfig) -> Callable[[tf.Tensor], tf.Tensor]:
    return identity_network(config.loss.identity_network).embed


def _report(config: CcnConfig, pictures: Sequence[Path], networks: ccn.Networks, processes: int) -> None:
    counts = [sum(v.shape.num_elements() for v in weights.values()) / 1e6
              for weights in (networks.generator, networks.discriminator)]
    together = pictures_a_step(config, processes)
    seen, = epochs(config.train.steps, together, [len(pictures)])
    log.info('generator of %.1f, discriminator of %.1f million parameters; %d steps of %d pictures: every picture %.1f '
             'times', counts[0], counts[1], config.train.steps, together, seen)
