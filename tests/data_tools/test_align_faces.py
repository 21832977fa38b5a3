"""Aligned faces: every kind of picture, several faces, detectors, rejections, mistakes."""

import shutil

import cv2
import numpy as np
import pytest

from data_tools.folders import manifest_folder
from dctnet import images
from dctnet.errors import UserError
from dctnet.face import alignment
from tests.data_tools.faces.aligning import SIZE, by_file, contents, records, run

pytestmark = pytest.mark.usefixtures('quick_detection')


@pytest.fixture(scope='module')
def done(portraits, tmp_path_factory):
    folder = tmp_path_factory.mktemp('all') / 'faces'
    assert run(portraits, folder) == 1  # bad.jpg
    return folder


def test_every_kind_of_picture_gives_its_faces(done):
    found = by_file(done)
    assert list(found) == ['alpha.png', 'cut.png', 'exif.png', 'grey16.png', 'large.png', 'plain.png', 'tilted.png',
                           'two.png', 'two_1.png']
    assert {path.name for path in done.iterdir()} == set(found) | {manifest_folder.MANIFEST, manifest_folder.SETTINGS}
    for name in found:
        assert images.read_bgr(done / name).shape == (SIZE, SIZE, 3)
    plain = images.read_bgr(done / 'plain.png')
    for name in ('exif.png', 'alpha.png', 'large.png', 'two.png'):  # upright, not mirrored, the same colours
        assert np.corrcoef(images.read_bgr(done / name).ravel(), plain.ravel())[0, 1] > 0.8, name
    assert np.corrcoef(images.read_bgr(done / 'two_1.png')[:, ::-1].ravel(), plain.ravel())[0, 1] > 0.8
    assert found['two.png']['face_size'] > found['two_1.png']['face_size']


@pytest.mark.parametrize('name', ['plain', 'exif', 'tilted', 'large', 'cut', 'two', 'two_1'])
def test_five_points_land_on_the_reference(done, detector, name):
    record, crop = by_file(done)[name + '.png'], images.read_bgr(done / (name + '.png'))
    noted = np.array(record['landmarks'])
    face = detector.detect(crop)[0]
    np.testing.assert_allclose(noted, face.landmarks, atol=5)
    assert np.abs(noted - face.landmarks).mean() < 1.5
    # The crop is aligned: what would still take the reference to its points is next to nothing.
    (a, _, x), (b, _, y) = alignment.crop_to_image(alignment.five_points(crop, face.landmarks), SIZE)
    assert abs(a - 1) < 0.05 and abs(b) < 0.04 and max(abs(x + 64 * (a - 1 - b)), abs(y + 64 * (a - 1 + b))) < 1.5
    # Both sets of landmarks are of the same face: a similarity takes one to the other.
    inverse = alignment.crop_to_image(np.array(record['points']), SIZE)
    np.testing.assert_allclose(noted.dot(inverse[:, :2].T) + inverse[:, 2], record['landmarks_source'],
                               atol=0.03 * record['face_size'] / 40)


def test_the_manifest_describes_each_face(portraits, done):
    found = by_file(done)
    plain = found['plain.png']
    assert plain['source'] == 'plain.JPEG' and plain['source_size'] == [260, 260] and plain['faces'] == 1
    assert plain['source_bytes'] == (portraits / 'plain.JPEG').stat().st_size
    assert plain['found_by'] == 'hog' and plain['score'] > 1 and len(plain['landmarks']) == 68
    assert plain['face_size'] == pytest.approx(plain['box'][2] - plain['box'][0], abs=0.02)
    assert found['large.png']['face_size'] == pytest.approx(5 * plain['face_size'], rel=0.15)
    assert found['large.png']['blur'] == pytest.approx(plain['blur'], rel=0.15)
    assert all(abs(angle) < 12 for angle in plain['pose'].values())
    assert found['tilted.png']['pose']['roll'] == pytest.approx(plain['pose']['roll'] - 20, abs=3)  # PIL: anticlockwise
    assert len(plain['openness']) == 3 and 0 < min(plain['openness']) and max(plain['openness']) < 1
    assert plain['outside'] == 0 and 0.2 < found['cut.png']['outside'] < 0.5
    white = (images.read_bgr(done / 'cut.png') == 255).all(axis=2).mean()
    assert found['cut.png']['outside'] == pytest.approx(white, abs=0.02)


