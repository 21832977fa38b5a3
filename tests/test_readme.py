"""The README's commands, in order, on material that may be shipped; and the files that it names."""
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data_tools.recipe.demo_material import portrait, write_material
from dctnet import images

ROOT = Path(__file__).parents[1]
README = (ROOT / 'README.md').read_text(encoding='utf-8')
# What makes the training of the README small enough for a test.
TINY = ['data.size=32', 'data.batch_size=2', 'model.channels=4', 'train.steps=2', 'train.log_every=1',
        'loss.content_network=random', 'data.check_folders=false']


def readme_commands():
    """The lines of the own-style recipe that start with the interpreter."""
    lines = README.replace('\\\n', ' ').splitlines()
    return [shlex.split(line)[1:] for line in lines if line.startswith('.venv/tf2/bin/python ')]


@pytest.mark.long
def test_own_style_recipe(tmp_path):
    write_material(tmp_path / 'my_style', count=4, size=32)
    images.write_bgr(tmp_path / 'photos' / 'astronaut.jpg', images.scale(portrait(), 200, 200))
    (tmp_path / 'configs').symlink_to(ROOT / 'configs')
    commands = readme_commands()
    assert [words[0] for words in commands] == ['train.py', '-m', 'infer.py']
    for words in commands:
        if words[0].endswith('.py'):
            words[0] = str(ROOT / words[0])
        if 'ttn' in words:
            words += [part for value in TINY for part in ('--set', value)]
        result = subprocess.run([sys.executable] + words, cwd=str(tmp_path), stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, env={'PYTHONPATH': str(ROOT), 'PATH': '/usr/bin:/bin'})
        assert result.returncode == 0, result.stdout.decode()
    cartoon = images.read_bgr(tmp_path / 'cartoons' / 'astronaut.jpg')
    assert cartoon.shape == (200, 200, 3)
    assert np.abs(cartoon.astype(int) - images.read_bgr(tmp_path / 'photos' / 'astronaut.jpg')).mean() > 5


def test_files_that_the_readme_names_exist():
    linked = re.findall(r'\]\(([^)#]+)\)', README)
    configs = re.findall(r'configs/[a-z/0-9]+\.yaml', README)
    assert linked and configs
    for name in linked + configs:
        assert (ROOT / name).exists(), name
