"""Where files are found: in a checkout here; tests/test_package.py looks at an installation."""
from pathlib import Path

import pytest

from dctnet import places

ROOT = Path(__file__).parents[1]


def test_weights_are_in_the_working_directory_or_where_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.delenv('DCTNET_CHECKPOINTS', raising=False)
    monkeypatch.chdir(tmp_path)
    assert places.checkpoints_folder().resolve() == (tmp_path / 'checkpoints').resolve()
    monkeypatch.setenv('DCTNET_CHECKPOINTS', '/shared/weights')
    assert places.checkpoints_folder() == Path('/shared/weights')


def test_shipped_files_are_found_from_every_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert places.shipped('checkpoints/manifest.yaml').samefile(ROOT / 'checkpoints' / 'manifest.yaml')
    for name in ('configs/ttn/official.yaml', 'ttn/official.yaml'):
        assert places.config_path(name).samefile(ROOT / 'configs' / 'ttn' / 'official.yaml')


def test_a_config_of_the_user_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = tmp_path / 'ttn' / 'official.yaml'
    own.parent.mkdir()
    own.write_text('')
    assert places.config_path('ttn/official.yaml').samefile(own)
    assert places.config_path(str(own)) == own
    assert places.config_path('ttn/no.yaml') == Path('ttn/no.yaml')


@pytest.mark.parametrize('text, installed', [
    ('python -m data_tools.align_faces IN', 'dctnet-align-faces IN'), ('see data_tools.check.', 'see dctnet-check.'),
    ('python -m dctnet.data_tools.fetch x', 'dctnet-fetch x'), ('python train.py ttn', 'dctnet-train ttn'),
    ('`infer.py --mask`, dctnet.export --mask', '`dctnet-infer --mask`, dctnet-export --mask'),
    ('/home/me/train.py, my_train.py, data_tools.weights.nvidia, dctnet.errors, train.pyx', None)])
def test_commands_are_named_as_they_are_typed(text, installed):
    assert places.as_typed(text, installed=True) == (installed or text)
    assert places.as_typed(text) == text  # a checkout