def test_faces_beyond_a_limit_are_rejected_with_the_reason(portraits, done, tmp_path):
    reasons = {record['source']: record['rejected'] for record in records(done) if record['rejected']}
    assert reasons == {'bad.jpg': 'unreadable', 'none.png': 'no face', 'tiny.png': 'too small'}
    assert run(portraits, tmp_path / 'a', '--max-outside', 0.1, '--min-size', 0, '--max-blur', 2.6) == 1
    reasons = {record['source']: record['rejected'] for record in records(tmp_path / 'a') if record['rejected']}
    assert reasons.pop('cut.png') == 'too much outside' and reasons.pop('tiny.png') == 'too blurred'
    assert reasons == {'bad.jpg': 'unreadable', 'none.png': 'no face'}


def test_largest_face_border_and_detection_size_are_options(trio, portraits, tmp_path, quick_detection):
    (trio / 'cut.png').write_bytes((portraits / 'cut.png').read_bytes())
    assert run(trio, tmp_path / 'out', '--faces', 'largest', '--border', 'reflect', '--detect-pixels', 250000) == 0
    assert quick_detection[-1] == 250000
    assert [name for name in by_file(tmp_path / 'out') if name.startswith('two')] == ['two.png']
    assert (images.read_bgr(tmp_path / 'out' / 'cut.png') == 255).all(axis=2).mean() < 0.01


@pytest.mark.long
@pytest.mark.parametrize('detector_name', ['cnn', 'cascade'])
def test_other_detectors_give_the_same_crops(trio, done, tmp_path, detector_name):
    (trio / 'two.png').unlink()
    out = tmp_path / 'out'
    assert run(trio, out, '--detector', detector_name, '--workers', 2) == 0
    found = by_file(out)
    assert list(found) == ['exif.png', 'plain.png']
    for name, record in found.items():
        expected = by_file(done)[name]
        assert record['found_by'] == detector_name and record['score'] != expected['score']
        np.testing.assert_allclose(record['points'], expected['points'], atol=0.03 * expected['face_size'])
    with pytest.raises(UserError, match=f"detector is '{detector_name}' there and 'hog' now"):
        run(trio, out)


def test_another_cascade_is_another_setting(trio, tmp_path):
    cascade = tmp_path / 'mine.xml'
    shutil.copy(cv2.data.haarcascades + 'haarcascade_frontalface_alt.xml', str(cascade))
    assert run(trio, tmp_path / 'out', '--detector', 'cascade', '--cascade', cascade) == 0
    assert list(by_file(tmp_path / 'out')) == ['exif.png', 'plain.png', 'two.png', 'two_1.png']
    with pytest.raises(UserError, match="cascade is 'mine.xml .*' there and 'haarcascade_frontalface_alt2.xml "):
        run(trio, tmp_path / 'out', '--detector', 'cascade')


def test_mistakes_are_refused_before_anything_is_written(trio, tmp_path):
    (tmp_path / 'file').write_text('x')
    (tmp_path / 'other').mkdir()
    (tmp_path / 'other' / 'holiday.png').write_bytes(b'x')
    (tmp_path / 'no.xml').write_text('no cascade')
    for words, part in [((tmp_path / 'nowhere', tmp_path / 'out'), 'does not exist'), ((trio, trio), 'same folder'),
                        ((trio, tmp_path / 'out', '--workers', 0), 'at least 1'),
                        ((trio, tmp_path / 'out', '--size', 5), '--size 5'),
                        ((trio, tmp_path / 'out', '--max-outside', 2), '--max-outside'),
                        ((trio, tmp_path / 'out', '--min-size', 'nan'), '--min-size'),
                        ((trio, tmp_path / 'out', '--detect-pixels', 9), 'at least 10000'),
                        ((trio, tmp_path / 'out', '--cascade', 'a.xml'), 'goes with --detector cascade'),
                        ((trio, tmp_path / 'out', '--detector', 'cascade', '--cascade', 'a.xml'), 'no cascade a.xml'),
                        ((trio, tmp_path / 'out', '--detector', 'cascade', '--cascade', tmp_path / 'no.xml'),
                         'no.xml is no cascade'),
                        ((trio, tmp_path / 'out', '--landmarks', tmp_path / 'nowhere'),
                         'landmarks file .*nowhere does not exist'),
                        ((trio, tmp_path / 'file'), 'is a file'), ((trio, tmp_path / 'other'), 'not of this command')]:
        with pytest.raises(UserError, match=part):
            run(*words)
    assert not (tmp_path / 'out').exists() and sorted(contents(tmp_path / 'other')) == ['holiday.png']
