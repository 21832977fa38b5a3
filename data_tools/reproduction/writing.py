"""The files at the end: table.md, table.json, table.html and study.html, of all rows that have been measured."""
import json
import logging
from pathlib import Path
from typing import Dict, List, Sequence

from dctnet import config_file, images, places
from dctnet.errors import UserError
from dctnet.files import atomic
from dctnet.study.page import study_page

from . import figures, page, report
from .networks import Networks
from .plan import TOONIFY, Row
from .protocol import Protocol, deviations
from .report import Line, Report
from .tasks import Layout, ttn_config

log = logging.getLogger(__name__)

PHOTOGRAPHS = 'photographs'
_STUDY_PICTURES, _STUDY_SIDE = 20, 512


def write_all(layout: Layout, rows: Sequence[Row], others: Dict[str, Path], lacks: Dict[str, str], networks: Networks,
              warnings: Sequence[str]) -> str:
    """Write the files; returns the table as Markdown.

    layout: where everything lies.
    rows: all of the plan; those that have no figures yet are left out.
    others: name -> folder of other methods.
    lacks: name of a row -> why it could not be made.
    networks: what figures are measured with.
    warnings: about the user's folders.
    Raises UserError if nothing has been measured.
    """
    found = _report(layout, rows, others, lacks, networks, warnings)
    shown = {PHOTOGRAPHS: layout.test, **{row.name: layout.translations(row, 0) for row in rows},
             **{name: layout.results(name) for name in others}}
    measured = [line.name for line in found.lines if line.measured]
    folders = {name: shown[name] for name in measured if shown[name].is_dir()}
    text = report.markdown(found)
    atomic.write_together({
        layout.out / 'table.md': atomic.text_bytes(text),
        layout.out / 'table.json': (json.dumps(report.as_json(found), indent=1) + '\n').encode('utf-8'),
        layout.out / 'table.html': atomic.text_bytes(page.page_of(found, layout.test, folders))})
    compared = [folder for name, folder in folders.items() if name != PHOTOGRAPHS]
    if len(compared) > 1:
        atomic.write_text(layout.out / 'study.html', study_page(layout.test, compared, _STUDY_PICTURES, _STUDY_SIDE))
    return text


def _report(layout: Layout, rows: Sequence[Row], others: Dict[str, Path], lacks: Dict[str, str], networks: Networks,
            warnings: Sequence[str]) -> Report:
    lines = [_line(layout, PHOTOGRAPHS, 'the photographs themselves', 'reference')]
    lines += [_line(layout, row.name, row.options.title or row.name, 'ours', row.options.against,
                    lacks.get(row.name, '')) for row in rows]
    lines += [_line(layout, name, name, 'other', lacks=lacks.get(name, '')) for name in others]
    lines = [line for line in lines if line.measured or line.lacks]
    measured = [line.measured for line in lines if line.measured]
    if not measured:
        raise UserError(f'nothing has been measured in {layout.out}: there is no table yet')
    notes = list(warnings)
    if any(each.networks != measured[0].networks for each in measured):
        notes.append('rows were measured with different networks and do not compare: repeat those of before')
    published = config_file.read_yaml(places.shipped('configs/reproduce/published.yaml'))
    here = _protocol(layout, rows, max([value.runs for each in measured for value in each.values.values()] or [0]),
                     measured[0].networks if measured else {})
    return Report(lines, published, networks.lacks, deviations(here, published['protocol']), notes)


def _line(layout: Layout, name: str, title: str, kind: str, against: str = '', lacks: str = '') -> Line:
    return Line(name, title, kind, figures.read_row(layout.out / 'figures', name), lacks, against)


def _protocol(layout: Layout, rows: Sequence[Row], runs: int, networks: Dict[str, str]) -> Protocol:
    config = next(ttn_config(row) for row in rows if row.options.method != TOONIFY)
    names: List[str] = [networks.get(key, ' ').rpartition(' ')[0] for key in ('fid', 'id')]
    return Protocol(len(images.list_images(layout.test)), len(images.list_images(layout.styles)),
                    layout.styles != layout.exemplars, rows[0].recipe.size, config.train.steps,
                    config.data.batch_size, names[0], names[1], runs)
