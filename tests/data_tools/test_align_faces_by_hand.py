"""Aligned faces of art, whose landmarks are made by hand."""

import json

import cv2
import numpy as np
import pytest

from data_tools import align_faces
from dctnet import images
from dctnet.errors import UserError
from dctnet.face import alignment
from tests.data_tools.faces.aligning import SIZE, by_file, contents, run


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


def test_landmarks_made_by_hand_align_without_a_detector(art, tmp_path, monkeypatch):
    folder, upright, flipped = art
    marks = tmp_path / 'marks.json'
    marks.write_text(json.dumps({'drawn.png': [upright.tolist(), marks_68(flipped).tolist()]}))
    monkeypatch.setattr(align_faces, 'FaceDetector', None)  # not even loaded
    assert run(folder, tmp_path / 'out', '--landmarks', marks) == 0
    found = by_file(tmp_path / 'out')
    assert list(found) == ['drawn.png', 'drawn_1.png']
    for name, side, roll in (('drawn.png', 250, 0), ('drawn_1.png', 200, 180)):
        crop = images.read_bgr(tmp_path / 'out' / name)
        for x, y in alignment.reference_points(SIZE).round().astype(int):
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
def test_malformed_landmarks_are_refused(art, tmp_path, text, part):
    (tmp_path / 'marks.json').write_text(text)
    with pytest.raises(UserError, match=part):
        run(art[0], tmp_path / 'out', '--landmarks', tmp_path / 'marks.json')
    assert not (tmp_path / 'out').exists()
