"""What a run has left in its folder, read for looking at it. Works on a run that is still being trained."""
import re
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np

from dctnet import config_file
from dctnet.config import CcnConfig, TtnConfig
from dctnet.errors import UserError
from dctnet.files import json_file, kept_file
from dctnet.files.changes import differences

_CONFIGS = {'ccn': CcnConfig, 'ttn': TtnConfig}


class Series(NamedTuple):
    """Values of one metric, float64 [N], and the steps that they were measured at, int64 [N], rising."""
    steps: np.ndarray
    values: np.ndarray


class RunRecord(NamedTuple):
    """What a run folder tells.

    folder: of the run.
    stage: 'ttn' or 'ccn'.
    config: nested dictionaries.
    changed: dotted keys that differ from the defaults.
    environment: environment.json.
    pictures: pictures.json, how many images each folder held.
    metrics: by name, as in metrics.jsonl.
    unreadable: lines of metrics.jsonl that are no records.
    waits: (step, share of the time that training waited for data, share that superpixels took), of the last start on.
    ended: why training broke off, '' if it did not.
    samples: (step, file) of the sample sheets, by step.
    best: step, metric and value of the checkpoint in RUN/best, empty without one.
    """
    folder: Path
    stage: str
    config: Dict[str, Any]
    changed: List[str]
    environment: Dict[str, Any]
    pictures: Dict[str, Any]
    metrics: Dict[str, Series]
    unreadable: int
    waits: List[Tuple[int, float, float]]
    ended: str
    samples: List[Tuple[int, Path]]
    best: Dict[str, Any]

    @property
    def step(self) -> int:
        """The newest step that is known of."""
        logged = [int(series.steps[-1]) for series in self.metrics.values()]
        return max(logged + [step for step, _ in self.samples] + [0])

    @property
    def size(self) -> int:
        """Side in pixels of the images of the training; 0 if the config does not tell."""
        return _count(self.config['data'].get('size'))

    @property
    def start_ends(self) -> List[int]:
        """The steps at which the parts of its start end: pixel L1, D alone, the style's ramp; those that it has."""
        lengths = [self.config['start'].get(part) for part in ('pixel', 'discriminator', 'ramp')]
        counts = [length if isinstance(length, int) else 0 for length in lengths]
        return [sum(counts[:last + 1]) for last, count in enumerate(counts) if count]


def read_run(folder: Path) -> RunRecord:
    """Read a run folder of train.py. config.yaml and environment.json must be there; raises UserError if not."""
    folder = Path(folder)
    if not (folder / 'config.yaml').is_file():
        raise UserError(f'{folder} is no run folder (it has no config.yaml): name the folder that was the --run of '
                        'train.py')
    config = _config(folder / 'config.yaml')
    environment = _json(folder / 'environment.json')
    stage = _stage(environment, folder)
    defaults = config_file.to_dict(_CONFIGS[stage]())
    metrics, unreadable = _metrics(folder / 'metrics.jsonl')
    return RunRecord(folder, stage, config,
                     [change.key for change in differences(defaults, config) if change.new is not None],
                     environment, _json(folder / 'pictures.json'), metrics, unreadable,
                     _waits(metrics, _count(environment.get('from_step'))), str(environment.get('ended', '')),
                     _samples(folder / 'samples'), _best(folder / 'best' / 'best.json'))


def _config(path: Path) -> Dict[str, Any]:
    """The config of a run. Its sections are dictionaries; one that is not there is empty."""
    config = config_file.read_yaml(path)
    sections = {key for kind in _CONFIGS.values() for key, value in config_file.to_dict(kind()).items()
                if isinstance(value, dict)}
    odd = sorted(key for key in sections if not isinstance(config.get(key) or {}, dict))
    if odd or len(sections & set(config)) < 2:
        damage = f' ({odd[0]} is no section)' if odd else ''
        raise UserError(f'{path} is not the config of a run of train.py{damage}: name the folder that was its --run')
    return {**config, **{key: config.get(key) or {} for key in sections}}


def _count(value: Any) -> int:
    """0 for what is no number of steps or pixels: the record may be damaged."""
    return value if isinstance(value, int) and value > 0 else 0


def _stage(environment: Dict[str, Any], folder: Path) -> str:
    """As recorded, in the command if the run is from before it was recorded by itself."""
    command = environment.get('command')
    words = [environment.get('stage')] + (command if isinstance(command, list) else [])
    stages = [word for word in words if isinstance(word, str) and word in _CONFIGS]
    if not stages:
        raise UserError(f"{folder / 'environment.json'} does not tell the stage of the run: start the same training "
                        'again for a moment, which records it')
    return stages[0]


def _metrics(path: Path) -> Tuple[Dict[str, Series], int]:
    values_by_step: Dict[str, Dict[int, float]] = {}
    unreadable = 0
    for line in _lines(path):
        try:
            record = json_file.parse_object(line)  # NaN and Infinity are read, too
            step = int(record.pop('step'))
            numbers = {name: float(value) for name, value in record.items()}
        except (ValueError, KeyError, TypeError, OverflowError):
            unreadable += 1  # mostly the last one, which is just being written
            continue
        for name, value in numbers.items():
            values_by_step.setdefault(name, {})[step] = value
    series = {name: Series(np.array(sorted(values), np.int64), np.array([values[step] for step in sorted(values)]))
              for name, values in values_by_step.items()}
    return series, unreadable


def _waits(metrics: Dict[str, Series], from_step: int) -> List[Tuple[int, float, float]]:
    windows, waits, of_step, superpixels = [_by_step(metrics, name) for name in (
        'seconds/window', 'seconds/data_wait', 'seconds', 'g/seconds/superpixel')]
    return [(step, waits.get(step, 0.0) / seconds, superpixels.get(step, 0.0) / of_step.get(step, seconds))
            for step, seconds in windows.items() if step > from_step and seconds > 0]


def _by_step(metrics: Dict[str, Series], name: str) -> Dict[int, float]:
    return dict(zip(metrics[name].steps.tolist(), metrics[name].values.tolist())) if name in metrics else {}


def _samples(folder: Path) -> List[Tuple[int, Path]]:
    names = [(re.match(r'step-(\d+)\.png$', path.name), path) for path in folder.glob('step-*.png')]
    return sorted((int(match.group(1)), path) for match, path in names if match)


def _best(path: Path) -> Dict[str, Any]:
    entry = _json(path)
    usable = isinstance(entry.get('step'), int) and isinstance(entry.get('value'), (int, float))
    return {key: entry.get(key) for key in ('step', 'metric', 'value')} if usable else {}


def _lines(path: Path) -> List[str]:
    try:
        return path.read_text(encoding='utf-8', errors='replace').splitlines()
    except FileNotFoundError:
        return []


def _json(path: Path) -> Dict[str, Any]:
    return kept_file.read_object(path, dict) or {}


class Finding(NamedTuple):
    """A warning.

    symptom: its name, as in docs/troubleshooting.md.
    seen: the numbers that show it.
    cause: what mostly brings it about.
    change: what to do, with the keys of the config.
    """
    symptom: str
    seen: str
    cause: str
    change: str
