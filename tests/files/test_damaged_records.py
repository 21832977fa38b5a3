"""Bookkeeping files of any content: made anew with a warning, or told in one line; never a traceback."""
import json
import logging

import numpy as np
import pytest

from data_tools.faces import hand_landmarks
from data_tools.folders import manifest_folder, sample_folder
from data_tools.weights import part_file
from dctnet.data import folders, openness
from dctnet.errors import UserError
from dctnet.files import folder_settings, kept_file
from dctnet.report.run_record import read_run
from dctnet.runs import checkpoint_files
from dctnet.runs.folder import Run
from dctnet.study.answers import read_answers
from dctnet.video.unfinished import Unfinished
from tests.report.written_run import write_run

ODD = ['', '{', 'null', '[]', '5', '"text"', '{"photo": 5}', '{"photo": {"count": []}}', '[' * 5000, '{"a": NaN}',
       '{"a": ' + '9' * 400 + '}', '{"version": 1, "photographs": {"x": {"sha256": 1, "openness": "abc"}}}']


@pytest.fixture(params=ODD, ids=lambda text: text[:24])
def odd(request):
    return request.param


def test_the_record_of_the_pictures_is_made_anew(tmp_path, caplog, odd):
    (tmp_path / 'pictures.json').write_text(odd)
    Run(tmp_path, 'ttn').record_pictures({'photo': [tmp_path / 'a.png']})
    assert json.loads((tmp_path / 'pictures.json').read_text())['photo']['count'] == 1
    assert 'is made anew' in caplog.text or odd == '{"a": NaN}' or 'holds other pictures' in caplog.text


def test_openness_is_measured_anew(tmp_path, caplog, odd):
    (tmp_path / 'openness.json').write_text(odd)
    with caplog.at_level(logging.WARNING):
        assert kept_file.read_json(tmp_path / 'openness.json', 1, openness._entries) is None
    assert 'is made anew' in caplog.text


def test_the_origin_of_a_part_is_forgotten(tmp_path, odd):
    (tmp_path / 'x.part.json').write_text(odd)
    assert part_file.read_origin(tmp_path / 'x.part') is None


def test_settings_and_notes_are_told(tmp_path, odd):
    (tmp_path / 'best').mkdir()
    (tmp_path / 'best' / 'best.json').write_text(odd)
    with pytest.raises(UserError, match='best.json is damaged'):
        checkpoint_files.read_best(tmp_path)
    (tmp_path / 'generated.json').write_text(odd)
    (tmp_path / '000000.png').write_bytes(b'')
    with pytest.raises(UserError):
        sample_folder.begin(tmp_path, {'a': 1}, {})
    with pytest.raises(UserError):
        folder_settings.check(tmp_path / 'generated.json', {'z': 1})
    with pytest.raises(UserError, match='best.json'):
        read_answers([tmp_path / 'best' / 'best.json'])
    with pytest.raises(UserError, match='best.json'):
        hand_landmarks.read(tmp_path / 'best' / 'best.json', ['photo', 'version'])


def test_records_of_a_run_do_not_stop_its_report(tmp_path, odd):
    run = write_run(tmp_path / 'run', d__loss=1.0)
    for name in ('pictures.json', 'metrics.jsonl'):
        (run / name).write_text(odd)
    (run / 'environment.json').write_text(json.dumps({'stage': 'ttn', 'command': 5, 'from_step': [odd], 'ended': {}}))
    assert read_run(run).stage == 'ttn'


def test_lines_of_a_manifest_are_told(tmp_path, odd):
    good = json.dumps({'source': 'a.png', 'rejected': None, 'file': 'a.png'})
    (tmp_path / 'manifest.jsonl').write_text(good + '\n' + odd.replace('\n', ' ') + '\n' + good + '\n')
    with pytest.raises(UserError, match='line 2 of .*manifest.jsonl is damaged'):
        manifest_folder.read(tmp_path, 'source')
    (tmp_path / 'manifest.jsonl').write_text(good + '\n' + odd)
    assert manifest_folder.read(tmp_path, 'source') == {'a.png': [good]}


def test_faces_of_an_unfinished_clip_are_looked_for_anew(tmp_path, odd):
    folder = tmp_path / 'x.mp4.unfinished'
    folder.mkdir()
    (folder / 'settings.json').write_text('{"a": 1}')
    (folder / 'faces.jsonl').write_text(odd + '\n[0, 5]\n[1, [[1, 2, 3]]]\n[2, []]\n')
    kept = Unfinished(tmp_path / 'x.mp4', {'a': 1})
    assert kept.faces(0) is None and kept.faces(1) is None and kept.faces(2) == []


def test_many_methods_in_answers_are_refused_before_they_are_paired(tmp_path):
    names = [f'm{index}' for index in range(20000)]
    (tmp_path / 'x.json').write_text(json.dumps({'study': '', 'methods': names, 'names': ['a', 'b'], 'participant': 'p',
                                                 'answers': []}))
    with pytest.raises(UserError, match='20000 methods'):
        read_answers([tmp_path / 'x.json'])


def test_lists_and_landmarks_with_a_byte_order_mark_are_read(tmp_path):
    (tmp_path / 'keep.txt').write_bytes(b'\xef\xbb\xbfa.png\r\nb.png\r\n')
    for name in ('a.png', 'b.png'):
        (tmp_path / name).write_bytes(b'x')
    found = folders.list_folder('data.style', str(tmp_path / 'keep.txt'), 1)
    assert [path.name for path in found] == ['a.png', 'b.png']
    points = [[70, 80], [120, 80], [95, 110], [75, 140], [115, 140]]
    (tmp_path / 'marks.json').write_bytes(b'\xef\xbb\xbf' + json.dumps({'a.png': [points]}).encode())
    np.testing.assert_array_equal(hand_landmarks.read(tmp_path / 'marks.json', ['a.png'])['a.png'][0], points)


def test_a_home_that_is_nobody_s_is_told():
    with pytest.raises(UserError, match='data.photo=~nobody-here/x: there is no user'):
        folders.list_folder('data.photo', '~nobody-here/x', 1)
