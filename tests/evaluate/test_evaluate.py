"""`python -m dctnet.evaluate`: what it writes, and how it reports mistakes."""
import csv
import json
import os
import shutil

import cv2
import numpy as np
import pytest
from PIL import Image

from dctnet import evaluate, images
from dctnet.compat import tf
from dctnet.errors import UserError
from tests.evaluate.command import refused, run
from tests.evaluate.conftest import SIZE


def test_two_methods(folders, network, quick_identity, capsys):
    assert run(folders, features=network, identity=quick_identity) == 0
    report = json.loads((folders / 'out' / 'report.json').read_text(encoding='utf-8'))
    # An inverted photo has all the edges of the photo, and neither its face nor the style's colours.
    style = {name: found['style'] for name, found in report['style']['results'].items()}
    assert style['painted'] < 0.7 < style['inverted'] and report['style']['results']['painted']['pictures'] == 10
    for key, larger in (('fid', 'inverted'), ('kid', 'inverted'), ('id', 'painted'), ('edges', 'inverted')):
        found = report[key]['results']
        smaller = 'painted' if larger == 'inverted' else 'inverted'
        assert found[larger]['value'] > found[smaller]['value'], key
        assert found['painted']['pictures'] == 10
    computed_on = report['fid']['computed_on']
    assert (computed_on['network'], computed_on['dimension'], computed_on['style_pictures']) == ('network.pb', 6, 12)
    assert 'INTER_AREA' in computed_on['resize']
    assert report['kid']['results']['painted']['standard_error'] > 0
    assert report['id']['computed_on']['network'] == 'faces.pb'
    assert report['id']['results']['painted']['value'] > report['id']['results']['painted']['other_photo']
    assert len(report['styles']['sha256']) == 64 and report['versions']['tensorflow'] == tf.__version__

    rows = list(csv.DictReader((folders / 'out' / 'report.csv').open(encoding='utf-8')))
    assert len(rows) == 20 and rows[0]['picture'] == '0.png' and rows[0]['photo'] == '0.jpg'
    mean = np.mean([float(row['id']) for row in rows if row['method'] == 'inverted'])
    assert mean == pytest.approx(report['id']['results']['inverted']['value'], abs=1e-4)
    table = (folders / 'out' / 'report.md').read_text(encoding='utf-8')
    assert table in capsys.readouterr().out
    assert '| painted | 10 |' in table and '| paper: DCT-Net | | 35.92 | | | 0.71 |' in table
    assert f"| {round(100 - 100 * style['painted'])} % |" in table and 'Style gap closed' in table
    assert 'does not compare' in table and 'singular' not in table


def test_the_same_pictures_and_the_cache(folders, network, quick_identity):
    assert run(folders, 'styles', 'painted', features=network, identity=quick_identity) == 0
    first = json.loads((folders / 'out' / 'report.json').read_text(encoding='utf-8'))
    assert first['fid']['results']['styles']['value'] == pytest.approx(0, abs=1e-9)
    assert first['kid']['results']['styles']['value'] < first['kid']['results']['painted']['value']
    assert len(list((folders / 'out' / 'features_cache').iterdir())) == 3, 'style pictures, painted and photos'
    assert run(folders, 'painted', 'styles', features=network, identity=quick_identity) == 0
    second = json.loads((folders / 'out' / 'report.json').read_text(encoding='utf-8'))
    assert second['fid']['results'] == first['fid']['results'] and second['kid'] == first['kid']
    assert list(second['fid']['results']) == ['painted', 'styles']


def test_few_pictures_are_told(folders, caplog):
    """dlib's own networks, for FID and ID: 128 features of 10 pictures."""
    assert run(folders, 'painted', features='dlib') == 0
    report = json.loads((folders / 'out' / 'report.json').read_text(encoding='utf-8'))
    warning = report['fid']['results']['painted']['warning']
    assert '10 results and 12 style pictures for 128 features' in warning and warning in caplog.text
    assert warning in (folders / 'out' / 'report.md').read_text(encoding='utf-8')
    assert np.isfinite(report['fid']['results']['painted']['value'])


def test_results_without_a_photo(folders, network, quick_identity, caplog):
    (folders / 'photos' / '0.jpg').unlink()
    assert run(folders, 'painted', features=network, identity=quick_identity) == 0
    report = json.loads((folders / 'out' / 'report.json').read_text(encoding='utf-8'))
    assert report['results']['painted']['matched'] == 9 == report['id']['results']['painted']['pictures']
    assert report['fid']['results']['painted']['pictures'] == 10
    assert '1 of 10 pictures have no photo' in caplog.text


def test_folders_of_one_name(tmp_path):
    a, b, c = tmp_path / 'a' / 'out', tmp_path / 'b' / 'out', tmp_path / 'c'
    assert evaluate.method_names([a, b, c]) == {str(a): a, str(b): b, 'c': c}
    with pytest.raises(UserError, match='twice'):
        evaluate.method_names([a, tmp_path / 'a' / '..' / 'a' / 'out'])


def test_folders_that_cannot_be_used(folders, network):
    assert 'missing does not exist' in refused(folders, 'missing', features=network)
    (folders / 'empty').mkdir()
    assert 'no pictures in' in refused(folders, 'empty', features=network)
    images.write_bgr(folders / 'one' / '0.png', np.zeros((SIZE, SIZE, 3), np.uint8))
    assert 'holds one picture: FID and KID need at least 2' in refused(folders, 'one', features=network)
    for name in 'ab':
        images.write_bgr(folders / 'others' / f'{name}.png', np.zeros((SIZE, SIZE, 3), np.uint8))
    assert 'no picture of' in refused(folders, 'others', features=network)
    images.write_bgr(folders / 'painted' / '0.tif', np.zeros((SIZE, SIZE, 3), np.uint8))
    assert '0.png and 0.tif share a name' in refused(folders, 'painted', features=network)


