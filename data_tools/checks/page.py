"""The report of data_tools.check: one HTML file that needs nothing else."""
import html
from pathlib import Path
from typing import Callable, List, NamedTuple, Sequence, Tuple

import numpy as np

from dctnet import html_page, images

from .folder_check import Finding, duplicate_groups
from .image_facts import FaceFacts, ImageFacts

_SIDE, _COLUMNS, _SHOWN, _SHOWN_OF_FINDING, _QUALITY = 96, 12, 60, 24, 95
_TITLE = 'Check of training pictures'
_STYLE = '''
body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff; max-width: 76rem; margin: 2rem auto;
       padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
table { border-collapse: collapse } th, td { text-align: left; padding: .3rem 1rem .3rem 0;
       border-bottom: 1px solid #ddd; vertical-align: top } th { font-weight: 600 }
img { max-width: 100%; display: block; margin: .5rem 0 } .bad { color: #a11 } .good { color: #161 }
section { border-left: 4px solid #d90; padding: .1rem 0 .1rem 1rem; margin: 1rem 0 } p { margin: .3rem 0 }
'''


class Statistic(NamedTuple):
    """A row of the table: what it is, and its words for a folder."""
    name: str
    words: Callable[[Sequence[ImageFacts]], str]


def statistics() -> List[Statistic]:
    """The rows that both folders are compared by."""
    def of_faces(value: Callable[[FaceFacts], float]) -> Callable[[Sequence[ImageFacts]], str]:
        return lambda facts: _spread([value(entry.face) for entry in facts if entry.face])

    return [
        Statistic('pictures', lambda facts: str(len(facts))),
        Statistic('shorter side in pixels', lambda facts: _spread([min(f.width, f.height) for f in facts], '{:.0f}')),
        Statistic('with a face', lambda facts: f'{np.mean([f.faces > 0 for f in facts]):.0%}'),
        Statistic('blur of the face in pixels of 256', of_faces(lambda face: face.blur)),
        Statistic('yaw in degrees', of_faces(lambda face: face.pose.yaw)),
        Statistic('pitch in degrees', of_faces(lambda face: face.pose.pitch)),
        Statistic('off the aligned place, share of the width', of_faces(lambda face: face.offset)),
        Statistic('size of the eyes, share of the face\'s width', of_faces(lambda face: face.eye_size)),
        Statistic('flat share of the picture', lambda facts: _spread([f.flat for f in facts])),
        Statistic('lightness (0–100)', lambda facts: _spread([f.lightness for f in facts], '{:.0f}')),
        Statistic('chroma', lambda facts: _spread([f.chroma for f in facts], '{:.0f}')),
        Statistic('nearly the same as another', lambda facts: str(sum(len(group) - 1
                                                                      for group in duplicate_groups(facts)))),
    ]


def table(photos: Sequence[ImageFacts], style: Sequence[ImageFacts]) -> List[Tuple[str, str, str]]:
    """Name, PHOTO, STYLE of each row; images that cannot be read are left out. Spreads are the median and, in
    brackets, what 10 and 90 % stay below."""
    readable = [[entry for entry in facts if not entry.error] for facts in (photos, style)]
    return [(row.name, row.words(readable[0]), row.words(readable[1])) for row in statistics()]


def page(places: Tuple[Path, Path], facts: Tuple[Sequence[ImageFacts], Sequence[ImageFacts]], refused: str,
         findings: Sequence[Finding]) -> str:
    """The whole HTML text.

    places: PHOTO and STYLE.
    facts: of the images of each.
    refused: why the folders are refused, or ''.
    findings: what else is wrong with them.
    """
    verdict = (f'<p class="bad"><b>The folders look swapped:</b> {html.escape(refused)}.</p>' if refused else
               '<p class="{}">{}</p>'.format('bad' if findings else 'good', f'Warnings: {len(findings)}' if findings
                                             else 'Nothing found that would hurt a training.'))
    rows = ''.join('<tr><th>{}</th><td>{}</td><td>{}</td></tr>'.format(*(html.escape(text) for text in row))
                   for row in table(*facts))
    sheets = ''.join(f'<h2>{where}: {html.escape(str(place))}</h2><p>{min(len(entries), _SHOWN)} of {len(entries)} '
                     f'pictures, evenly over the names.</p>{_sheet(html_page.evenly(entries, _SHOWN))}'
                     for where, place, entries in zip(('PHOTO', 'STYLE'), places, facts))
    return html_page.document(_TITLE, _STYLE, (
        f"<h1>{_TITLE}</h1>{verdict}{''.join(map(_section, findings))}<h2>In numbers</h2><p>Median, and in brackets "
        'what 10 and 90 % stay below.</p><table><tr><th></th><th>PHOTO</th><th>STYLE</th></tr>'
        f'{rows}</table>{sheets}'))


def _section(finding: Finding) -> str:
    shown = finding.examples[:_SHOWN_OF_FINDING]
    return '<section><p><b>{}: {}.</b></p><p>{}.</p>{}</section>'.format(
        finding.where, html.escape(finding.what), html.escape(finding.advice), _sheet(shown) if shown else '')


def _sheet(facts: Sequence[ImageFacts]) -> str:
    tiles = [images.read_square(entry.path, _SIDE) for entry in facts if not entry.error]
    if not tiles:
        return ''
    sheet = images.contact_sheet(tiles, _COLUMNS)
    return f'<img alt="{len(tiles)} pictures" src="{html_page.image_uri(sheet, _QUALITY)}">'


def _spread(values: Sequence[float], form: str = '{:.2f}') -> str:
    if not values:
        return '–'
    low, middle, high = np.percentile(values, [10, 50, 90])
    return '{} ({} to {})'.format(*[form.format(value) for value in (middle, low, high)])
