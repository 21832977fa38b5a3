"""The table beside the paper's, the differences of the ablations, and in which points the protocol is another."""
import re

import pytest

from data_tools.reproduction import page, report
from data_tools.reproduction.figures import read_row
from data_tools.reproduction.protocol import Protocol, deviations
from data_tools.reproduction.report import Line, Report
from dctnet import config_file, images
from dctnet.metrics import tables
from tests.chromium import Browser, needs_chromium
from tests.data_tools.reproduction.reports import write_report
from tests.data_tools.reproduction.test_pictures import write
from tests.data_tools.reproduction.test_plan import ROOT

PUBLISHED = config_file.read_yaml(ROOT / 'configs' / 'reproduce' / 'published.yaml')
HERE = Protocol(test=40, styles=200, held_out=False, size=64, steps=900, batch=4, features='dlib',
                identity='dlib', runs=3)


def report_of(folder, features='dlib', **lacking):
    write_report(folder, 'paper', fid=0.4, identity=0.8, features=features)
    write_report(folder, 'without_calibration', fid=0.5, identity=0.7, features=features)
    write_report(folder, 'GAN', fid=0.9, features=features)
    lines = [Line('paper', 'full <method>', 'ours', read_row(folder, 'paper')),
             Line('without_calibration', 'without CCN', 'ours', read_row(folder, 'without_calibration'),
                  against='paper'),
             Line('official', 'official', 'ours', None, 'its content network is missing'),
             Line('GAN', 'GAN', 'other', read_row(folder, 'GAN'))]
    return Report(lines, PUBLISHED, lacking, deviations(HERE, PUBLISHED['protocol']), ['few pictures'])


def test_rows_stand_beside_the_papers(tmp_path):
    table = report.main_table(report_of(tmp_path, lpips='lacks lpips.pb'))
    assert table.header == ['', 'N', 'Runs', 'FD (dlib) ↓', 'KD (dlib) × 1000 ↓', 'Style gap closed, % ↑',
                            'ID (dlib) ↑', 'Edges ↑', 'Paper: FID ↓', 'Paper: ID ↑']
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows['full <method>'] == ['4', '1', '0.400 ± 0.050', '10.00 ± 2.00', '40', '0.800 ± 0.010', '0.400 ± 0.020',
                                     '35.92', '0.71']
    assert rows['without CCN'][-2:] == ['58.52', '0.58'] and rows['GAN'][-2:] == ['', '']
    assert rows['official'][2:-2] == ['–'] * 5
    assert rows['pSp (paper)'][-2:] == ['69.38', '0.60'] and 'DCT-Net (paper)' not in rows
    assert {len(row) for row in table.rows} == {len(table.header)}


def test_fid_is_called_so_with_inception_alone(tmp_path):
    assert report.main_table(report_of(tmp_path, features='inception')).header[3] == 'FID ↓'


def test_ablations_are_shown_as_differences_beside_the_papers(tmp_path):
    row, = report.ablation_table(report_of(tmp_path)).rows
    assert row[0] == 'without CCN − full <method>'
    assert row[1] == '+0.100 ± 0.071' and row[4].startswith('-0.100') and row[-2:] == ['+22.60', '-0.13']


def test_notes_tell_what_is_missing(tmp_path):
    text = report.markdown(report_of(tmp_path, lpips='lacks lpips.pb'))
    assert '- LPIPS: lacks lpips.pb' in text and '- official: its content network is missing' in text
    assert '- few pictures' in text and 'Table 1' in text
    plain = report.as_json(report_of(tmp_path))
    assert plain['rows'][0]['figures']['fid'] == {'mean': 0.4, 'error': 0.05, 'runs': 1}


def test_the_protocol_is_compared_point_by_point():
    points = {each.point: each for each in deviations(HERE, PUBLISHED['protocol'])}
    assert {'features of FID and KID', 'network of ID', 'test photographs', 'image side, px', 'steps of the translator',
            'batch', 'resizing', 'preference'} <= set(points)
    assert points['test photographs'].here == '40' and '5000' in points['test photographs'].paper
    assert points['pictures that FID compares with'].here == '200, the exemplars themselves'
    papers = HERE._replace(test=5000, size=256, steps=300000, batch=16, features='inception', identity='arcface')
    left = {each.point for each in deviations(papers, PUBLISHED['protocol'])}
    assert not left & {'features of FID and KID', 'network of ID', 'test photographs', 'image side, px', 'batch'}


def test_the_papers_figures_are_those_of_docs_recipe():
    text = (ROOT / 'docs' / 'recipe.md').read_text(encoding='utf-8')
    for key, label in (('fid', 'FID ↓'), ('id', 'ID ↑'), ('style_preference', 'Preference A (style), %'),
                       ('content_preference', 'Preference B (content), %')):
        line, = re.findall(rf'^\| {re.escape(label)} \|(.+)\|$', text, flags=re.MULTILINE)
        found = [float(cell.strip(' *')) for cell in line.split('|')]
        assert found == [PUBLISHED['rows'][name][key] for name in ('CycleGAN', 'U-GAT-IT', 'Toonify', 'pSp', 'DCT-Net')]
    assert [row[0] for row in tables.paper()] == list(PUBLISHED['rows'])


@pytest.fixture()
def shown(tmp_path):
    """The page's file: eight test faces, of which the GAN lacks one."""
    names = [f'{index}.png' for index in range(8)]
    folders = {name: write(tmp_path / name, names, (32, 32), seed)
               for seed, name in enumerate(('test', 'paper', 'GAN'))}
    (folders['GAN'] / '3.png').unlink()
    text = page.page_of(report_of(tmp_path / 'figures'), folders.pop('test'), folders)
    (tmp_path / 'page.html').write_text(text, encoding='utf-8')
    return tmp_path / 'page.html'


@pytest.mark.long
def test_the_page_shows_the_same_faces_in_every_row(shown):
    text = shown.read_text(encoding='utf-8')
    assert text.count('<figure>') == 2 and text.count('data:image/jpeg') == 15 and text.count('missing</span>') == 1
    assert 'full &lt;method&gt;' in text and '<method>' not in text and 'http' not in text.split('<body>')[1]
    assert len(images.list_images(shown.parent / 'paper')) == 8


@pytest.mark.long
@needs_chromium
def test_the_page_fits_a_desktop_and_a_phone(shown):
    with Browser() as browser:
        for width in (1280, 390):
            browser.resize(width, 900)
            browser.open(shown)
            assert browser.run('return document.documentElement.scrollWidth <= innerWidth')
            assert browser.run('return [...document.images].every(image => image.naturalWidth > 0)')
