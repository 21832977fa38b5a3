"""The check of training folders: on real faces and paintings of them, and rule by rule on given facts."""
import re
from pathlib import Path

import numpy as np
import pytest

from data_tools import check
from data_tools.checks import folder_check, image_facts
from data_tools.checks.image_facts import FaceFacts, ImageFacts
from data_tools.recipe.demo_material import paint, portrait, portraits
from dctnet import images
from dctnet.errors import UserError
from dctnet.face.measures import Pose


@pytest.fixture(scope='module')
def faces(tmp_path_factory):
    """photo/ and style/ with twelve views each, one of them twice."""
    folder, astronaut = tmp_path_factory.mktemp('faces'), portrait()
    for name, picture, seed in (('photo', astronaut, 1), ('style', paint(astronaut), 2)):
        for index, view in enumerate(portraits(picture, 12, 160, seed)):
            images.write_bgr(folder / name / f'{index:02d}.png', view)
    images.write_bgr(folder / 'photo' / 'again.jpg', images.read_bgr(folder / 'photo' / '00.png'))
    return folder


@pytest.fixture()
def one_detector(detector, monkeypatch):
    monkeypatch.setattr(image_facts, 'FaceDetector', lambda: detector)


def facts(count=60, seed=0, **changes):
    """Sound pictures that differ in everything."""
    rng = np.random.RandomState(seed)
    found = []
    for index in range(count):
        face = FaceFacts(Pose(rng.normal(0, 10), 0, 0), 1.8, 0.02, 0.1 + 0.01 * rng.standard_normal())
        found.append(ImageFacts(
            Path(f'{index}.png'), '', 256, 256, 1, face, rng.uniform(0.1, 0.4), 50, 15,
            rng.standard_normal(9), rng.bytes(32).hex())._replace(**changes))
    return found


def whats(photos, style, size=256):
    return [finding.where + ': ' + finding.what for finding in folder_check.findings(photos, style, size)]


SOUND = facts(600, seed=1), facts(100, seed=2, flat=0.6)


def test_real_faces_give_a_report_with_their_faults(faces, tmp_path, one_detector, capsys):
    out = tmp_path / 'made' / 'report.html'
    assert check.main([str(faces / 'photo'), str(faces / 'style'), '--out', str(out), '--size', '128']) == 0
    text = capsys.readouterr().out
    # The first view is cut off too far, and is there twice.
    assert re.search(r'with a face +8\d% +100%', text)
    assert 'PHOTO: 1 pictures are nearly the same as another' in text and 'STYLE: only 12 pictures' in text
    page = out.read_text(encoding='utf-8')
    faults = ('PHOTO: 2 of 13 pictures show no face', r'PHOTO: \d+ of 13 pictures show a face that is not',
              r'STYLE: \d+ of 12 pictures show a face that is not', 'PHOTO: 1 pictures are nearly')
    assert [fault for fault in faults if not re.search(fault, text)] == []
    assert page.count('data:image/jpeg;base64,') == 2 + len(faults)  # two contact sheets, and what each fault shows
    assert 'http' not in page and '00.png and again.jpg' in page


@pytest.mark.long
def test_swapped_folders_are_refused_and_the_report_is_there(faces, tmp_path, one_detector):
    out = tmp_path / 'report.html'
    with pytest.raises(UserError, match='look swapped: in .* flatter, as cartoons are.*exchange them'):
        check.main([str(faces / 'style'), str(faces / 'photo'), '--out', str(out)])
    assert 'look swapped' in out.read_text(encoding='utf-8')


def test_folders_that_cannot_be_checked_are_refused(faces, tmp_path, one_detector):
    for name in ('empty', 'broken'):
        (tmp_path / name).mkdir()
    (tmp_path / 'broken' / 'a.png').write_bytes(b'no picture')
    for photo, style, words in ((faces / 'photo', tmp_path / 'empty', 'no pictures in'),
                                (tmp_path / 'none', faces / 'style', 'does not exist'),
                                (faces / 'photo', faces / 'photo', 'same folder'),
                                (tmp_path / 'broken', faces / 'style', 'no picture in .* can be read')):
        with pytest.raises(UserError, match=words):
            check.main([str(photo), str(style), '--out', str(tmp_path / 'report.html')])
    for option in (['--out', 'report.pdf'], ['--size', '0'], ['--workers', '0']):
        with pytest.raises(UserError):
            check.main([str(faces / 'photo'), str(faces / 'style')] + option)
    assert not (tmp_path / 'report.html').exists()


def test_sound_folders_have_no_findings():
    assert whats(*SOUND) == [] and folder_check.refusal(*SOUND) == ''


@pytest.mark.parametrize('changes, what', [
    (dict(width=100, height=100), 'STYLE: 100 of 100 pictures are smaller than 256 px'),
    (dict(height=400), 'STYLE: 100 of 100 pictures are far from square'),
    (dict(faces=0, face=None), 'STYLE: 100 of 100 pictures show no face that is found'),
    (dict(chroma=0.5), 'STYLE: 100 of 100 pictures have no colour'),
    (dict(face=FaceFacts(Pose(0, 0, 0), 5.0, 0.02, 0.1)), 'STYLE: 100 of 100 pictures are blurred'),
    (dict(face=FaceFacts(Pose(0, 0, 0), 1.5, 0.2, 0.1)), 'not where alignment puts it'),
    (dict(hash='ab' * 32), 'STYLE: 99 pictures are nearly the same as another (0.png and 1.png)')])
def test_each_fault_is_found_alone(changes, what):
    found = whats(SOUND[0], [entry._replace(**changes) for entry in SOUND[1]])
    assert len(found) == 1 and what in found[0]


def test_few_unreadable_and_alike_pictures_are_told():
    photos, style = facts(20), facts(15, seed=3)
    style[4] = ImageFacts(Path('4.png'), 'cut off')
    found = whats(photos, style)
    assert [text.split(':')[0] for text in found] == ['PHOTO', 'STYLE', 'STYLE', 'both']
    assert 'only 20' in found[0] and 'only 15' in found[1] and 'cut off' in found[2] and 'look alike' in found[3]


def test_larger_eyes_in_the_photographs_are_refused():
    large = [entry._replace(face=entry.face._replace(eye_size=0.14)) for entry in facts()]
    assert 'larger eyes' in folder_check.refusal(large, facts(seed=3)) and not folder_check.refusal(facts(), large)
    assert not folder_check.refusal(large[:9], facts())  # too few to tell


def test_two_styles_in_one_folder_are_told():
    two = facts(40, seed=4) + [entry._replace(looks=entry.looks + 4) for entry in facts(20, seed=5)]
    apart, groups = folder_check.style_groups(two)
    assert sorted(map(len, groups)) == [20, 40]
    assert {id(entry) for entry in two[40:]} == {id(entry) for entry in min(groups, key=len)}
    assert any('fall into two kinds, 20 and 40' in text for text in whats(SOUND[0], two))
    assert 0 < folder_check.style_groups(two[:40])[0] < 0.2


def test_photographs_that_are_turned_further_than_the_style_are_told():
    turned = [entry._replace(face=entry.face._replace(pose=Pose(40, 0, 0))) for entry in SOUND[0]]
    assert [text for text in whats(turned, SOUND[1]) if '100% of the photographs are turned' in text]
