"""Curves as SVG, and the data that the page's script shows under the pointer."""
from html import escape
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from dctnet.report.run_record import Series

COLOURS = ('#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7f7f7f', '#b0a000')
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 560, 240, 62, 24, 12, 26
_POINTS = 600  # more are averaged
_TIME = 'Seconds a step'
_MEASURED = 'Evaluation'
_PHASES = {'g': 'Generator', 'd': 'Discriminator', 'd_r1': 'R1 penalty', 'g_path': 'Path length',
           'expression': 'Expression'}


Place = Callable[[Any], Any]  # a value, or an array of them -> where it is drawn, in pixels


class Chart(NamedTuple):
    """A drawing and its data. points: metric -> [[step, value], ...], as drawn."""
    title: str
    svg: str
    points: Dict[str, List[List[float]]]


def charts_of(metrics: Dict[str, Series], marks: Sequence[float] = (), best: Optional[int] = None) -> List[Chart]:
    """The metrics of a run in charts of what belongs together. marks: steps that get a dashed line; best: the step
    that gets a strong one if something was measured."""
    groups: Dict[str, List[str]] = {}
    for name in metrics:
        groups.setdefault(_group(name), []).append(name)
    titles = sorted(groups, key=lambda title: title == _TIME)  # the time last, else as recorded
    return [_chart(title, {name: metrics[name] for name in groups[title]}, marks,
                   best if title.startswith(_MEASURED) else None) for title in titles]


def _group(name: str) -> str:
    phase, _, rest = name.partition('/')
    if phase == 'eval':
        return f'{_MEASURED}: {rest}'  # each has a scale of its own
    if not rest or rest.startswith('seconds'):
        return _TIME
    if rest in ('augment_p', 'real_sign'):
        return 'Augmentation'
    kind = 'raw losses' if rest.startswith('raw/') else 'mean scores' if rest.startswith('mean_') else \
        'weighted losses' if phase == 'g' else rest if rest == 'path_length' else 'losses'
    return f'{_PHASES.get(phase, phase)}: {kind}'


def averaged(series: Series, points: int = _POINTS) -> Series:
    """The finite values, in at most so many points: the means of neighbours."""
    keep = np.isfinite(series.values)
    steps, values = series.steps[keep], series.values[keep]
    if len(steps) <= points:
        return Series(steps, values)
    starts = np.linspace(0, len(steps), points, endpoint=False).astype(int)
    counts = np.diff(np.append(starts, len(steps)))
    return Series(np.add.reduceat(steps, starts) // counts, np.add.reduceat(values, starts) / counts)


def _chart(title: str, metrics: Dict[str, Series], marks: Sequence[float], best: Optional[int]) -> Chart:
    drawn = {name: averaged(series) for name, series in metrics.items()}
    drawn = {name: series for name, series in drawn.items() if len(series.steps)}
    points = {name: [[int(s), float(f'{v:.5g}')] for s, v in zip(*series)] for name, series in drawn.items()}
    if not drawn:
        return Chart(title, '<p>no finite value</p>', {})
    every = np.concatenate([series.values for series in drawn.values()])
    logarithmic = 'raw' in title and every.min() > 0 and every.max() > 50 * every.min()
    low, high, ticks = _axis(np.log10(every) if logarithmic else every, logarithmic)
    first, last = (float(f(series.steps[i] for series in drawn.values())) for f, i in ((min, 0), (max, -1)))
    span = max(last - first, 1.0)

    def x(step: Any) -> Any:
        return _LEFT + (step - first) / span * (_WIDTH - _LEFT - _RIGHT)

    def y(value: Any) -> Any:
        place = _TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)
        return np.clip(place, _TOP - 2, _HEIGHT - _BOTTOM + 2)  # a first value far outside does not flatten the rest

    parts = [f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/><text '
             f'x="{_LEFT - 6}" y="{y(tick) + 4:.1f}" '
             f'class="y">{_number(10 ** tick if logarithmic else tick)}</text>' for tick in ticks]
    parts += [f'<text x="{x(step):.1f}" y="{_HEIGHT - 8}" class="x">{step:,.0f}</text>'
              for step in _ticks(first, first + span, 1.0)]
    parts += [f'<line class="mark" x1="{x(mark):.1f}" x2="{x(mark):.1f}" y1="{_TOP}" '
              f'y2="{_HEIGHT - _BOTTOM}"/>' for mark in marks if first < mark < last]
    if best is not None and first <= best <= last:
        parts.append(f'<line class="best" x1="{x(best):.1f}" x2="{x(best):.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>')
    for index, series in enumerate(drawn.values()):
        parts += _lines(series, COLOURS[index % len(COLOURS)], x, y, logarithmic)
    parts.append(f'<line class="pointer" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>')
    svg = (f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}" data-left="{_LEFT}" '
           f'data-right="{_WIDTH - _RIGHT}" data-first="{first:.0f}" '
           f"data-last=\"{first + span:.0f}\">{''.join(parts)}</svg>")
    return Chart(title + (' (logarithmic)' if logarithmic else ''), svg, points)


def _lines(series: Series, colour: str, x: Place, y: Place, logarithmic: bool) -> List[str]:
    """The values, pale, and their moving average; if there are few values, the values alone."""
    width = len(series.steps) // 25
    pairs = [('1.6' if width < 2 else '0.8', '1' if width < 2 else '0.35', series.values)]
    if width >= 2:
        kernel = np.ones(2 * width + 1)
        mean = np.convolve(series.values, kernel, 'same') / np.convolve(np.ones(len(series.values)), kernel, 'same')
        pairs.append(('1.8', '1', mean))
    return ['<polyline points="{}" stroke="{}" stroke-width="{}" opacity="{}"/>'.format(
        ' '.join(f'{a:.1f},{b:.1f}' for a, b in
                 zip(x(series.steps), y(np.log10(values) if logarithmic else values))), colour, thickness, opacity)
            for thickness, opacity, values in pairs]


def _axis(values: np.ndarray, whole: bool) -> Tuple[float, float, List[float]]:
    """Range and ticks for all but the most extreme values; whole: ticks at whole numbers only, powers of ten."""
    low, high = np.percentile(values, [1.5, 98.5])
    margin = max(0.08 * (high - low), 1e-3 * abs(high), 1e-9)
    low, high = float(low - margin), float(high + margin)
    return low, high, _ticks(low, high, 1.0 if whole else 0.0)


def _ticks(low: float, high: float, least: float) -> List[float]:
    """Three to eight round numbers within a range, at least `least` apart; one or two in a range as small as that."""
    unit = 10.0 ** np.floor(np.log10((high - low) / 3))
    step = max(least, *[unit * factor for factor in (1, 2, 5) if unit * factor <= (high - low) / 3] + [unit])
    if least:
        step = round(step)
    return [step * i for i in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]


def _number(value: float) -> str:
    return f'{(value if abs(value) > 1e-12 else 0):.3g}'
