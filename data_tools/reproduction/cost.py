"""How long the experiments take and how much room they need, reckoned from rates before they start."""
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Sequence

from dctnet import config_file
from dctnet.config import CcnConfig, TtnConfig
from dctnet.errors import UserError

from .tasks import Task

SIDE = 256  # pixels that rates are of; time goes with the number of pixels
# Megabytes: of a picture of 256 px as PNG; of a checkpoint of the TTN and of the CCN at published widths.
_PICTURE, _TTN_CHECKPOINT, _CCN_CHECKPOINT = 0.12, 25.0, 950.0


@dataclass(frozen=True)
class Rates:
    """Pictures a second at 256 px by kind of work, and what a command takes to begin; see
    configs/reproduce/rates_h100.yaml. 0: unknown."""
    machine: str = ''
    price_an_hour: float = 0.0
    start: float = 10.0
    ttn_joint: float = 0.0
    ttn_joint_superpixels: float = 0.0
    ttn_sequential: float = 0.0
    ttn_sequential_superpixels: float = 0.0
    ccn: float = 0.0
    source: float = 0.0
    sample: float = 0.0
    filter: float = 0.0
    align: float = 0.0
    project: float = 0.0
    translate: float = 0.0
    measure: float = 0.0


class Counts(NamedTuple):
    """Numbers of pictures of the user's folders."""
    photos: int
    exemplars: int
    test: int
    styles: int


class Cost(NamedTuple):
    """Of a task. seconds: None if its rate is unknown. megabytes: that stay on the disk."""
    seconds: Any
    megabytes: float


def read_rates(path: Path) -> Rates:
    """Rates from YAML. Raises UserError for mistakes in the file, and for rates below 0."""
    rates = config_file.load(Rates, path)
    wrong = [name for name, value in config_file.to_dict(rates).items() if name != 'machine' and value < 0]
    if wrong:
        raise UserError(f'{path}: {wrong[0]} must be 0 or more')
    return rates


def cost(task: Task, counts: Counts, size: int, rates: Rates) -> Cost:
    """What a task takes.

    counts: pictures of the user's folders. size: side of the images in pixels. rates: of the machine.
    """
    kind, pictures = kind_of(task), _pictures(task, counts)
    rate = getattr(rates, kind, 0.0) * (SIDE / size) ** 2 if kind else float('inf')
    seconds = rates.start + pictures / rate if rate else None
    return Cost(seconds, _megabytes(task, counts, size))


def kind_of(task: Task) -> str:
    """The rate that a task goes by; '' if it takes no time to speak of."""
    config = task.config
    if isinstance(config, TtnConfig):
        superpixels = '_superpixels' if config.loss.superpixel != 'off' else ''
        return f'ttn_{config.train.schedule}{superpixels}'
    return '' if task.step.stage == 'export' else task.step.stage


def lines(groups: Dict[str, Sequence[Task]], done: Sequence[str], counts: Counts, size: int, rates: Rates) -> List[str]:
    """The estimate as text, a line a group and one for all.

    groups: title -> tasks; a task that several groups share counts in the first.
    done: names of tasks that are done.
    counts, size, rates: as for `cost`.
    """
    seen, found, total, room, unknown = set(done), [], 0.0, 0.0, False
    for title, tasks in groups.items():
        costs = [cost(task, counts, size, rates) for task in tasks if task.name not in seen]
        seen.update(task.name for task in tasks)
        seconds, megabytes = sum(each.seconds or 0.0 for each in costs), sum(each.megabytes for each in costs)
        open_ended = any(each.seconds is None for each in costs)
        total, room, unknown = total + seconds, room + megabytes, unknown or open_ended
        found.append(f"  {title:<28} {'at least ' * open_ended}{_text(seconds)}, {megabytes / 1000:.1f} GB")
    price = f', {total / 3600 * rates.price_an_hour:.0f} in money' if rates.price_an_hour else ''
    return [f'Reckoned for {rates.machine} (no network was run for this):'] + found + [
        f"  {'all, one after the other':<28} {'at least ' * unknown}{_text(total)}, {room / 1000:.1f} GB{price}"]


def room_needed(tasks: Sequence[Task], counts: Counts, size: int) -> float:
    """Bytes that tasks leave on the disk."""
    return 1e6 * sum(_megabytes(task, counts, size) for task in tasks)


def _pictures(task: Task, counts: Counts) -> float:
    words, config = task.step.words, task.config
    if config is not None:
        return config.train.steps * config.data.batch_size * config.train.accumulate
    if task.step.stage == 'align':
        return {'photo': counts.photos, 'style': counts.exemplars, 'test': counts.test,
                'compared': counts.styles}[task.name.partition('-')[2]]
    if task.step.stage in ('sample', 'filter'):
        return task.samples
    if task.step.stage == 'project':
        return counts.test * int(words[words.index('--steps') + 1])
    return counts.test


def _megabytes(task: Task, counts: Counts, size: int) -> float:
    picture, config, stage = _PICTURE * (size / SIDE) ** 2, task.config, task.step.stage
    if isinstance(config, CcnConfig):
        kept = min(config.train.keep, max(1, config.train.steps // config.train.save_every))
        return kept * _CCN_CHECKPOINT * min(1.0, (config.model.max_channels / 512) ** 2)
    if isinstance(config, TtnConfig):
        kept = min(config.train.keep, max(1, config.train.steps // config.train.save_every))
        return (kept + 1) * _TTN_CHECKPOINT * (config.model.channels / 32) ** 2
    if stage == 'export':
        return 12.0
    factor = {'align': 1.0, 'sample': 2.0, 'project': 2.0, 'translate': 1.0}.get(stage, 0.0)
    return factor * picture * _pictures_kept(task, counts)


def _pictures_kept(task: Task, counts: Counts) -> float:
    return counts.test if task.step.stage == 'project' else _pictures(task, counts)


def _text(seconds: float) -> str:
    if seconds >= 48 * 3600:
        return f'{seconds / 86400:.1f} days'
    return f'{seconds / 3600:.1f} hours' if seconds >= 5400 else str(timedelta(seconds=int(seconds)))
