"""The command line: files and folders, bad input, exit codes and messages."""
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from dctnet import images, infer
from dctnet.errors import UserError
from dctnet.inference import stylizer as stylizer_module
from tests.odd_pictures import write_bad_pictures, write_odd_pictures

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope='module', autouse=True)
def quick_start(one_detector):
    """Every stylizer here shares the loaded landmarks model."""


@pytest.fixture(scope='module')
def astronaut():
    return np.ascontiguousarray(data.astronaut()[:, :, ::-1])


@pytest.fixture()
def photo(tmp_path, astronaut):
    images.write_bgr(tmp_path / 'photo.png', astronaut)
    return tmp_path / 'photo.png'


@pytest.fixture(autouse=True)
def log(caplog):
    caplog.set_level('INFO')
    return caplog


def run(model, source, target, *options):
    return infer.main(['--model', str(model), '--input', str(source), '--output', str(target), '--device', 'cpu']
                      + list(options))


def command(*arguments):
    return subprocess.run([sys.executable, str(ROOT / 'infer.py')] + [str(argument) for argument in arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, timeout=60)


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


def test_a_picture_without_room_in_its_format_is_told_before_the_work(model, tmp_path, monkeypatch):
    monkeypatch.setattr(infer, 'make_stylizer', lambda *_: pytest.fail('TensorFlow is loaded'))
    images.write_bgr(tmp_path / 'wide.png', np.zeros((4, 9000, 3), np.uint8))
    with pytest.raises(UserError, match='18000x4 pixels, but a .webp has at most 16383'):
        run(model, tmp_path / 'wide.png', tmp_path / 'out.webp', '--side-by-side')


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


def test_a_number_of_workers_below_1_is_refused(model, photo, tmp_path):
    with pytest.raises(UserError, match='--workers 0'):
        run(model, photo, tmp_path / 'o.png', '--workers', '0')


def test_several_inputs_and_a_folder_that_is_not_there_yet(model, photo, tmp_path, capsys):
    images.write_bgr(tmp_path / 'more' / 'b.jpg', np.full((64, 64, 3), 90, np.uint8))
    assert infer.main(['--model', str(model), '--input', str(photo), str(tmp_path / 'more'), '--output',
                       str(tmp_path / 'out'), '--device', 'cpu']) == 0
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == ['b.jpg', 'photo.png']
    assert '2 done, 0 failed, 1 without a face' in capsys.readouterr().out
    assert run(model, photo, f"{tmp_path / 'new'}/") == 0
    assert (tmp_path / 'new' / 'photo.png').is_file()


def test_inputs_that_would_share_an_output_are_refused(photo, tmp_path):
    images.write_bgr(tmp_path / 'more' / 'photo.png', np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(UserError, match='photo.png would both become'):
        infer.plan([photo, tmp_path / 'more'], str(tmp_path / 'out'))
    with pytest.raises(UserError, match='name a folder'):
        infer.plan([photo, photo], str(photo))


def test_a_clip_is_translated_alone(model, photo, tmp_path):
    with pytest.raises(UserError, match='a clip is translated alone'):
        infer.main(['--model', str(model), '--input', str(photo), str(tmp_path / 'x.mp4'), '--output', 'y.mp4'])


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


@pytest.mark.parametrize('kind', ['cut.png', 'empty.jpg', 'text.png'])
def test_one_bad_picture_is_the_user_s_mistake(model, photo, tmp_path, kind):
    write_bad_pictures(tmp_path, photo)
    with pytest.raises(UserError, match=kind):
        run(model, tmp_path / kind, tmp_path / 'out.png')
    assert not (tmp_path / 'out.png').exists()


def test_mistakes_are_told_before_tensorflow_is_loaded(model, photo, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'dctnet.inference.stylizer', None)  # importing it would now fail
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'file').write_text('x')
    half = tmp_path / 'half'
    half.mkdir()
    (half / 'cartoon_bg.pb').write_bytes((model / 'cartoon_bg.pb').read_bytes())
    cases = [
        (model, tmp_path / 'nowhere.png', tmp_path / 'o.png', 'nowhere.png does not exist'),
        (model, photo, tmp_path / 'o.gif', 'which makes no clip'),
        (model, photo, tmp_path / 'o', 'cannot write a picture as'),
        (model, photo, photo, 'is the input itself'),
        (model, photo, photo.parent, 'is the input itself'),
        (model, photo.parent, photo.parent, 'is the input itself'),
        (model, tmp_path / 'empty', tmp_path / 'o', 'no pictures in'),
        (model, photo.parent, tmp_path / 'file', 'name a folder'),
        (model, photo, tmp_path / 'file' / 'o.png', 'file is a file'),
        (model, photo, tmp_path / ('n' * 300 + '.png'), 'too long'),
        (tmp_path / 'nowhere', photo, tmp_path / 'o.png', 'nowhere does not exist'),
        (photo, photo, tmp_path / 'o.png', 'is a file'),
        (half, photo, tmp_path / 'o.png', 'holds no cartoon_h.pb'),
    ]
    for folder, source, target, message in cases:
        with pytest.raises(UserError, match=message):
            run(folder, source, target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['empty', 'file', 'half', 'photo.png']


def test_a_link_to_the_input_is_the_input(model, photo, tmp_path):
    (tmp_path / 'link.png').symlink_to(photo)
    before = photo.read_bytes()
    with pytest.raises(UserError, match='is the input itself'):
        run(model, photo, tmp_path / 'link.png')
    assert photo.read_bytes() == before


def test_a_read_only_output_is_refused(model, photo, tmp_path, monkeypatch):
    monkeypatch.setattr(infer.os, 'access', lambda path, mode: False)  # the tests may run as root, who may everything
    with pytest.raises(UserError, match='no permission'):
        run(model, photo, tmp_path / 'o.png')


@pytest.mark.parametrize('faces', ['0', '-1', 'some', '1.5', ''])
def test_faces_are_checked_by_the_parser(model, photo, tmp_path, faces, capsys):
    with pytest.raises(SystemExit) as error:
        run(model, photo, tmp_path / 'o.png', '--faces=' + faces)
    assert error.value.code == 2
    assert 'all, largest' in capsys.readouterr().err


def test_a_file_that_is_no_graph_is_refused(model, photo, tmp_path):
    (tmp_path / 'bad.pb').write_bytes(b'no graph')
    with pytest.raises(UserError, match='bad.pb'):
        run(model, photo, tmp_path / 'o.png', '--background', str(tmp_path / 'bad.pb'))
    assert not (tmp_path / 'o.png').exists()


@pytest.mark.long
def test_the_command_exits_with_1_or_2(model, photo, tmp_path):
    mistaken = command('--model', tmp_path / 'nowhere', '--input', photo, '--output', tmp_path / 'o.png')
    assert mistaken.returncode == 2
    assert mistaken.stderr.startswith('error: model folder') and mistaken.stderr.count('\n') == 1
    source = tmp_path / 'in'
    source.mkdir()
    write_bad_pictures(source, photo)
    os.link(str(photo), str(source / 'photo.png'))
    some = command('--model', model, '--input', source, '--output', tmp_path / 'out', '--device', 'cpu')
    assert some.returncode == 1
    assert '1 done, 3 failed' in some.stdout and 'Traceback' not in some.stderr
    assert [path.name for path in (tmp_path / 'out').iterdir()] == ['photo.png']
