"""What a run has left in its folder, read for looking at it. Works on a run that is still being trained."""
import json
import re
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np

from dctnet import config_file
from dctnet.config import CcnConfig, TtnConfig
from dctnet.errors import UserError

# The lines of engine.hooks.Progress.
_PROGRESS = re.compile(r' step (\d+)/\d+ .*?data wait (\d+)%(?:  superpixels (\d+)%)?')
_RESUMED = re.compile(r' resuming from | step 0 of ')


class Series(NamedTuple):
    """Values of one metric, float64 [N], and the steps that they were measured at, int64 [N], rising."""
    steps: np.ndarray
    values: np.ndarray


class RunRecord(NamedTuple):
    """A run. config: nested dictionaries. changed: dotted keys that differ from the defaults. metrics: by name, as in
    metrics.jsonl. unreadable: lines of it that are no records. waits: (step, share of the time that training waited
    for data, share that superpixels took), of the last start on. ended: why training broke off, '' where it did not.
    samples: (step, file), by step. best: step, metric and value of the checkpoint in RUN/best, empty without one."""
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


def read_run(folder: Path) -> RunRecord:
    """Read a run folder of train.py. Only config.yaml must be there; raises UserError where it is not."""
    folder = Path(folder)
    if not (folder / 'config.yaml').is_file():
        raise UserError(f'{folder} is no run folder (it has no config.yaml): name the folder that was the --run of '
                        'train.py')
    config = config_file.read_yaml(folder / 'config.yaml')
    sections = [value for value in config.values() if isinstance(value, dict)]
    if len(sections) < 2:
        raise UserError(f"{folder / 'config.yaml'} is not the config of a run of train.py (data, model, loss ...): "
                        'name the folder that was its --run')
    stage = 'ccn' if 'channel_multiplier' in config.get('model', {}) else 'ttn'
    defaults = config_file.to_dict({'ccn': CcnConfig, 'ttn': TtnConfig}[stage]())
    metrics, unreadable = _metrics(folder / 'metrics.jsonl')
    lines = _lines(folder / 'log.txt')
    starts = [index for index, line in enumerate(lines) if _RESUMED.search(line)]
    newest = lines[starts[-1]:] if starts else lines
    ended = [line.split(' ended: ', 1)[1] for line in newest if ' ended: ' in line]
    return RunRecord(folder, stage, config,
                     [key for key, old, new in config_file.differences(defaults, config) if new is not None],
                     _json(folder / 'environment.json'), _json(folder / 'pictures.json'), metrics, unreadable,
                     _waits(newest), ended[-1] if ended else '', _samples(folder / 'samples'),
                     _best(folder / 'best' / 'best.json'))


def _metrics(path: Path) -> Tuple[Dict[str, Series], int]:
    found: Dict[str, Dict[int, float]] = {}
    unreadable = 0
    for line in _lines(path):
        try:
            record = json.loads(line)  # NaN and Infinity are read, too
            step = int(record.pop('step'))
            numbers = {name: float(value) for name, value in record.items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            unreadable += 1  # mostly the last one, which is just being written
            continue
        for name, value in numbers.items():
            found.setdefault(name, {})[step] = value
    series = {name: Series(np.array(sorted(values), np.int64), np.array([values[step] for step in sorted(values)]))
              for name, values in found.items()}
    return series, unreadable


def _waits(lines: List[str]) -> List[Tuple[int, float, float]]:
    found = [_PROGRESS.search(line) for line in lines]
    return [(int(match.group(1)), int(match.group(2)) / 100.0, int(match.group(3) or 0) / 100.0)
            for match in found if match]


def _samples(folder: Path) -> List[Tuple[int, Path]]:
    names = [(re.match(r'step-(\d+)\.png$', path.name), path) for path in folder.glob('step-*.png')]
    return sorted((int(match.group(1)), path) for match, path in names if match)


def _best(path: Path) -> Dict[str, Any]:
    entry = _json(path)
    known = isinstance(entry.get('step'), int) and isinstance(entry.get('value'), (int, float))
    return {key: entry.get(key) for key in ('step', 'metric', 'value')} if known else {}


def _lines(path: Path) -> List[str]:
    try:
        return path.read_text(encoding='utf-8', errors='replace').splitlines()
    except FileNotFoundError:
        return []


def _json(path: Path) -> Dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding='utf-8'))
    except (FileNotFoundError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


class Finding(NamedTuple):
    """symptom: its name, as in docs/troubleshooting.md. seen: the numbers that show it. cause: what mostly brings it
    about. change: what to do, with the keys of the config."""
    symptom: str
    seen: str
    cause: str
    change: str