def test_pictures_and_networks_that_cannot_be_used(folders, network, monkeypatch):
    monkeypatch.setenv('DCTNET_CHECKPOINTS', str(folders / 'none'))
    assert '--features dlib' in refused(folders)
    assert '--identity dlib' in refused(folders, features=network, identity='arcface')
    (folders / 'painted' / '3.png').write_bytes(b'no picture')
    assert '3.png' in refused(folders, features=network)


def test_places_that_cannot_be_written(folders, network):
    assert 'ends in .json' in refused(folders, features=network, out=folders / 'report.txt')
    assert 'is a file' in refused(folders, features=network, out=network / 'report.json')
    for suffix in ('json', 'csv', 'md'):
        (folders / suffix / ('report.' + suffix)).mkdir(parents=True)
        text = refused(folders, features=network, out=folders / suffix / 'report.json')
        assert f"a folder stands at {folders / suffix / ('report.' + suffix)}" in text
    assert 'is a file' in refused(folders, features=network, cache=network)


def test_pictures_of_all_kinds(folders, network, quick_identity):
    """Grey, 16 bit, with alpha, with a palette, not square, of other sizes: read as everywhere else."""
    rng = np.random.RandomState(0)
    grey = rng.randint(0, 256, (40, 70)).astype(np.uint16)
    cv2.imwrite(str(folders / 'painted' / '0.png'), grey * 257)
    cv2.imwrite(str(folders / 'painted' / '1.png'), grey.astype(np.uint8))
    shutil.copy(str(folders / 'photos' / '1.jpg'), str(folders / 'photos' / '0.jpg'))
    cv2.imwrite(str(folders / 'painted' / '2.png'), rng.randint(0, 256, (300, 200, 4)).astype(np.uint8))
    Image.fromarray(grey.astype(np.uint8)).convert('P').save(str(folders / 'painted' / '3.png'))
    images.write_bgr(folders / 'photos' / '3.jpg', rng.randint(0, 256, (16, 1000, 3)).astype(np.uint8))
    assert run(folders, 'painted', features=network, identity=quick_identity) == 0
    report = json.loads((folders / 'out' / 'report.json').read_text(encoding='utf-8'))
    assert report['id']['results']['painted']['pictures'] == 10
    assert np.isfinite([report[key]['results']['painted']['value'] for key in ('fid', 'kid', 'id', 'edges')]).all()
    rows = list(csv.DictReader((folders / 'out' / 'report.csv').open(encoding='utf-8')))
    for key in ('id', 'edges'):  # 8 and 16 bits of the same picture
        assert rows[0][key] == rows[1][key] != rows[3][key]


@pytest.mark.parametrize('folder', ['photos', 'painted', 'styles'])
def test_a_picture_of_one_column(folders, network, quick_identity, folder):
    path = sorted((folders / folder).iterdir())[4]
    images.write_bgr(path, np.zeros((SIZE, 1, 3), np.uint8))
    assert f'{path.name} is only 1x32 pixels' in refused(folders, 'painted', features=network, identity=quick_identity)


def test_equal_pictures_have_no_spread(folders, network, quick_identity):
    """A covariance of zeros."""
    for index in range(3):
        images.write_bgr(folders / 'black' / f'{index}.png', np.zeros((SIZE, SIZE, 3), np.uint8))
    assert run(folders, 'black', features=network, identity=quick_identity) == 0
    report = json.loads((folders / 'out' / 'report.json').read_text(encoding='utf-8'))
    found = report['fid']['results']['black']
    styles = np.stack([images.to_unit(images.read_bgr(path)) for path in (folders / 'styles').iterdir()])
    known = np.concatenate([styles.mean(axis=(1, 2)), (styles ** 2).mean(axis=(1, 2))], axis=1).astype(np.float64)
    expected = np.square(known.mean(0) - [-1, -1, -1, 1, 1, 1]).sum() + known.var(0, ddof=1).sum()
    assert found['value'] == pytest.approx(expected, rel=1e-4) and '3 results' in found['warning']
    assert report['edges']['results']['black']['value'] == 0


def test_one_photo_that_matches(folders, network, quick_identity):
    for path in sorted((folders / 'photos').iterdir())[1:]:
        path.unlink()
    assert run(folders, 'painted', features=network, identity=quick_identity) == 0
    report = json.loads((folders / 'out' / 'report.json').read_text(encoding='utf-8'))
    found = report['id']['results']['painted']
    assert found['pictures'] == 1 and found['other_photo'] is None and 0 < found['value'] <= 1


def test_links_to_files_that_have_moved(folders, network):
    (folders / 'moved').mkdir()
    for path in (folders / 'painted').iterdir():
        (folders / 'moved' / path.name).symlink_to(path)
    (folders / 'painted' / '7.png').unlink()
    text = refused(folders, 'moved', features=network)
    assert f"1 pictures of {folders / 'moved'} are links to files that are not there (7.png)" in text


def test_names_that_are_no_text(folders, network, quick_identity):
    for folder, suffix in (('photos', b'.jpg'), ('painted', b'.png')):
        place = os.fsencode(str(folders / folder))
        os.rename(place + b'/0' + suffix, place + b'/\xff' + suffix)
    assert run(folders, 'painted', features=network, identity=quick_identity) == 0
    names = [row['picture'] for row in csv.DictReader((folders / 'out' / 'report.csv').open(encoding='utf-8'))]
    assert len(names) == 10 and '?.png' in names
