"""Aligned faces: the same command goes on, after changes, interruptions and bugs too."""

import logging
from pathlib import Path

import pytest

from data_tools.faces import jobs
from data_tools.folders import face_folder, manifest_folder
from dctnet.errors import UserError
from dctnet.files import atomic
from tests.data_tools.faces.aligning import by_file, contents, run

pytestmark = pytest.mark.usefixtures('quick_detection')


@pytest.mark.long
def test_the_same_command_goes_on(trio, tmp_path, monkeypatch, caplog):
    out = tmp_path / 'out'
    assert run(trio, out, '--workers', 3) == 0
    whole = contents(out)
    seen = []
    align = jobs.align
    monkeypatch.setattr(jobs, 'align', lambda job, *rest: seen.append(job.path.name) or align(job, *rest))
    caplog.set_level(logging.INFO)
    assert run(trio, out) == 0 and not seen
    assert '0 done now' in caplog.text and '3 before: 4 faces' in caplog.text

    (out / 'two_1.png').unlink()
    assert run(trio, out) == 0 and seen == ['two.png']
    manifest = out / manifest_folder.MANIFEST
    manifest.write_bytes(manifest.read_bytes()[:-40])  # cut off in the second face of two.png
    assert run(trio, out, '--workers', 1) == 0 and seen == ['two.png'] * 2
    assert contents(out) == whole


@pytest.mark.long
def test_changed_pictures_are_done_again_and_missing_ones_keep_their_faces(trio, tmp_path, caplog):
    out = tmp_path / 'out'
    assert run(trio, out) == 0
    before = contents(out)
    (trio / 'two.png').write_bytes((trio / 'exif.jpg').read_bytes())  # one face instead of two
    (trio / 'plain.JPEG').unlink()
    assert run(trio, out) == 0
    assert 'plain.JPEG' in caplog.text and 'no longer' in caplog.text
    assert list(by_file(out)) == ['exif.png', 'plain.png', 'two.png'] and not (out / 'two_1.png').exists()
    after = contents(out)
    assert after['two.png'] == before['exif.png'] and after['plain.png'] == before['plain.png']


@pytest.mark.long
@pytest.mark.parametrize('moment', ['writing', 'between'])
def test_an_interrupted_run_leaves_whole_files(trio, tmp_path, monkeypatch, moment):
    assert run(trio, tmp_path / 'whole') == 0
    out = tmp_path / 'out'
    calls = []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(*arguments)

    place, name = (atomic.os, 'fsync') if moment == 'writing' else (manifest_folder, 'append')
    original = getattr(place, name)
    with monkeypatch.context() as patch:
        if moment == 'writing':  # settings.json and the empty manifest are written before
            calls += [()] * -2
        patch.setattr(place, name, interrupted)
        if moment == 'writing':
            with pytest.raises(KeyboardInterrupt):
                run(trio, out)
        else:
            assert run(trio, out) == 75
    whole = contents(tmp_path / 'whole')
    for name, data in contents(out).items():
        assert name == manifest_folder.MANIFEST or data == whole[name]
    assert run(trio, out) == 0
    assert contents(out) == whole


def test_a_bug_on_one_picture_does_not_cost_the_others(trio, tmp_path, monkeypatch, caplog):
    align = jobs.align

    def faulty(job, *rest):
        if job.path.name == 'exif.jpg':
            raise ZeroDivisionError('a bug')
        return align(job, *rest)

    monkeypatch.setattr(jobs, 'align', faulty)
    assert run(trio, tmp_path / 'out') == 1
    assert 'a bug' in caplog.text and list(by_file(tmp_path / 'out')) == ['plain.png', 'two.png', 'two_1.png']


@pytest.mark.long
def test_other_settings_and_a_damaged_manifest_are_refused(trio, tmp_path):
    out = tmp_path / 'out'
    assert run(trio, out) == 0
    whole = contents(out)
    with pytest.raises(UserError, match="border is 'white' there and 'reflect' now"):
        run(trio, out, '--border', 'reflect')
    (out / manifest_folder.MANIFEST).write_bytes(b'{\n' + whole[manifest_folder.MANIFEST])
    with pytest.raises(UserError, match='line 1 of'):
        run(trio, out)
    (out / manifest_folder.SETTINGS).write_text('[1')
    (out / manifest_folder.MANIFEST).write_bytes(whole[manifest_folder.MANIFEST])
    with pytest.raises(UserError, match='settings.json is damaged'):
        run(trio, out)


def test_names_of_faces_do_not_meet():
    def names(*sources):
        return list(face_folder.output_names([Path(source) for source in sources]).values())
    assert names('a.jpg', 'b.c.png', 'd_1.png') == ['a', 'b.c', 'd_1']
    assert names('a.jpg', 'a.png', 'b.png') == ['a_jpg', 'a_png', 'b']
    assert names('a.jpg', 'a_1.jpg') == ['a', 'a_1_jpg']
    with pytest.raises(UserError, match='rename'):
        names('a.b.png', 'a.b.jpg', 'a_b_png.png')
