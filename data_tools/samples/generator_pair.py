"""A calibrated generator and its source, from a run of train.py ccn or from files."""
from pathlib import Path
from typing import Dict, NamedTuple, Optional, Tuple

import numpy as np

from dctnet.errors import UserError
from dctnet.files.hashing import sha256_of_bytes
from dctnet.models import ccn
from dctnet.models.sampling import Sampling
from dctnet.nets.stylegan2 import Architecture
from dctnet.runs import checkpoint, checkpoint_files
from dctnet.training.ccn import SOURCE_FILE, frozen_source, networks_of

from ..weights.stylegan2 import architecture_of, check_network

Arrays = Dict[str, np.ndarray]


class GeneratorPair(NamedTuple):
    """A calibrated generator and its source, both checked and of one architecture.

    target: weights by name (stylegan2.generator_shapes).
    source: likewise, or None without one.
    architecture: of both.
    origins: 'target' and 'source' -> where they come from.
    """
    target: Arrays
    source: Optional[Arrays]
    architecture: Architecture
    origins: Dict[str, str]


def of_run(run: Path, step: Optional[int] = None, source: Optional[Path] = None) -> GeneratorPair:
    """The averaged target of a run's checkpoint, and the source that the run keeps.

    run: folder of train.py ccn.
    step: of the checkpoint; None: the newest.
    source: run, checkpoint or .npz to take instead of the run's own.
    Raises UserError if the run is none, has no such checkpoint or no source, or if weights are damaged or differ in
    size.
    """
    target = _read_average(checkpoint_files.find(run, None if step is None else str(step)))
    if source is None and not (run / SOURCE_FILE).exists():
        raise UserError(f'{run} was trained without a source: its generator is a source itself, no calibrated target. '
                        f'Name the run of a target, or sample this one as it is with --target {run} --blend 0')
    theirs = _read_average(source) if source else (frozen_source(run), str(run / SOURCE_FILE))
    return _make_pair(target, theirs)


def of_files(target: Path, source: Optional[Path] = None) -> GeneratorPair:
    """Generators of runs (their newest checkpoint), checkpoints or .npz files of data_tools.import_weights stylegan2.

    Raises UserError if a file holds no generator, or if weights are damaged or differ in size.
    """
    return _make_pair(_read_average(target), _read_average(source) if source else None)


def check_sampling(pair: GeneratorPair, sampling: Sampling) -> None:
    """Raise UserError if these generators cannot be sampled so."""
    a = pair.architecture
    resolutions = [0, 4] + a.resolutions
    for wrong, text in (
            (sampling.blend not in resolutions, '--blend must be one of '
                                                f"{', '.join(str(resolution) for resolution in resolutions)}, not "
                                                f'{sampling.blend}'),
            (not 0 <= sampling.blend_width < float('inf'), '--blend-width must be at least 0'),
            (sampling.blend_width and not sampling.blend, '--blend-width needs a --blend to soften'),
            (not 0 <= sampling.mix_w <= a.layers, f'--mix-w must be 0 to {a.layers}, the layers of this generator'),
            (not 0 <= sampling.truncation <= 2, '--truncation must be 0 to 2'),
            (sampling.mean_samples < 1, '--mean-samples must be at least 1'),
            (not 0 <= sampling.seed < 2 ** 32, '--seed must be 0 to 4294967295'),
            (pair.source is None and (sampling.blend or sampling.mix_w),
             'blending and mixing w need the source that the target was calibrated from: name it with --source, or '
             'sample the target as it is with --blend none')):
        if wrong:
            raise UserError(text)


def sha256(weights: Arrays) -> str:
    """A hash of names, shapes and values, in hexadecimal."""
    return sha256_of_bytes(b''.join(f'{name} {weights[name].shape} '.encode()
                                    + np.ascontiguousarray(weights[name], '<f4').tobytes() for name in sorted(weights)))


def _read_average(path: Path) -> Tuple[Arrays, str]:
    return networks_of(checkpoint.read_arrays(Path(path)), str(path))[ccn.AVERAGE], str(path)


def _make_pair(target: Tuple[Arrays, str], source: Optional[Tuple[Arrays, str]]) -> GeneratorPair:
    size = _check_size(target)
    if source is None:
        return GeneratorPair(target[0], None, size, {'target': target[1]})
    other = _check_size(source)
    if size != other:
        raise UserError(f'the generators are of different sizes: {target[1]} is {_text(size)}, {source[1]} is '
                        f'{_text(other)}. A source goes with the targets that were calibrated from it')
    return GeneratorPair(target[0], source[0], size, {'target': target[1], 'source': source[1]})


def _check_size(generator: Tuple[Arrays, str]) -> Architecture:
    weights, where = generator
    size = architecture_of(weights, where)
    check_network(ccn.AVERAGE, weights, size, where)
    return size


def _text(a: Architecture) -> str:
    return (f'{a.size} px with channel multiplier {a.channel_multiplier:g}, at most {a.max_channels} channels, w of '
            f'{a.style_dim}, {a.mapping_layers} mapping layers')
