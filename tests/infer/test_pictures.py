"""infer.py: pictures and folders of them, and what is told."""
import json
import threading

import numpy as np
import pytest

from dctnet import images, infer
from dctnet.errors import UserError
from dctnet.inference import stylizer as stylizer_module
from tests.infer.conftest import run
from tests.odd_pictures import write_bad_pictures, write_odd_pictures


def test_one_picture_is_translated_and_reported(model, photo, tmp_path, log):
    assert run(model, photo, tmp_path / 'deep' / 'out.png') == 0
    result = images.read_bgr(tmp_path / 'deep' / 'out.png')
    np.testing.assert_array_equal(result[300:], images.read_bgr(photo)[300:] // 2 + 32)
    assert '1 face(s), 9' in log.text


def test_options_reach_the_stylizer(model, photo, tmp_path, log):
    assert run(model, photo, tmp_path / 'out.png', '--short-side', '256', '--faces', 'largest', '--side-by-side',
               '--landmarks-json') == 0
    assert images.read_bgr(tmp_path / 'out.png').shape == (512, 1024, 3)
    assert '512x512 is translated at 256x256' in log.text
    told = json.loads((tmp_path / 'out.png.json').read_text())
    assert told['width'] == told['height'] == 512
    assert np.shape(told['faces'][0]['landmarks']) == (68, 2)
    assert np.abs(np.subtract(told['faces'][0]['landmarks'][30], (225, 126))).max() < 4


@pytest.mark.parametrize('suffix', ['.png', '.webp', '.jpg'])
def test_transparency_is_kept_if_the_format_has_it(model, photo, tmp_path, suffix):
    alpha = np.tile(np.linspace(1, 255, 512), (512, 1)).astype(np.uint8)
    images.write_bgr(tmp_path / 'a.png', np.dstack([images.read_bgr(photo), alpha]))
    target = tmp_path / ('out' + suffix)
    assert run(model, tmp_path / 'a.png', target, '--side-by-side') == 0
    image, kept = images.read_with_alpha(target)
    if suffix == '.jpg':
        assert kept is None
    else:
        np.testing.assert_array_equal(kept, np.concatenate([alpha, alpha], axis=1))
    over_white = images.read_bgr(tmp_path / 'a.png')
    assert np.abs(image[:, :512].astype(int) - over_white).mean() < (1 if suffix == '.png' else 8)


def test_whole_looks_for_no_face_and_changes_every_pixel_by_the_background(model, photo, tmp_path, capsys, monkeypatch):
    def search(*_):
        raise AssertionError('faces are searched')
    (tmp_path / 'photos').mkdir()
    photo.rename(tmp_path / 'photos' / 'photo.png')
    monkeypatch.setattr(stylizer_module.FaceDetector(), 'detect', search)
    assert run(model, tmp_path / 'photos', tmp_path / 'out', '--mode', 'whole') == 0
    result, before = [images.read_bgr(tmp_path / name / 'photo.png') for name in ('out', 'photos')]
    np.testing.assert_array_equal(result, before // 2 + 32)
    assert '1 done, 0 failed; written to' in capsys.readouterr().out
    with pytest.raises(UserError, match='--mode whole are for pictures'):
        run(model, tmp_path / 'clip.mp4', tmp_path / 'clip_out.mp4', '--mode', 'whole')


def test_single_needs_no_head(model, photo, tmp_path):
    code = infer.main(['--background', str(model / 'cartoon_bg.pb'), '--mode', 'single', '--input', str(photo),
                       '--output', str(tmp_path / 'out.jpg'), '--device', 'cpu', '--training-size', '64'])
    assert code == 0
    assert images.read_bgr(tmp_path / 'out.jpg').shape == (512, 512, 3)


def test_a_folder_goes_on_after_bad_pictures(model, photo, tmp_path, astronaut, capsys, log):
    source, target = tmp_path / 'in', tmp_path / 'out'
    source.mkdir()
    images.write_bgr(source / 'a.jpg', astronaut)
    images.write_bgr(source / 'a.png', astronaut[300:])  # same stem, no face
    write_bad_pictures(source, photo)
    assert run(model, source, target) == 1
    assert sorted(path.name for path in target.iterdir()) == ['a.jpg', 'a.png']
    assert images.read_bgr(target / 'a.png').shape == (212, 512, 3)
    told = capsys.readouterr().out
    assert '2 done, 3 failed, 1 without a face' in told
    for name in ('cut.png', 'empty.jpg', 'text.png'):
        assert name in told and name in log.text
    assert 'the file is empty' in log.text and 'no face' in log.text


def test_several_workers_tell_and_write_what_one_does(model, tmp_path, astronaut, capsys, log):
    source = tmp_path / 'in'
    source.mkdir()
    for index, side in enumerate((512, 300, 448, 270, 350)):  # slow and quick in turn, one of them to be scaled
        images.write_bgr(source / f'{index}.png', images.scale(astronaut, side, side))
    (source / '2.png').write_bytes(b'no picture')
    told = []
    for workers in ('1', '3'):
        log.clear()
        assert run(model, source, tmp_path / 'out', '--workers', workers, '--short-side', '288') == 1
        told.append((log.text, capsys.readouterr().out, {
            path.name: path.read_bytes() for path in (tmp_path / 'out').iterdir()}))
    assert told[0] == told[1]
    lines = [record.getMessage() for record in log.records]
    assert '512x512 is translated at 288x288' in lines[0] and '0.png -> ' in lines[1]
    assert len(told[0][2]) == 4


def test_as_many_pictures_as_workers_are_in_work_at_once(model, tmp_path, astronaut, monkeypatch):
    for index in range(3):
        images.write_bgr(tmp_path / 'in' / f'{index}.png', images.scale(astronaut, 64, 64))
    meeting = threading.Barrier(3, timeout=30)

    def translate(stylizer, job, side_by_side, landmarks_json):
        meeting.wait()  # for two others, or it fails
        return infer.Done([], {})
    monkeypatch.setattr(infer, 'translate_file', translate)
    assert run(model, tmp_path / 'in', tmp_path / 'out', '--workers', '3') == 0


def test_the_time_of_each_part_is_told(model, photo, tmp_path, capsys):
    assert run(model, photo, tmp_path / 'out.png', '--timing') == 0
    first, *parts = capsys.readouterr().out.splitlines()
    assert first.startswith('1 picture(s) in ') and first.endswith('a second, 1 at a time')
    assert [line.split()[0] for line in parts] == ['reading', 'faces', 'background', 'heads', 'fusing', 'writing']
    assert all(float(line.split()[1]) > 0 for line in parts)


def test_rates_of_parts_are_those_of_all_workers():
    done = [infer.Done([], {'reading': 0.1, 'faces': 2.0}), infer.Done([], {'reading': 0.3, 'faces': 2.0, 'heads': 0})]
    assert infer.rates(done, 4) == {'reading': pytest.approx(20), 'faces': 2.0}
    assert infer.timing(done, 4, 2.0).splitlines()[::2] == [
        '2 picture(s) in 2.0 s, 1.00 a second, 4 at a time',
        '  faces       2000.0 ms a picture, 2.0 a second by itself']


def test_several_inputs_and_a_folder_that_is_not_there_yet(model, photo, tmp_path, capsys):
    images.write_bgr(tmp_path / 'more' / 'b.jpg', np.full((64, 64, 3), 90, np.uint8))
    assert infer.main(['--model', str(model), '--input', str(photo), str(tmp_path / 'more'), '--output',
                       str(tmp_path / 'out'), '--device', 'cpu']) == 0
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == ['b.jpg', 'photo.png']
    assert '2 done, 0 failed, 1 without a face' in capsys.readouterr().out
    assert run(model, photo, f"{tmp_path / 'new'}/") == 0
    assert (tmp_path / 'new' / 'photo.png').is_file()


def test_odd_pictures_are_read(model, tmp_path, astronaut, capsys):
    source, target = tmp_path / 'in', tmp_path / 'out'
    source.mkdir()
    write_odd_pictures(source, astronaut)
    assert run(model, source, target) == 0
    assert '6 done, 0 failed, 1 without a face' in capsys.readouterr().out
    assert images.read_bgr(target / 'pixel.PNG').shape == (1, 1, 3)
    assert images.read_bgr(target / 'animated.webp').shape == (200, 200, 3)


def test_a_bug_on_one_picture_keeps_its_traceback_and_the_others(model, tmp_path, astronaut, monkeypatch, log):
    whole = stylizer_module.Stylizer.stylize

    def fails_on_small(self, image):
        if image.shape[0] < 100:
            raise ZeroDivisionError('a bug')
        return whole(self, image)

    monkeypatch.setattr(stylizer_module.Stylizer, 'stylize', fails_on_small)
    source = tmp_path / 'in'
    source.mkdir()
    images.write_bgr(source / 'a.png', astronaut[:50])
    images.write_bgr(source / 'b.png', astronaut)
    assert run(model, source, tmp_path / 'out') == 1
    assert 'Traceback' in log.text and 'a.png' in log.text
    assert (tmp_path / 'out' / 'b.png').exists()
