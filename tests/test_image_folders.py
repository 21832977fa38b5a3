"""Which pictures of a folder are read, what is told of the others, and the names of their translations."""
import pytest

from dctnet import images
from dctnet.errors import UserError
from dctnet.pictures import formats


def test_pictures_of_a_folder_are_listed_by_name(tmp_path):
    for name in ('b.PNG', 'a.jpg', '.hidden.png', 'notes.txt', 'c.JPeG'):
        (tmp_path / name).write_bytes(b'')
    (tmp_path / 'folder.png').mkdir()
    assert [path.name for path in images.list_images(tmp_path)] == ['a.jpg', 'b.PNG', 'c.JPeG']
    for path, part in [(tmp_path / 'gone', 'does not exist'), (tmp_path / 'a.jpg', 'is a file'),
                       (tmp_path / 'folder.png', 'no pictures in')]:
        with pytest.raises(UserError, match=part):
            images.list_images(path)


@pytest.mark.parametrize('suffix', ['.HEIC', '.avif', '.CR2', '.gif'])
def test_pictures_that_are_left_out_are_counted(tmp_path, caplog, suffix):
    for name in ('a', 'b'):
        (tmp_path / (name + suffix)).write_bytes(b'x')
    with pytest.raises(UserError, match=f'2 {suffix.lower()} cannot be used'):
        images.list_images(tmp_path)
    (tmp_path / 'c.jpe').write_bytes(b'x')
    (tmp_path / 'notes.txt').write_bytes(b'x')
    assert [path.name for path in images.list_images(tmp_path)] == ['c.jpe']
    assert len(caplog.records) == 1 and '2 pictures are left out' in caplog.text and suffix.lower() in caplog.text
    (tmp_path / 'gone.png').symlink_to(tmp_path / 'none')
    assert [path.name for path in images.list_images(tmp_path)] == ['c.jpe']
    assert '1 pictures are left out, links to files that are not there (gone.png)' in caplog.text


def test_heic_is_a_picture_if_its_reader_is_installed(tmp_path, caplog, monkeypatch):
    for name in ('a.HEIC', 'b.heif', 'c.jpg', 'd.avif'):
        (tmp_path / name).write_bytes(b'x')
    monkeypatch.setattr(formats, 'find_spec', lambda name: name == 'pillow_heif')
    assert [path.name for path in images.list_images(tmp_path)] == ['a.HEIC', 'b.heif', 'c.jpg']
    assert '1 pictures are left out' in caplog.text and '1 .avif' in caplog.text


@pytest.mark.parametrize('name, written', [('a.b.jpg', 'a.b.jpg'), ('a.PNG', 'a.PNG'), ('a.b.HEIC', 'a.b.jpg'),
                                           ('scan', 'scan.jpg')])
def test_translations_have_names_that_can_be_written(name, written):
    assert images.writable_name(name) == written
