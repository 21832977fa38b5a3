"""Training checkpoints: atomic save, exact restore, and warm starts that report every name that does not fit."""
import logging
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Sequence

import numpy as np

from dctnet import frozen
from dctnet.compat import reason, tf
from dctnet.errors import UserError
from dctnet.files import atomic, durable
from dctnet.files.arrays import read_npz
from dctnet.runs import checkpoint_files
from dctnet.runs.checkpoint_files import SHARD, Best, all_in, latest, plainly_named, remove

log = logging.getLogger(__name__)

# TensorFlow 2.x maps some codes of its errors to Python's own.
_DAMAGE = (tf.errors.OpError, LookupError, ValueError, RuntimeError, TypeError, OverflowError, MemoryError)
_OPTIMISER_WORDS = ('/Adam', 'loss_scale/', 'beta1_power', 'beta2_power', 'global_step', '/ExponentialMovingAverage')


def save(session: tf.Session, saver: tf.train.Saver, folder: Path, step: int, keep: int) -> Path:
    """Write FOLDER/model-STEP.* whole or not at all, then remove older ones. Returns its prefix.

    session: holds the values.
    saver: of the variables to save.
    folder: is created if missing.
    step: in the name of the checkpoint.
    keep: number of the newest checkpoints that stay, 1 or more.
    Raises UserError if the disk refuses; earlier checkpoints stay as they are.
    """
    folder = atomic.make_folder(Path(folder))
    prefix = folder / f'model-{step}'
    staging = folder / '.saving'
    shutil.rmtree(str(staging), ignore_errors=True)
    try:
        atomic.make_folder(staging)
        with plainly_named(staging) as named:
            saver.save(session, str(named / prefix.name), write_meta_graph=False, write_state=False)
        with atomic.storage_errors(folder):
            for suffix in (SHARD, '.index'):  # the index last: a checkpoint counts once it is there
                durable.flush(staging / (prefix.name + suffix))
                durable.rename(staging / (prefix.name + suffix), Path(str(prefix) + suffix))
        atomic.write_text(folder / 'checkpoint', f'model_checkpoint_path: "{prefix.name}"\n')
    except tf.errors.OpError as error:
        raise UserError('cannot write the checkpoint {} ({}): free some space or choose another run folder; earlier '
                        'checkpoints are intact'.format(prefix, reason(error))) from error
    finally:
        shutil.rmtree(str(staging), ignore_errors=True)
    for old in all_in(folder)[:-keep]:
        remove(old)
    return prefix


def save_best(session: tf.Session, saver: tf.train.Saver, run: Path, best: Best) -> None:
    """Save the session as the new best checkpoint of a run, then remove the former one.

    session, saver: as for `save`.
    run: the run folder.
    best: the step and what was measured.
    Raises UserError if the disk refuses.
    """
    folder = run / checkpoint_files.BEST
    save(session, saver, folder, best.step, keep=sys.maxsize)
    atomic.write_text(folder / 'best.json', checkpoint_files.best_json(best))
    for prefix in all_in(folder):
        if prefix != checkpoint_files.best_prefix(run, best):
            remove(prefix)


def restore(session: tf.Session, saver: tf.train.Saver, prefix: Path, may_lack: str = '') -> None:
    """Load all global variables from a checkpoint.

    session: takes the values.
    saver: of all global variables.
    prefix: FOLDER/model-STEP.
    may_lack: scope whose variables keep their initial values if the file has none of them; '' for none.
    Raises UserError if the file is damaged or of another architecture.
    """
    offered = _shapes(prefix)
    variables = {entry.op.name: entry for entry in tf.global_variables()}
    if may_lack and not any(name.startswith(may_lack + '/') for name in offered):
        kept = {name: entry for name, entry in variables.items() if not name.startswith(may_lack + '/')}
        if len(kept) < len(variables):
            variables, saver = kept, tf.train.Saver(list(kept.values()))
    report = compare({name: tuple(v.shape.as_list()) for name, v in variables.items()}, offered)
    if report.missing or report.reshaped:
        raise UserError(f'checkpoint {prefix} is of another architecture: {report.text()}. Use the configuration that '
                        'it was trained with, or another run folder')
    try:
        with plainly_named(prefix.parent) as named:
            saver.restore(session, str(named / prefix.name))
    except _DAMAGE as error:
        raise UserError('checkpoint {} is damaged ({}): remove its files to go on from the one before'.format(
            prefix, reason(error))) from error


class NameReport(NamedTuple):
    """How the names of a source fit those wanted: in both with the same shape; only wanted; only offered; in both with
    different shapes."""
    loaded: List[str]
    missing: List[str]
    unused: List[str]
    reshaped: List[str]

    def text(self) -> str:
        """One line that names what does not fit."""
        parts = [f'{len(self.loaded)} loaded']
        for word in ('missing', 'unused', 'reshaped'):
            names = getattr(self, word)
            if names:
                shown = ', '.join(names[:6]) + (', ...' if len(names) > 6 else '')
                parts.append(f'{len(names)} {word} ({shown})')
        return '; '.join(parts)


