"""Aligned faces: every kind of picture, several faces, rejections, going on, landmarks made by hand, mistakes."""
import json
import logging
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from data_tools import align_faces, face_folder, picture_folder
from data_tools.demo_material import portrait
from dctnet import atomic, images
from dctnet.errors import UserError
from dctnet.face import alignment

SIZE = 128
REFERENCE = alignment.reference_points(SIZE)


def pictures():
    """Name -> the astronaut, RGB, in many forms."""
    whole = Image.fromarray(portrait()[:, :, ::-1])
    head = whole.crop((90, 0, 350, 260))
    turned = Image.Exif()
    turned[0x0112] = 6  # stored turned to the left
    grey = np.asarray(head.convert('L')).astype(np.uint16) * 257
    alpha = head.copy()
    alpha.putalpha(Image.new('L', head.size, 255))
    two = Image.new('RGB', (520, 260), (200, 195, 190))
    two.paste(head, (0, 0))
    two.paste(head.transpose(Image.FLIP_LEFT_RIGHT).resize((200, 200), Image.BICUBIC), (300, 30))
    return {
        'plain.JPEG': (head, {'quality': 95}),
        'exif.jpg': (head.rotate(90, expand=True), {'quality': 95, 'exif': turned.tobytes()}),
        'alpha.PNG': (alpha, {}),
        'grey16.tif': (Image.fromarray(grey), {}),
        'large.webp': (head.resize((1300, 1300), Image.BICUBIC), {}),
        'tilted.png': (whole.rotate(20, Image.BICUBIC, center=(225, 126)).crop((90, 0, 350, 260)), {}),
        'cut.png': (head.crop((100, 0, 260, 260)), {}),
        'two.png': (two, {}),
        'tiny.png': (whole.resize((128, 128), Image.LANCZOS), {}),
        'none.png': (whole.crop((0, 300, 300, 512)), {}),
    }


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp('source')
    for name, (picture, options) in pictures().items():
        picture.save(str(folder / name), **options)
    (folder / 'bad.jpg').write_bytes(b'no picture')
    (folder / 'notes.txt').write_text('not looked at')
    return folder


@pytest.fixture(scope='module', autouse=True)
def detection_sizes(detector):
    """The command uses the one detector of the tests, quickened; what it was asked for is noted."""
    asked = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detector, '_pixels', 160000)
        patch.setattr(align_faces, 'FaceDetector', lambda pixels: asked.append(pixels) or detector)
        yield asked


def run(source, target, *words):
    return align_faces.main([str(source), str(target), '--size', str(SIZE)] + [str(word) for word in words])


def records(folder):
    return [json.loads(line) for line in (folder / picture_folder.MANIFEST).read_text().splitlines()]


