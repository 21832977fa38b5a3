"""`train.py ccn`: from its inputs to a trained run; a target generator calibrated to exemplars, or a source."""
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

import numpy as np

from dctnet.compat import tf
from dctnet.config import CcnConfig
from dctnet.data.cache import Cache
from dctnet.data.pipeline import DomainSampler, epochs, picture_feed
from dctnet.distributed import Communicator
from dctnet.errors import UserError
from dctnet.models import ccn
from dctnet.nets import stylegan2
from dctnet.nets.pretrained import identity_network
from dctnet.runs import checkpoint
from dctnet.runs.folder import Run
from dctnet.training.inputs import CcnInputs
from dctnet.training.precision import check_precision
from dctnet.training.run import Stage, Weights, check_device, images_a_step, scaled, train_stage

SOURCE_FILE = 'source.npz'  # the frozen source in the run folder, which blending and resuming need

Arrays = Dict[str, np.ndarray]


class _Start(NamedTuple):
    """The weights of step 0.

    networks: network (generator, generator_ema, discriminator) -> its arrays by name.
    origin: their file, '' for random weights.
    text: one line for the log about them.
    """
    networks: Dict[str, Arrays]
    origin: str
    text: str


def train_ccn(run: Run, inputs: CcnInputs, communicator: Communicator) -> bool:
    """Train in the run's folder, or resume. True if all steps are done, False if the run was stopped early.

    communicator: this process among those that train together. Raises UserError for mistakes that the user can correct.
    """
    config = inputs.config
    check_device(config.train)
    check_precision(config.train, communicator)
    source = _source(run, config)
    with tf.Graph().as_default(), tf.device(communicator.device):
        data = config.data
        sampler = DomainSampler(inputs.images, 1 if source else 0, data.size, config.train.seed, data.flip,
                                data.geometry, Cache(Path(data.cache) if data.cache else None))
        batch = picture_feed([sampler], data.size, data.batch_size, data.workers, {}, communicator,
                             config.train.accumulate)
        networks = ccn.create_networks(ccn.architecture_of(config), with_source=source is not None)
        start = None if run.resumes else _start(config, source)
        weights = _weights(networks, start) if start else []
        fixed = []
        if source and networks.source:
            fixed = [_of_scope(networks.source, source[ccn.AVERAGE], config.source)]
        for part in fixed + weights:
            checkpoint.check_fit(*part)  # before the losses are built, which takes its time
        embed = identity_network(config.loss.identity_network).embed if source else None
        graph = ccn.build_ccn(scaled(config, communicator.size), networks, batch.pictures[0],
                              tf.train.get_or_create_global_step(), embed, communicator, batch.feed.micro_batch)
        stage = Stage(
            graph, batch.feed, start=weights, origin=start.text if start else '',
            summary=_summary(inputs, networks, communicator.size), images={inputs.key: inputs.images}, fixed=fixed,
            kept_arrays={SOURCE_FILE: _scoped(ccn.SOURCE, source[ccn.AVERAGE])} if source else {})
        return train_stage(run, config, stage, communicator)


def _source(run: Run, config: CcnConfig) -> Optional[Dict[str, Arrays]]:
    """Network -> weights of the source, None without a source; a resumed run takes those that its folder keeps."""
    if not config.source:
        return None
    if run.resumes and (run.path / SOURCE_FILE).exists():
        return {ccn.AVERAGE: frozen_source(run.path)}
    return networks_of(checkpoint.read_arrays(Path(config.source)), config.source)


def frozen_source(run: Path) -> Arrays:
    """Weights of the source generator that a run was held to, by name. Raises UserError if the run keeps none."""
    return _part(checkpoint.read_arrays(run / SOURCE_FILE), ccn.SOURCE)


def networks_of(arrays: Arrays, where: str) -> Dict[str, Arrays]:
    """Network (generator, generator_ema, discriminator) -> its weights, from a checkpoint or an imported .npz.

    A missing average is replaced by the generator, and vice versa. Raises UserError if there is neither.
    """
    networks = {name: _part(arrays, name) for name in (ccn.GENERATOR, ccn.AVERAGE, ccn.DISCRIMINATOR)}
    if not networks[ccn.GENERATOR] and not networks[ccn.AVERAGE]:
        raise UserError(f'{where} holds no StyleGAN2 generator (generator/style/1/weight ...): name a run of train.py '
                        'ccn, its checkpoint, or an .npz of data_tools.import_weights stylegan2')
    networks[ccn.AVERAGE] = networks[ccn.AVERAGE] or networks[ccn.GENERATOR]
    networks[ccn.GENERATOR] = networks[ccn.GENERATOR] or networks[ccn.AVERAGE]
    return networks


def _part(arrays: Arrays, scope: str) -> Arrays:
    return {name[len(scope) + 1:]: array for name, array in arrays.items()
            if name.startswith(scope + '/') and not name.endswith(('/Adam', '/Adam_1'))}


def _scoped(scope: str, arrays: Arrays) -> Arrays:
    return {f'{scope}/{name}': array for name, array in arrays.items()}


def _start(config: CcnConfig, source: Optional[Dict[str, Arrays]]) -> _Start:
    """The weights of step 0: those of init_from, else of the source, else random ones."""
    architecture, seed = ccn.architecture_of(config), config.train.seed
    networks, origin = source, config.source
    if config.init_from:
        origin = config.init_from
        networks = networks_of(checkpoint.read_arrays(Path(origin)), origin)
    if networks is None:
        weights = stylegan2.starting_weights(stylegan2.generator_shapes(architecture), seed)
        networks = {ccn.GENERATOR: weights, ccn.AVERAGE: weights, ccn.DISCRIMINATOR: {}}
    text = f'starting from {origin}' if origin else 'starting from random weights'
    if not networks[ccn.DISCRIMINATOR]:
        shapes = stylegan2.discriminator_shapes(architecture)
        networks = dict(networks, **{ccn.DISCRIMINATOR: stylegan2.starting_weights(shapes, seed + 1)})
        text += ', with a new discriminator' if origin else ''
    return _Start(networks, origin, text)


def _weights(networks: ccn.Networks, start: _Start) -> List[Weights]:
    return [_of_scope(variables, start.networks[name], start.origin)
            for name, variables in ((ccn.GENERATOR, networks.generator), (ccn.AVERAGE, networks.average),
                                    (ccn.DISCRIMINATOR, networks.discriminator))]


def _of_scope(variables: Dict[str, tf.Variable], arrays: Arrays, origin: str) -> Weights:
    scope = next(iter(variables.values())).op.name.split('/')[0]
    return Weights(list(variables.values()), _scoped(scope, arrays), origin, required=scope)


def _summary(inputs: CcnInputs, networks: ccn.Networks, processes: int) -> str:
    generator, discriminator = [sum(v.shape.num_elements() for v in weights.values()) / 1e6
                                for weights in (networks.generator, networks.discriminator)]
    steps, together = inputs.config.train.steps, images_a_step(inputs.config, processes)
    seen, = epochs(steps, together, [len(inputs.images)])
    return (f'generator of {generator:.1f}, discriminator of {discriminator:.1f} million parameters; {steps} steps of '
            f'{together} pictures: every picture {seen:.1f} times')
