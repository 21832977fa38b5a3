"""The figures of every row, from what dctnet.evaluate has written of each of its runs."""
import logging
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

import numpy as np

from dctnet.errors import UserError
from dctnet.files import json_file, text_file

log = logging.getLogger(__name__)


class Figure(NamedTuple):
    """A column. key: of the report of dctnet.evaluate. heading: with an arrow to where better is. decimals: shown.
    factor: of the value, for showing."""
    key: str
    heading: str
    decimals: int
    factor: float = 1.0


FIGURES = (Figure('fid', 'FID ↓', 3), Figure('kid', 'KID × 1000 ↓', 2, 1000.0),
           Figure('style', 'Style gap closed, % ↑', 0, 100.0), Figure('id', 'ID ↑', 3), Figure('lpips', 'LPIPS', 3),
           Figure('edges', 'Edges ↑', 3))


class Value(NamedTuple):
    """A figure of a row.

    mean: over the runs.
    error: deviation of the runs if there are several, else the standard error over pictures; None if unknown.
    runs: their number.
    """
    mean: float
    error: Optional[float]
    runs: int


class Measured(NamedTuple):
    """A row that was measured.

    values: by key of the figure; those that were not measured are missing.
    pictures: that were compared with their photographs, in the first run.
    networks: by key of the figure, the network and the hash of its file.
    warnings: of dctnet.evaluate.
    """
    values: Dict[str, Value]
    pictures: int
    networks: Dict[str, str]
    warnings: List[str]


def read_row(folder: Path, name: str) -> Optional[Measured]:
    """The row of this name from the files FOLDER/NAME-SEED.json; None if there is none. Raises UserError if a file is
    damaged."""
    files = {int(path.stem.rpartition('-')[2]): path for path in folder.glob('*.json')
             if path.stem.rpartition('-')[0] == name and path.stem.rpartition('-')[2].isdigit()}
    reports = [_read(files[seed]) for seed in sorted(files)]
    if not reports:
        return None
    values = {figure.key: _value([_of(report, figure.key) for report in reports]) for figure in FIGURES
              if all(figure.key in report for report in reports)}
    result, = reports[0]['results'].values()
    warning = next(iter(reports[0]['fid']['results'].values()))['warning']
    return Measured(values, int(result['matched']), networks_of(reports[0]), [warning] if warning else [])


def networks_of(report: Dict[str, Any]) -> Dict[str, str]:
    """Key of a figure -> name of its network and the start of its hash; figures without a network are left out."""
    found = {}
    for figure in FIGURES:
        computed_on = report.get(figure.key, {}).get('computed_on', {})
        if 'network' in computed_on:
            found[figure.key] = f"{computed_on['network']} {computed_on['network_sha256'][:8]}"
    return found


def difference(value: Value, full: Value) -> Value:
    """Of an ablation to the full method; errors as of independent draws."""
    error = None if value.error is None or full.error is None else float(np.hypot(value.error, full.error))
    return Value(value.mean - full.mean, error, min(value.runs, full.runs))


def _of(report: Dict[str, Any], key: str) -> Any:
    """(value, standard error or None) of the one method of a report."""
    entry, = report[key]['results'].values()
    if key == 'style':
        return 1.0 - entry['style'], None
    return entry['value'], entry.get('standard_error')


def _value(found: List[Any]) -> Value:
    means = [value for value, _ in found]
    error = found[0][1] if len(means) == 1 else float(np.std(means, ddof=1))
    return Value(float(np.mean(means)), error, len(means))


def _read(path: Path) -> Dict[str, Any]:
    try:
        report = json_file.parse_object(text_file.read(path, 'figures'))
        for key in ('fid', 'kid', 'style', 'id', 'edges'):
            _of(report, key)
        _ = networks_of(report), next(iter(report['results'].values()))['matched']
        return report
    except (ValueError, KeyError, TypeError, StopIteration, AttributeError) as error:
        raise UserError(f'{path} is damaged ({error}): remove it; the same command measures again') from error
