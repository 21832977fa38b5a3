"""The page of a run: whole, closed to the outside, and working in a browser."""
import re

import numpy as np
import pytest

from dctnet.errors import UserError
from dctnet.report.__main__ import main
from dctnet.report.charts import averaged
from dctnet.report.run_record import Series
from tests.chromium import Browser, needs_chromium
from tests.report.written_run import add_sheet, faces, write_run


@pytest.fixture(scope='module')
def page(tmp_path_factory):
    run = write_run(tmp_path_factory.mktemp('report') / 'r<1>', g__loss=np.linspace(1, 0.2, 40), d__loss=0.5,
                    config={'data': {'photo': '</script><b>&'}}, **{'g__raw/content': np.nan})
    for step in (0, 50, 100):
        add_sheet(run, step, faces(seed=step))
    assert main([str(run)]) == 0
    return run / 'report.html'


def test_nothing_is_loaded_from_elsewhere(page):
    text = page.read_text()
    assert re.findall(r'(?:src|href)="(?!data:)[^"]*"|url\(|@import|https?://', text) == []
    assert text.count('data:image/jpeg;base64,') == 3
    assert '&lt;/script&gt;&lt;b&gt;&amp;' in text and '</script><b>' not in text and 'r<1>' not in text


@pytest.mark.long
@needs_chromium
def test_slider_and_pointer_work_in_a_browser(page):
    with Browser() as browser:
        browser.open(page)
        assert browser.run('return document.querySelector("#sheet-step").textContent') == '100'
        browser.keys('#step', '\ue012')  # arrow to the left
        assert browser.run('return document.querySelector("#sheet-step").textContent') == '50'
        assert browser.run('var i = document.querySelector("#sheet"); return [i.complete, i.naturalWidth]') == [
            True, 32 + 4 + 32]
        assert 'Training diverged' in browser.run('return document.querySelector(".finding").textContent')
        assert browser.run('''
            var svg = document.querySelector('svg[aria-label="Discriminator: losses"]'), box;
            box = svg.getBoundingClientRect();
            svg.dispatchEvent(new PointerEvent('pointermove', {clientX: box.left + box.width / 2, clientY: box.top}));
            return svg.parentNode.querySelector('output').textContent;''') == '0.5'
        assert browser.run('return performance.getEntriesByType("resource").filter('
                           'function (e) { return !e.name.startsWith("data:"); }).length') == 0


def test_measurements_have_a_chart_each_and_the_best_step_is_marked(tmp_path):
    run = write_run(tmp_path / 'run', g__loss=1.0, eval__kid=np.linspace(2, 1, 40), eval__id=0.5, eval__seconds=3.0)
    (run / 'best').mkdir()
    (run / 'best' / 'best.json').write_text('{"step": 1000, "metric": "kid", "value": 0.25, "measured_on": "x"}')
    assert main([str(run)]) == 0
    text = (run / 'report.html').read_text()
    charts = re.findall(r'aria-label="([^"]*)"(.*?)</svg>', text)
    assert {title for title, _ in charts} == {'Generator: weighted losses', 'Evaluation: kid', 'Evaluation: id',
                                              'Evaluation: seconds', 'Seconds a step'}
    places = {title: re.findall(r'class="best" x1="([^"]*)"', svg) for title, svg in charts}
    # 62 and 536 are the edges of a chart from step 50 to 2000.
    assert places['Evaluation: kid'] == [f'{62 + 950 / 1950 * (560 - 24 - 62):.1f}']
    assert places['Generator: weighted losses'] == [] and 'best checkpoint: step 1000 (kid 0.25)' in text
    (run / 'best' / 'best.json').write_text('{"step": 1000')
    assert main([str(run)]) == 0 and 'best checkpoint' not in (run / 'report.html').read_text()


def test_long_curves_are_means_of_neighbours():
    series = averaged(Series(np.arange(10), np.arange(10.0)), points=5)
    assert series.values.tolist() == [0.5, 2.5, 4.5, 6.5, 8.5] and series.steps.tolist() == [0, 2, 4, 6, 8]


def test_other_folders_are_refused(tmp_path):
    with pytest.raises(UserError, match='config.yaml'):
        main([str(tmp_path / 'missing')])
    (tmp_path / 'config.yaml').write_text('a: 1\n')
    with pytest.raises(UserError, match='not the config of a run'):
        main([str(tmp_path)])
