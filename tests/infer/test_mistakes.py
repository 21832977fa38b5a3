"""infer.py: mistakes, their messages and exit codes."""
import os
import sys

import numpy as np
import pytest

from dctnet import images, infer
from dctnet.errors import UserError
from tests.infer.conftest import command, run
from tests.odd_pictures import write_bad_pictures


def test_a_picture_without_room_in_its_format_is_told_before_the_work(model, tmp_path, monkeypatch):
    monkeypatch.setattr(infer, 'make_stylizer', lambda *_: pytest.fail('TensorFlow is loaded'))
    images.write_bgr(tmp_path / 'wide.png', np.zeros((4, 9000, 3), np.uint8))
    with pytest.raises(UserError, match='18000x4 pixels, but a .webp has at most 16383'):
        run(model, tmp_path / 'wide.png', tmp_path / 'out.webp', '--side-by-side')


def test_a_number_of_workers_below_1_is_refused(model, photo, tmp_path):
    with pytest.raises(UserError, match='--workers 0'):
        run(model, photo, tmp_path / 'o.png', '--workers', '0')


def test_inputs_that_would_share_an_output_are_refused(photo, tmp_path):
    for suffix in ('png', 'jpg'):
        images.write_bgr(tmp_path / 'more' / f'photo.{suffix}', np.zeros((64, 64, 3), np.uint8))
    (tmp_path / 'photo.heic').write_bytes(b'x')
    with pytest.raises(UserError, match='photo.png would both become'):
        infer.plan([photo, tmp_path / 'more'], str(tmp_path / 'out'))
    with pytest.raises(UserError, match='photo.heic and .* would both become .*photo.jpg'):
        infer.plan([tmp_path / 'photo.heic', tmp_path / 'more' / 'photo.jpg'], str(tmp_path / 'out'))
    with pytest.raises(UserError, match='name a folder'):
        infer.plan([photo, photo], str(photo))


def test_a_clip_is_translated_alone(model, photo, tmp_path):
    with pytest.raises(UserError, match='a clip is translated alone'):
        infer.main(['--model', str(model), '--input', str(photo), str(tmp_path / 'x.mp4'), '--output', 'y.mp4'])


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