def by_file(folder):
    return {record['file']: record for record in records(folder) if record['file']}


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope='module')
def done(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp('all') / 'faces'
    assert run(source, folder) == 1  # bad.jpg
    return folder


@pytest.fixture()
def few(source, tmp_path):
    """A folder of its own with three pictures, four faces."""
    folder = tmp_path / 'few'
    folder.mkdir()
    for name in ('exif.jpg', 'plain.JPEG', 'two.png'):
        (folder / name).write_bytes((source / name).read_bytes())
    return folder


def test_every_kind_of_picture_gives_its_faces(done):
    found = by_file(done)
    assert list(found) == ['alpha.png', 'cut.png', 'exif.png', 'grey16.png', 'large.png', 'plain.png', 'tilted.png',
                           'two.png', 'two_1.png']
    assert {path.name for path in done.iterdir()} == set(found) | {picture_folder.MANIFEST, picture_folder.SETTINGS}
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
    (a, _, x), (b, _, y) = alignment.crop_to_picture(alignment.five_points(crop, face.landmarks), SIZE)
    assert abs(a - 1) < 0.05 and abs(b) < 0.04 and max(abs(x + 64 * (a - 1 - b)), abs(y + 64 * (a - 1 + b))) < 1.5
    # Both sets of landmarks are of the same face: a similarity takes one to the other.
    inverse = alignment.crop_to_picture(np.array(record['points']), SIZE)
    np.testing.assert_allclose(noted.dot(inverse[:, :2].T) + inverse[:, 2], record['landmarks_source'],
                               atol=0.03 * record['face_size'] / 40)


def test_what_is_noted_of_a_face(source, done):
    found = by_file(done)
    plain = found['plain.png']
    assert plain['source'] == 'plain.JPEG' and plain['source_size'] == [260, 260] and plain['faces'] == 1
    assert plain['source_bytes'] == (source / 'plain.JPEG').stat().st_size
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


def test_reasons_of_rejection(source, done, tmp_path):
    reasons = {record['source']: record['rejected'] for record in records(done) if record['rejected']}
    assert reasons == {'bad.jpg': 'unreadable', 'none.png': 'no face', 'tiny.png': 'too small'}
    assert run(source, tmp_path / 'a', '--max-outside', 0.1, '--min-size', 0, '--max-blur', 2.6) == 1
    reasons = {record['source']: record['rejected'] for record in records(tmp_path / 'a') if record['rejected']}
    assert reasons.pop('cut.png') == 'too much outside' and reasons.pop('tiny.png') == 'too blurred'
    assert reasons == {'bad.jpg': 'unreadable', 'none.png': 'no face'}


def test_largest_face_reflected_border_and_detection_size(few, source, tmp_path, detection_sizes):
    (few / 'cut.png').write_bytes((source / 'cut.png').read_bytes())
    assert run(few, tmp_path / 'out', '--faces', 'largest', '--border', 'reflect', '--detect-pixels', 250000) == 0
    assert detection_sizes[-1] == 250000
    assert [name for name in by_file(tmp_path / 'out') if name.startswith('two')] == ['two.png']
    assert (images.read_bgr(tmp_path / 'out' / 'cut.png') == 255).all(axis=2).mean() < 0.01


def test_the_same_command_goes_on(few, tmp_path, monkeypatch, caplog):
    out = tmp_path / 'out'
    assert run(few, out, '--workers', 3) == 0
    whole = contents(out)
    seen = []
    align = align_faces.align
    monkeypatch.setattr(align_faces, 'align', lambda job, *rest: seen.append(job.path.name) or align(job, *rest))
    caplog.set_level(logging.INFO)
    assert run(few, out) == 0 and not seen
    assert '0 done now' in caplog.text and '3 before: 4 faces' in caplog.text

    (out / 'two_1.png').unlink()
    assert run(few, out) == 0 and seen == ['two.png']
    manifest = out / picture_folder.MANIFEST
    manifest.write_bytes(manifest.read_bytes()[:-40])  # cut off in the second face of two.png
    assert run(few, out, '--workers', 1) == 0 and seen == ['two.png'] * 2
    assert contents(out) == whole


def test_changed_and_missing_pictures(few, tmp_path, caplog):
    out = tmp_path / 'out'
    assert run(few, out) == 0
    before = contents(out)
    (few / 'two.png').write_bytes((few / 'exif.jpg').read_bytes())  # one face instead of two
    (few / 'plain.JPEG').unlink()
    assert run(few, out) == 0
    assert 'plain.JPEG' in caplog.text and 'no longer' in caplog.text
    assert list(by_file(out)) == ['exif.png', 'plain.png', 'two.png'] and not (out / 'two_1.png').exists()
    after = contents(out)
    assert after['two.png'] == before['exif.png'] and after['plain.png'] == before['plain.png']


@pytest.mark.parametrize('moment', ['writing', 'between'])
def test_an_interrupted_run_leaves_whole_files(few, tmp_path, monkeypatch, moment):
    assert run(few, tmp_path / 'whole') == 0
    out = tmp_path / 'out'
    calls = []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(*arguments)

    place, name = (atomic.os, 'fsync') if moment == 'writing' else (picture_folder, 'append')
    original = getattr(place, name)
    with monkeypatch.context() as patch:
        if moment == 'writing':  # settings.json and the empty manifest are written before
            calls += [()] * -2
        patch.setattr(place, name, interrupted)
        if moment == 'writing':
            with pytest.raises(KeyboardInterrupt):
                run(few, out)
        else:
            assert run(few, out) == 75
    whole = contents(tmp_path / 'whole')
    for name, data in contents(out).items():
        assert name == picture_folder.MANIFEST or data == whole[name]
    assert run(few, out) == 0
    assert contents(out) == whole


def test_a_bug_on_one_picture_does_not_cost_the_others(few, tmp_path, monkeypatch, caplog):
    align = align_faces.align

    def faulty(job, *rest):
        if job.path.name == 'exif.jpg':
            raise ZeroDivisionError('a bug')
        return align(job, *rest)

    monkeypatch.setattr(align_faces, 'align', faulty)
    assert run(few, tmp_path / 'out') == 1
    assert 'a bug' in caplog.text and list(by_file(tmp_path / 'out')) == ['plain.png', 'two.png', 'two_1.png']


def drawing(points):
    """Grey paper with a black dot on each point."""
    picture = np.full((400, 500, 3), 200, np.uint8)
    for point in points:
        cv2.circle(picture, tuple(int(round(value)) for value in point), 4, (0, 0, 0), -1)
    return picture


def marks_68(points):
    """68 landmarks around five points: the eyes' six lie about the pupils."""
    marks = np.tile(points.mean(axis=0), (68, 1))
    around = np.array([[-12, 0], [-6, -7], [6, -7], [12, 0], [6, 7], [-6, 7]])
    marks[36:42], marks[42:48] = points[0] + around, points[1] + around
    marks[[30, 48, 54]] = points[2:]
    return marks


@pytest.fixture()
def art(tmp_path):
    """A drawing of two faces in which no detector finds any, one of them upside down; and their five points."""
    folder = tmp_path / 'art'
    upright = alignment.reference_points(250) + (20, 60)
    flipped = alignment.reference_points(200) * -1 + (460, 290)
    images.write_bgr(folder / 'drawn.png', drawing(np.concatenate([upright, flipped])))
    return folder, upright, flipped


def test_landmarks_made_by_hand(art, tmp_path, monkeypatch):
    folder, upright, flipped = art
    marks = tmp_path / 'marks.json'
    marks.write_text(json.dumps({'drawn.png': [upright.tolist(), marks_68(flipped).tolist()]}))
    monkeypatch.setattr(align_faces, 'FaceDetector', None)  # not even loaded
    assert run(folder, tmp_path / 'out', '--landmarks', marks) == 0
    found = by_file(tmp_path / 'out')
    assert list(found) == ['drawn.png', 'drawn_1.png']
    for name, side, roll in (('drawn.png', 250, 0), ('drawn_1.png', 200, 180)):
        crop = images.read_bgr(tmp_path / 'out' / name)
        for x, y in REFERENCE.round().astype(int):
            assert crop[y, x].max() < 60, (name, x, y)
        assert found[name]['found_by'] == 'hand' and found[name]['score'] is None
        assert found[name]['face_size'] == pytest.approx(side / 2, abs=2)
        assert abs(found[name]['pose']['roll']) == pytest.approx(roll, abs=2)
    assert found['drawn.png']['landmarks'] is None and len(found['drawn_1.png']['landmarks']) == 68
    np.testing.assert_allclose(found['drawn.png']['points'], upright, atol=0.01)

    whole = contents(tmp_path / 'out')
    assert run(folder, tmp_path / 'out', '--landmarks', marks) == 0 and contents(tmp_path / 'out') == whole
    marks.write_text(json.dumps({'drawn.png': [(upright + 5).tolist()]}))  # another file: that picture is done again
    assert run(folder, tmp_path / 'out', '--landmarks', marks) == 0
    assert list(by_file(tmp_path / 'out')) == ['drawn.png'] and not (tmp_path / 'out' / 'drawn_1.png').exists()


FIVE = [[100, 100], [150, 100], [125, 130], [105, 160], [145, 160]]


@pytest.mark.parametrize('text, part', [
    ('{"drawn.png": ', 'not valid JSON'), ('[1]', 'must be an object'),
    (json.dumps({'other.png': [FIVE], 'drawn.png': [FIVE]}), '1 pictures that are not in the folder .other.png'),
    (json.dumps({'drawn.png': []}), 'list of faces'), (json.dumps({'drawn.png': FIVE}), 'face 1 must be 5 or 68'),
    (json.dumps({'drawn.png': [FIVE, FIVE[:4]]}), 'face 2 must be 5 or 68 points .x, y., not 4'),
    (json.dumps({'drawn.png': [FIVE[:4] + [[1, 'a']]]}), r'point 5 must be two numbers .x, y., not .1, "a"'),
    (json.dumps({'drawn.png': [FIVE[:4] + [[1, float('nan')]]]}), 'point 5'),
    (json.dumps({'drawn.png': [[[7, 7]] * 5]}), 'less than 4 pixels apart'),
    (json.dumps({'drawn.png': [[FIVE[i] for i in (1, 0, 2, 4, 3)]]}), 'left and right are exchanged'),
    (json.dumps({'drawn.png': [(marks_68(np.array(FIVE)) * (-1, 1)).tolist()]}), 'left and right are exchanged')])
def test_malformed_landmarks(art, tmp_path, text, part):
    (tmp_path / 'marks.json').write_text(text)
    with pytest.raises(UserError, match=part):
        run(art[0], tmp_path / 'out', '--landmarks', tmp_path / 'marks.json')
    assert not (tmp_path / 'out').exists()


def test_mistakes(few, tmp_path):
    (tmp_path / 'file').write_text('x')
    (tmp_path / 'other').mkdir()
    (tmp_path / 'other' / 'holiday.png').write_bytes(b'x')
    for words, part in [((tmp_path / 'nowhere', tmp_path / 'out'), 'does not exist'), ((few, few), 'same folder'),
                        ((few, tmp_path / 'out', '--workers', 0), 'at least 1'),
                        ((few, tmp_path / 'out', '--size', 5), '--size 5'),
                        ((few, tmp_path / 'out', '--max-outside', 2), '--max-outside'),
                        ((few, tmp_path / 'out', '--min-size', 'nan'), '--min-size'),
                        ((few, tmp_path / 'out', '--detect-pixels', 9), 'at least 10000'),
                        ((few, tmp_path / 'out', '--landmarks', tmp_path / 'nowhere'), 'cannot read the landmarks'),
                        ((few, tmp_path / 'file'), 'is a file'), ((few, tmp_path / 'other'), 'not of this command')]:
        with pytest.raises(UserError, match=part):
            run(*words)
    assert not (tmp_path / 'out').exists() and sorted(contents(tmp_path / 'other')) == ['holiday.png']


def test_other_settings_and_a_damaged_manifest(few, tmp_path):
    out = tmp_path / 'out'
    assert run(few, out) == 0
    whole = contents(out)
    with pytest.raises(UserError, match="border is 'white' there and 'reflect' now"):
        run(few, out, '--border', 'reflect')
    (out / picture_folder.MANIFEST).write_bytes(b'{\n' + whole[picture_folder.MANIFEST])
    with pytest.raises(UserError, match='line 1 of'):
        run(few, out)
    (out / picture_folder.SETTINGS).write_text('[1')
    (out / picture_folder.MANIFEST).write_bytes(whole[picture_folder.MANIFEST])
    with pytest.raises(UserError, match='settings.json is damaged'):
        run(few, out)


def test_names_of_faces_do_not_meet():
    def names(*sources):
        return list(face_folder.output_names([Path(source) for source in sources]).values())
    assert names('a.jpg', 'b.c.png', 'd_1.png') == ['a', 'b.c', 'd_1']
    assert names('a.jpg', 'a.png', 'b.png') == ['a_jpg', 'a_png', 'b']
    assert names('a.jpg', 'a_1.jpg') == ['a', 'a_1_jpg']
    with pytest.raises(UserError, match='rename'):
        names('a.b.png', 'a.b.jpg', 'a_b_png.png')
