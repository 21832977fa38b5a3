"""Run folders as train.py leaves them, written by hand."""
import json
from pathlib import Path
from typing import Any, Dict, Sequence

import numpy as np

from dctnet import config_file, images
from dctnet.config import CcnConfig, TtnConfig
from dctnet.runs import sample_sheet

SIZE = 32


def write_run(folder: Path, stage: str = 'ttn', config: Dict[str, Any] = {},
              environment: Dict[str, Any] = {}, **metrics: Any) -> Path:
    """A run. config: section -> keys other than the default. environment: more entries of environment.json.
    metrics: 'd__loss' -> its 40 values, or one for all."""
    values = config_file.to_dict({'ttn': TtnConfig, 'ccn': CcnConfig}[stage]())
    values['data']['size'] = SIZE
    for section, keys in config.items():
        values[section].update(keys)
    folder.mkdir()
    (folder / 'config.yaml').write_text(config_file.to_yaml(values))
    (folder / 'environment.json').write_text(json.dumps(dict(
        {'tensorflow': '1.15.5', 'command': ['train.py', stage], 'stage': stage}, **environment)))
    columns = {name.replace('__', '/'): np.broadcast_to(value, 40) for name, value in metrics.items()}
    lines = [dict(step=50 * (i + 1), seconds=0.5, **{name: float(column[i]) for name, column in columns.items()})
             for i in range(40)]
    (folder / 'metrics.jsonl').write_text(''.join(json.dumps(line) + '\n' for line in lines))
    return folder


def faces(count: int = 4, seed: int = 0) -> np.ndarray:
    """Coarse pictures that differ from each other, uint8 [count, SIZE, SIZE, 3]."""
    coarse = np.random.RandomState(seed).randint(40, 216, (count, 4, 4, 3)).astype(np.uint8)
    return np.stack([images.scale(picture, SIZE, SIZE) for picture in coarse])


def add_sheet(run: Path, step: int, output: Sequence[np.ndarray], reference: str = 'photo') -> None:
    """A sheet of `faces` and what was made of them; reference '': the outputs alone."""
    columns = dict({reference: faces()} if reference else {}, output=output)
    images.write_bgr(run / 'samples' / f'step-{step:06d}.png', sample_sheet.sheet(columns))
