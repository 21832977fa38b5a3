"""The report of all rows beside the paper's: plain data, and its tables as texts."""
from html import escape
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from .figures import FIGURES, Figure, Measured, Value, difference
from .protocol import Deviation


class Line(NamedTuple):
    """A row of the report.

    name, title: of the row or the method.
    kind: 'reference', 'ours' or 'other'.
    measured: its figures; None if there are none.
    lacks: why there are none; '' if there are.
    against: the row it is an ablation of; '' for none.
    """
    name: str
    title: str
    kind: str
    measured: Optional[Measured]
    lacks: str = ''
    against: str = ''


class Report(NamedTuple):
    """Everything that is shown.

    lines: in the order of the table.
    published: configs/reproduce/published.yaml.
    lacking: key of a figure -> what it lacks.
    deviations: from the paper's protocol.
    warnings: in plain sentences.
    """
    lines: Sequence[Line]
    published: Dict[str, Any]
    lacking: Dict[str, str]
    deviations: Sequence[Deviation]
    warnings: Sequence[str]


class Table(NamedTuple):
    """Cells as plain text."""
    header: List[str]
    rows: List[List[str]]


def main_table(report: Report) -> Table:
    """Figures of all lines, with the paper's FID and ID beside those that it has, then the paper's other rows."""
    networks = _networks(report)
    columns = [figure for figure in FIGURES if figure.key not in report.lacking or figure.key in networks]
    header = ['', 'N', 'Runs'] + [_heading(figure, networks) for figure in columns] + ['Paper: FID ↓', 'Paper: ID ↑']
    rows, shown = [], set()
    for line in report.lines:
        theirs = report.published['beside'].get(line.name, '')
        shown.add(theirs)
        row = [line.title]
        if line.measured:
            runs = max(value.runs for value in line.measured.values.values())
            row += [str(line.measured.pictures), str(runs)]
            row += [shown_value(line.measured.values.get(figure.key), figure) for figure in columns]
        else:
            row += ['', ''] + ['–'] * len(columns)
        rows.append(row + _published(report, theirs))
    rows += [[f'{name} (paper)', '', ''] + [''] * len(columns) + _published(report, name)
             for name in report.published['rows'] if name not in shown]
    return Table(header, rows)


def ablation_table(report: Report) -> Table:
    """Every ablation less the method that it is one of."""
    networks, by_name = _networks(report), {line.name: line for line in report.lines}
    columns = [figure for figure in FIGURES if figure.key in ('fid', 'kid', 'style', 'id', 'edges')]
    rows = []
    for line in report.lines:
        full = by_name.get(line.against)
        if not (line.measured and full and full.measured):
            continue
        ours, theirs = line.measured.values, full.measured.values
        cells = [shown_value(difference(ours[figure.key], theirs[figure.key]), figure, signed=True)
                 if figure.key in ours and figure.key in theirs else '–' for figure in columns]
        rows.append([f'{line.title} − {full.title}'] + cells + _published_difference(report, line.name, full.name))
    headings = [_heading(figure, networks) for figure in columns]
    return Table(['Difference'] + headings + ['Paper: FID', 'Paper: ID'], rows)


def deviation_table(report: Report) -> Table:
    """In which points the protocol is another than the paper's."""
    return Table(['Point', 'Here', 'Paper', 'Expected effect'], [list(each) for each in report.deviations])


def notes(report: Report) -> List[str]:
    """What the table cannot say, as sentences."""
    found = ['After ±: with several runs their deviation, with one the standard error over the test pictures (FID: '
             'jackknife over tenths of the results; KID: of its subsets, which says little of few pictures).']
    found += [f'{key.upper()}: {text}' for key, text in report.lacking.items()]
    found += [f'{line.title}: {line.lacks}' for line in report.lines if line.lacks]
    warned = {warning for line in report.lines if line.measured for warning in line.measured.warnings}
    found += sorted(warned) + list(report.warnings)
    return found + [f"Paper: {report.published['source']}."]


def markdown(report: Report) -> str:
    """The whole report as Markdown."""
    ablations = ablation_table(report)
    parts = ['# The paper\'s experiments', _markdown(main_table(report)),
             '\n'.join(f'- {note}' for note in notes(report))]
    if ablations.rows:
        parts += ['## What each part does', _markdown(ablations)]
    parts += ['## Where the protocol differs from the paper\'s', _markdown(deviation_table(report))]
    return '\n\n'.join(parts) + '\n'


def html(table: Table, kind: str) -> str:
    """A table as HTML. kind: its class, 'figures' or 'texts'."""
    header = ''.join(f'<th>{escape(text)}' for text in table.header)
    cells = ''.join('<tr>' + ''.join(f'<td>{escape(cell)}</td>' for cell in row) + '</tr>' for row in table.rows)
    return f'<div class="wide"><table class="{kind}"><tr>{header}</tr>{cells}</table></div>'


def as_json(report: Report) -> Dict[str, Any]:
    """The whole report as plain JSON."""
    return {'rows': [{'name': line.name, 'title': line.title, 'kind': line.kind, 'against': line.against,
                      'lacks': line.lacks, 'pictures': line.measured.pictures if line.measured else None,
                      'networks': line.measured.networks if line.measured else {},
                      'figures': {key: value._asdict() for key, value in line.measured.values.items()}
                      if line.measured else {}} for line in report.lines],
            'published': report.published, 'lacking': report.lacking,
            'deviations': [each._asdict() for each in report.deviations], 'notes': notes(report)}


def shown_value(value: Optional[Value], figure: Figure, signed: bool = False) -> str:
    """A figure with its error, as text; '–' for none."""
    if value is None:
        return '–'
    form = f"{{:{'+' if signed else ''}.{figure.decimals}f}}"
    text = form.format(figure.factor * value.mean)
    return text if value.error is None else f'{text} ± {figure.factor * value.error:.{figure.decimals}f}'


def _networks(report: Report) -> Dict[str, str]:
    return next((line.measured.networks for line in report.lines if line.measured), {})


def _heading(figure: Figure, networks: Dict[str, str]) -> str:
    """The heading; a network other than the one that a figure is defined on is named, and FID then has another name."""
    network = networks.get(figure.key, '').rpartition(' ')[0]
    if figure.key in ('fid', 'kid') and network not in ('', 'inception'):
        return figure.heading.replace('FID', f'FD ({network})').replace('KID', f'KD ({network})')
    if figure.key == 'id' and network not in ('', 'arcface'):
        return figure.heading.replace('ID', f'ID ({network})')
    return figure.heading


def _published(report: Report, name: str) -> List[str]:
    row = report.published['rows'].get(name, {})
    return [f"{row['fid']:.2f}", f"{row['id']:.2f}"] if row else ['', '']


def _published_difference(report: Report, name: str, full: str) -> List[str]:
    rows, beside = report.published['rows'], report.published['beside']
    pair: Tuple[Any, Any] = (rows.get(beside.get(name, ''), {}), rows.get(beside.get(full, ''), {}))
    if not all(pair):
        return ['', '']
    return [f"{pair[0]['fid'] - pair[1]['fid']:+.2f}", f"{pair[0]['id'] - pair[1]['id']:+.2f}"]


def _markdown(table: Table) -> str:
    def line(cells: Sequence[str]) -> str:
        return '| ' + ' | '.join(cell.replace('|', '/') for cell in cells) + ' |'
    return '\n'.join([line(table.header), '|---' * len(table.header) + '|', *map(line, table.rows)])