def compare(wanted: Dict[str, tuple], offered: Dict[str, tuple]) -> NameReport:
    """Match names and shapes, both given as name -> shape. An optimiser's own entries in `offered` do not count as
    unused."""
    both = [name for name in wanted if name in offered]
    return NameReport(
        loaded=[name for name in both if tuple(wanted[name]) == tuple(offered[name])],
        missing=[name for name in wanted if name not in offered],
        unused=[name for name in offered if name not in wanted and not any(w in name for w in _OPTIMISER_WORDS)],
        reshaped=[f'{name} {list(offered[name])} instead of {list(wanted[name])}'
                  for name in both if tuple(wanted[name]) != tuple(offered[name])])


def read_arrays(source: Path) -> Dict[str, np.ndarray]:
    """All arrays of a run folder (its newest checkpoint), a TensorFlow checkpoint prefix, an .npz, or the weights of a
    frozen translator (.pb).

    Half-precision arrays come out as float32. Raises UserError if the source is none of these.
    """
    source = Path(source)
    if source.is_dir():
        prefix = latest(source / 'checkpoints') or latest(source)
        if prefix is None:
            raise UserError(f'{source} holds no checkpoint (model-STEP.index): name a run folder, a checkpoint or an '
                            '.npz')
        source = prefix
    if source.suffix == '.npz':
        arrays = read_npz(source, 'weights')
    elif source.suffix == '.pb':
        arrays = frozen.constants(source, frozen.TRANSLATOR_SCOPE)
    else:
        source = source.with_suffix('') if source.suffix in ('.index', '.meta') else source
        arrays = _read_checkpoint(source)
    return {name: array.astype(np.float32) if array.dtype == np.float16 else array for name, array in arrays.items()}


def check_fit(variables: Sequence[tf.Variable], arrays: Dict[str, np.ndarray], where: str,
              required: str = '') -> NameReport:
    """How arrays fit variables, by name and shape. Needs no session: what does not fit is refused early.

    variables: to be assigned.
    arrays: by name.
    where: the origin of the arrays, named in errors.
    required: variables whose names start with it must all be there; of the others, missing ones keep their start.

    Raises UserError if a required name is missing, any shape differs, or a value is not finite.
    """
    report = compare({variable.op.name: tuple(variable.shape.as_list()) for variable in variables},
                     {name: array.shape for name, array in arrays.items()})
    missing = [name for name in report.missing if name.startswith(required)] if required else []
    if missing or report.reshaped:
        raise UserError(f'cannot start from {where}: {report.text()}. It must come from the same architecture '
                        '(the keys under `model:` in the config)')
    unusable = [name for name in report.loaded
                if arrays[name].dtype.kind not in 'fiu' or not np.isfinite(arrays[name]).all()]
    if unusable:
        raise UserError(f"cannot start from {where}: {', '.join(unusable[:6])} holds values that are no finite "
                        'numbers: take an earlier checkpoint')
    return report


def warm_start(session: tf.Session, variables: Sequence[tf.Variable], arrays: Dict[str, np.ndarray], where: str,
               required: str = '') -> NameReport:
    """Assign arrays to the variables of the same name, before the graph is finalised.

    session: takes the values.
    variables, arrays, where, required: as for `check_fit`, which also says what is refused with UserError.
    """
    report = check_fit(variables, arrays, where, required)
    by_name = {variable.op.name: variable for variable in variables}
    # What variable.load does, in one run: a session takes time over the whole graph for each new kind of run.
    starts = [by_name[name].initializer for name in report.loaded]
    session.run(starts, {start.inputs[1]: arrays[name].astype(start.inputs[1].dtype.as_numpy_dtype)
                         for name, start in zip(report.loaded, starts)})
    return report


def _read_checkpoint(prefix: Path) -> Dict[str, np.ndarray]:
    with _reader(prefix) as reader:
        try:
            _check_sizes(reader, prefix)
            return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
        except _DAMAGE as error:
            raise UserError('checkpoint {} is damaged ({}): copy it again, or name an earlier one'.format(
                prefix, reason(error))) from error


def _check_sizes(reader: tf.train.NewCheckpointReader, prefix: Path) -> None:
    """Raise ValueError if the index states larger arrays than the file of the data can hold."""
    kinds = reader.get_variable_to_dtype_map()
    stated = sum(tf.as_dtype(kinds[name]).size * int(np.prod(shape, dtype=np.float64))
                 for name, shape in reader.get_variable_to_shape_map().items())
    there = sum(path.stat().st_size for path in prefix.parent.iterdir()
                if path.name.startswith(prefix.name + '.data-'))
    if stated > there:
        raise ValueError(f'its index states {stated} bytes, and its data has {there}')


def _shapes(prefix: Path) -> Dict[str, tuple]:
    with _reader(prefix) as reader:
        return {name: tuple(shape) for name, shape in reader.get_variable_to_shape_map().items()}


@contextmanager
def _reader(prefix: Path) -> Iterator[tf.train.NewCheckpointReader]:
    if not Path(str(prefix) + '.index').is_file():
        raise UserError(f'checkpoint {prefix} does not exist (no {prefix.name}.index): name it as '
                        'RUN/checkpoints/model-STEP')
    with plainly_named(prefix.parent) as named:
        try:
            reader = tf.train.NewCheckpointReader(str(named / prefix.name))
        except _DAMAGE as error:
            raise UserError('{} is not a readable TensorFlow checkpoint ({})'.format(
                prefix, reason(error))) from error
        yield reader
