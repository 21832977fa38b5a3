"""The section `train` of a model's configuration.json, and what it means for `train.py ttn`."""
import json
import math
from pathlib import Path
from typing import Any, Dict, List, NamedTuple

from dctnet.errors import UserError
from dctnet.files import json_file

NAME = 'configuration.json'
PRESET = 'ttn/official.yaml'
# Key of configuration.json -> key of the training config.
_MEANING = {'photo': 'data.photo', 'cartoon': 'data.style', 'patch_size': 'data.size', 'batch_size': 'data.batch_size',
            'adv_train_lr': 'optim.lr', 'max_steps': 'train.steps', 'logging_interval': 'train.log_every',
            'ckpt_period_interval': 'train.save_every'}
_OTHERS = ('work_dir', 'resume_epoch', 'num_gpus')
_LOWEST = {'patch_size': 16, 'batch_size': 1, 'max_steps': 0, 'logging_interval': 1, 'ckpt_period_interval': 1,
           'resume_epoch': 0}
EXTRA = 'dctnet'
# What differs from the preset: the published trainer reads files as they are (scaled and turned ones are made before),
# and its training from scratch has no other loss at its start.
_AS_PUBLISHED = {'data.geometry': 'off', 'start.pixel': 0}


class Training(NamedTuple):
    """A training as configuration.json describes it.

    work: the folder that it writes into.
    init_from: step of the checkpoint tf_ckpts/model-STEP that it starts from; 0: from scratch.
    record_every: steps from one entry of saved_models/ and images/ to the next.
    overrides: KEY=VALUE on top of PRESET.
    """
    work: Path
    init_from: int
    record_every: int
    overrides: List[str]


def read(file: Path, arguments: Dict[str, Any]) -> Training:
    """The training of a configuration.json.

    arguments: keys of the section `train` -> value, instead of the file's.
    Raises UserError if the file cannot be read, or if a key is missing or has a value that makes no sense.
    """
    section = dict(_section(file), **arguments)
    missing = [key for key in (*_MEANING, *_OTHERS) if key not in section]
    if missing:
        raise UserError(f"{file} has no train.{', train.'.join(missing)}: add "
                        f"{'it' if len(missing) == 1 else 'them'} (docs/python.md lists all keys)")
    for key, lowest in _LOWEST.items():
        value = section[key]
        if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
            raise UserError(f'{file}: train.{key} must be a whole number from {lowest} on, not {value!r}')
    for key in ('photo', 'cartoon', 'work_dir'):
        if not isinstance(section[key], (str, Path)) or not str(section[key]):
            raise UserError(f'{file}: train.{key} must be a folder, not {section[key]!r}')
    extra = section.get(EXTRA, {})
    if not isinstance(extra, dict):
        raise UserError(f'{file}: train.{EXTRA} must be an object of keys of our own configs, not {extra!r}')
    every = section['logging_interval'] * section['ckpt_period_interval'] // math.gcd(
        section['logging_interval'], section['ckpt_period_interval'])
    values = dict(_AS_PUBLISHED, **{'train.sample_every': every})
    values.update({ours: section[key] for key, ours in _MEANING.items()})
    values.update(extra)
    return Training(Path(section['work_dir']), section['resume_epoch'], every,
                    [f'{key}={json.dumps(value, default=str, ensure_ascii=False)}' for key, value in values.items()])


def _section(file: Path) -> Dict[str, Any]:
    if not file.exists():
        raise UserError(f'{file} does not exist: a training needs its section "train" (docs/python.md)')
    content = json_file.read(file, 'configuration')
    section = content.get('train') if isinstance(content, dict) else None
    if not isinstance(section, dict):
        raise UserError(f'{file} has no section "train": add it (docs/python.md lists its keys)')
    return section
