"""The README's commands, in order, on material that may be shipped; the commands, options and keys in all documents."""
import contextlib
import io
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data_tools.demo import LARGEST_SHARE
from data_tools.recipe.demo_material import portrait, write_material
from dctnet import config_file, images
from dctnet.config import CcnConfig, TtnConfig
from dctnet.errors import UserError

ROOT = Path(__file__).parents[1]
README = (ROOT / 'README.md').read_text(encoding='utf-8')
DOCUMENTS = [ROOT / 'README.md', ROOT / 'checkpoints' / 'README.md'] + sorted((ROOT / 'docs').glob('*.md'))
# What makes the training of the README small enough for a test.
TINY = ['data.size=32', 'data.batch_size=2', 'model.channels=4', 'train.steps=2', 'train.log_every=1',
        'loss.content_network=random', 'data.check_folders=false']
STAGES = {'ttn': TtnConfig, 'ccn': CcnConfig}
SECTIONS = 'data|model|loss|optim|train|evaluate|augment'


def readme_commands():
    """The lines of the own-style recipe that start with the interpreter."""
    lines = README.replace('\\\n', ' ').splitlines()
    return [shlex.split(line)[1:] for line in lines if line.startswith('.venv/tf2/bin/python ')]


@pytest.mark.long
def test_own_style_recipe(tmp_path):
    write_material(tmp_path / 'my_style', count=4, size=32)
    images.write_bgr(tmp_path / 'photos' / 'astronaut.jpg', images.scale(portrait(), 200, 200))
    commands = readme_commands()
    assert [words[1] if words[0] == '-m' else words[0] for words in commands] == [
        'data_tools.check', 'train.py', 'dctnet.report', 'dctnet.export', 'infer.py']
    for words in commands:
        if words[0].endswith('.py'):
            words[0] = str(ROOT / words[0])
        if 'ttn' in words:
            words[words.index('--config') + 1] = str(ROOT / 'configs' / 'ttn' / 'official.yaml')
            words += ['--set'] + TINY
        run_python(tmp_path, words)
    assert (tmp_path / 'check.html').exists() and (tmp_path / 'runs' / 'my_style' / 'report.html').exists()
    cartoon = images.read_bgr(tmp_path / 'cartoons' / 'astronaut.jpg')
    assert cartoon.shape == (200, 200, 3)
    assert np.abs(cartoon.astype(int) - images.read_bgr(tmp_path / 'photos' / 'astronaut.jpg')).mean() > 5

    snippet, = re.findall(r'```python\n(.*?)```', README, flags=re.DOTALL)
    run_python(tmp_path, ['-c', 'import cv2\nphotograph = cv2.imread("photos/astronaut.jpg")\n' + snippet
                          + 'assert cartoon.shape == photograph.shape and (cartoon != photograph).any()'])


def run_python(folder, words):
    result = subprocess.run([sys.executable] + words, cwd=str(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            env={'PYTHONPATH': str(ROOT), 'PATH': '/usr/bin:/bin'})
    assert result.returncode == 0, result.stdout.decode()


def documented_commands():
    """(document, module, its words) of every command of the project that a document shows."""
    for document in DOCUMENTS:
        text = document.read_text(encoding='utf-8').replace('\\\n', ' ')
        blocks = re.findall(r'^```\w*\n(.*?)^```|((?:^    [^\n]*\n)+)', text, re.DOTALL | re.MULTILINE)
        lines = [line for block in blocks for line in ''.join(block).splitlines()]
        for code in lines + re.findall(r'`([^`\n]+)`', re.sub(r'```.*?```', '', text, flags=re.DOTALL)):
            match = re.search(r'(?:python -m ((?:data_tools|dctnet|tests)(?:\.\w+)+)|'
                              r'\b(train|infer)\.py\b(?=.* --?\w))(.*)', code.split('  #')[0])
            if match:
                module = match.group(1) or f'dctnet.{match.group(2)}'
                yield document, module, match.group(3).split()


def help_of(module, subcommand):
    """What `python -m MODULE [SUBCOMMAND] --help` prints."""
    printed, argv = io.StringIO(), sys.argv
    sys.argv = [module] + subcommand + ['--help']
    try:
        with contextlib.redirect_stdout(printed), pytest.raises(SystemExit) as end:
            runpy.run_module(module, run_name='__main__')
    finally:
        sys.argv = argv
    assert not end.value.code
    return printed.getvalue()


@pytest.mark.filterwarnings('ignore:.*found in sys.modules')
def test_documented_commands_take_the_options_that_they_are_shown_with():
    commands, helps = list(documented_commands()), {}
    assert len(commands) > 40
    for document, module, words in commands:
        takes_subcommand = module in ('dctnet.train', 'dctnet.study', 'data_tools.import_weights')
        subcommand = words[:1] if takes_subcommand and words and words[0].isalnum() else []
        key = (module, *subcommand)
        if key not in helps:
            helps[key] = set(re.findall(r'--[a-z][\w-]*', help_of(module, subcommand)))
        options = {word.split('=')[0] for word in words if re.match(r'--[a-z]', word)}
        assert options <= helps[key] | {'--help'}, f'{document.name}: python -m {module} {" ".join(words)}'


def named_keys():
    """(document, KEY or KEY=VALUE of a training config) that stands in code."""
    for document in DOCUMENTS:
        text = document.read_text(encoding='utf-8')
        code = ' '.join(re.findall(r'```\w*\n(.*?)```', text, flags=re.DOTALL) + re.findall(r'`([^`\n]+)`', text))
        for word in re.findall(rf'(?<![\w./])(?:{SECTIONS})\.[a-z]\w*(?:=[^\s"\']+)?', code):
            if not word.endswith('.py'):
                yield document, word


def test_documented_keys_and_values_exist(tmp_path):
    keys = sorted({word for _, word in named_keys()})
    assert len(keys) > 40
    unknown = [key for key in keys if not any(accepted(stage, key, tmp_path) for stage in STAGES)]
    assert not unknown


def accepted(stage, word, folder):
    """Whether the config of a stage has this key, and takes its value if a real one is named (no FOLDER or FILE)."""
    key, _, value = word.partition('=')
    section, name = key.split('.')
    if name not in getattr(STAGES[stage](), section, STAGES[stage]()).__dict__:
        return False
    if not value or value[0].isupper():
        return True
    file = folder / 'empty.yaml'
    file.write_text('augment:\n  p: 0.1\n' if section == 'augment' else '')
    with contextlib.suppress(UserError):
        config_file.load(STAGES[stage], file, [word])
        return True
    return False


def test_files_that_the_documents_name_exist():
    names = {name for document in DOCUMENTS for name in re.findall(
        r'(?<![\w/])(?:configs|dctnet|data_tools|tests|requirements|scripts)/[\w./-]*\w\.(?:yaml|py|txt|sh|sbatch)',
        document.read_text(encoding='utf-8'))}
    assert len(names) > 15
    assert [name for name in sorted(names) if not (ROOT / name).exists()] == []


def test_the_readme_stays_one_page():
    assert len(README.splitlines()) <= 130 and len(README.split()) <= 1500


def test_the_readme_promises_what_the_demo_checks():
    assert f'more than {100 * LARGEST_SHARE:.0f} is an error' in README
    promised = re.search(r'^    (stylised: .*)$', README, flags=re.MULTILINE).group(1)
    said = (ROOT / 'data_tools' / 'demo.py').read_text(encoding='utf-8')
    assert promised[len('stylised: '):] in said.replace('{colour:.0%}', 'NN%').replace('{texture:.0%}', 'MM%')
