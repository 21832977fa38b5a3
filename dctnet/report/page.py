"""The HTML page of a run. Styles, script and images are within it: it loads nothing from anywhere."""
from html import escape
from pathlib import Path
from typing import Any, Dict, Iterator, Sequence, Tuple

import numpy as np

import dctnet
from dctnet import html_page, images
from dctnet.report.charts import COLOURS, charts_of
from dctnet.report.run_record import Finding, RunRecord

_FOLDER = Path(__file__).parent
_LONGEST_SIDE, _QUALITY = 1100, 85  # of a sample sheet within the page


def page_of(run: RunRecord, findings: Sequence[Finding], sheets: int) -> str:
    """The page. sheets: how many sample sheets at most, evenly spaced, the first and the newest among them."""
    title = f'{run.stage.upper()}: {run.folder.resolve().name}'
    body = [_head(run, title), _findings(findings), _samples(html_page.evenly(run.samples, sheets)), _charts(run),
            _metrics_table(run), _config_table(run), _environment_table(run)]
    footer = (f'<footer>dctnet {escape(dctnet.__version__)}, python -m dctnet.report. Symptoms, causes and keys: '
              'docs/troubleshooting.md</footer>')
    return html_page.document(title, (_FOLDER / 'page.css').read_text(encoding='utf-8'), '\n'.join(body) + footer,
                              (_FOLDER / 'page.js').read_text(encoding='utf-8'))


def _head(run: RunRecord, title: str) -> str:
    steps = run.config['train'].get('steps', '?')
    counts = ', '.join(f"{entry.get('count', '?')} {key}" for key, entry in sorted(run.pictures.items())
                       if isinstance(entry, dict))
    parts = [f'step {run.step} of {steps}', 'pictures: ' + counts if counts else '',
             f'{run.unreadable} lines of metrics.jsonl could not be read' if run.unreadable else '',
             'best checkpoint: step {step} ({metric} {value:.4g})'.format(**run.best) if run.best else '',
             'ended: ' + run.ended if run.ended else '']
    return f"<h1>{escape(title)}</h1><p class=\"quiet\">{escape(' · '.join(p for p in parts if p))}</p>"


def _findings(findings: Sequence[Finding]) -> str:
    boxes = ['<div class="finding"><h3>{}</h3><p>{}</p><p><b>Cause:</b> {}</p><p><b>Change:</b> {}</p></div>'.format(
        *[escape(text) for text in finding]) for finding in findings]
    return '<h2>Warnings</h2>' + (''.join(boxes) or '<p class="fine">None of the checks found anything.</p>')


def _samples(samples: Sequence[Tuple[int, Path]]) -> str:
    if not samples:
        return '<h2>Samples</h2><p>None yet (train.sample_every).</p>'
    sheets = [{'step': step, 'src': html_page.image_uri(images.read_bgr(path), _QUALITY, _LONGEST_SIDE)}
              for step, path in samples]
    return (f"<h2>Samples</h2><div class=\"samples\"><label>Step <b id=\"sheet-step\">{sheets[-1]['step']}</b><input "
            f'id="step" type="range" min="0" max="{len(sheets) - 1}" value="{len(sheets) - 1}"></label><img id="sheet" '
            f"alt=\"samples of step {sheets[-1]['step']}\"></div>{html_page.json_element(sheets, 'sheets')}")


def _charts(run: RunRecord) -> str:
    text = []
    for chart in charts_of(run.metrics, run.start_ends, run.best.get('step')):
        legend = ''.join(f'<span><i style="background:{COLOURS[index % len(COLOURS)]}"></i>{escape(name)}<output '
                         f'data-name="{escape(name)}"></output></span>' for index, name in enumerate(chart.points))
        text.append(f'<div class="chart"><h3>{escape(chart.title)}</h3>{chart.svg}<div class="legend">{legend}<span '
                    f'class="at quiet"></span></div>{html_page.json_element(chart.points)}</div>')
    note = 'Pale: values as recorded; strong: their moving average.' + \
        ' Dashed: the ends of the parts of its start.' * bool(run.start_ends) + \
        ' Green: the step of the best checkpoint.' * bool(run.best)
    return f"<h2>Curves</h2><p class=\"quiet\">{note}</p><div class=\"charts\">{''.join(text)}</div>"


def _metrics_table(run: RunRecord) -> str:
    rows = []
    for name, series in sorted(run.metrics.items()):
        finite = series.values[np.isfinite(series.values)]
        numbers = [finite[0], finite[-1], np.median(finite[-max(1, len(finite) // 10):]), finite.min(),
                   finite.max()] if len(finite) else []
        rows.append('<tr><td>{}</td>{}<td class="n">{}</td></tr>'.format(
            escape(name), ''.join(f'<td class="n">{number:.4g}</td>' for number in numbers)
            or '<td class="n">not finite</td>' * 5, len(series.values)))
    return ('<h2>Metrics</h2><div class="wide"><table><tr><th>metric<th>first<th>last<th>median of the last '
            f"tenth<th>lowest<th>highest<th>records</tr>{''.join(rows)}</table></div>")


def _config_table(run: RunRecord) -> str:
    rows = ['<tr{}><td>{}</td><td>{}</td></tr>'.format(
        ' class="changed"' if key in run.changed else '', escape(key), escape(str(value)))
        for key, value in _leaves(run.config, '')]
    return ('<h2>Config</h2><p class="quiet">Strong: other than the default.</p><table '
            f"id=\"config\">{''.join(rows)}</table>")


def _environment_table(run: RunRecord) -> str:
    rows = ['<tr><td>{}</td><td>{}</td></tr>'.format(escape(key), escape(
        ' '.join(str(word) for word in value) if isinstance(value, list) else str(value)))
        for key, value in run.environment.items()]
    return f"<h2>Environment</h2><table>{''.join(rows)}</table>"


def _leaves(values: Dict[str, Any], prefix: str) -> Iterator[Tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            for leaf in _leaves(value, f'{prefix}{key}.'):
                yield leaf
        else:
            yield prefix + str(key), value
