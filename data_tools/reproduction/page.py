"""The page of all experiments: tables, and the same test faces in every row. One HTML file."""
from html import escape
from pathlib import Path
from typing import Dict, List, Sequence

import dctnet
from dctnet import html_page, images

from .report import Report, ablation_table, deviation_table, html, main_table, notes

_FACES, _SIDE, _QUALITY = 8, 192, 88


def page_of(report: Report, test: Path, folders: Dict[str, Path]) -> str:
    """The page.

    report: what its tables show.
    test: folder of the test faces.
    folders: name of a line -> folder of its pictures; lines without pictures are left out.
    """
    names = [path.name for path in html_page.evenly(images.list_images(test), _FACES)]
    ablations = ablation_table(report)
    body = ['<h1>The paper\'s experiments</h1>', html(main_table(report), 'figures'),
            '<ul class="notes">' + ''.join(f'<li>{escape(note)}</li>' for note in notes(report)) + '</ul>',
            '<h2>The same faces, row by row</h2>', _pictures(report, names, folders)]
    if ablations.rows:
        body += ['<h2>What each part does</h2>', html(ablations, 'figures')]
    body += ['<h2>Where the protocol differs from the paper\'s</h2>', html(deviation_table(report), 'texts'),
             f'<footer>dctnet {escape(dctnet.__version__)}, python -m data_tools.reproduce</footer>']
    return html_page.document('The paper\'s experiments', (Path(__file__).parent / 'page.css').read_text('utf-8'),
                              '\n'.join(body))


def _pictures(report: Report, names: Sequence[str], folders: Dict[str, Path]) -> str:
    rows: List[str] = []
    for line in report.lines:
        if line.name not in folders:
            continue
        cells = ''.join(_cell(folders[line.name] / name, f'{line.title}: {Path(name).stem}') for name in names)
        rows.append(f'<figure><figcaption>{escape(line.title)}</figcaption><div class="faces">{cells}</div></figure>')
    return ''.join(rows)


def _cell(path: Path, text: str) -> str:
    if not path.exists():
        return '<span class="gone">missing</span>'
    address = html_page.image_uri(images.read_bgr(path), _QUALITY, _SIDE)
    return f'<img src="{address}" alt="{escape(text)}" title="{escape(text)}">'
