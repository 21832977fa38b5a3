"""Installed by pip: one package with its commands and with all files that it reads, usable from every folder.

The installation is real, into a fresh environment; the dependencies are those of the environment that runs the tests.
"""
import ast
import csv
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from email.parser import Parser
from pathlib import Path

import numpy as np
import pytest
import yaml
from packaging.requirements import Requirement
from skimage import data

from dctnet import images

ROOT = Path(__file__).parents[1]
INSTALLED_AS = {'dctnet': 'dctnet', 'data_tools': 'dctnet/data_tools', 'configs': 'dctnet/configs'}


class Installation:
    """A fresh environment with the project in it, and a folder that is not the project's."""

    def __init__(self, folder):
        self.bin, self.elsewhere = folder / 'env' / 'bin', folder / 'elsewhere'
        self.elsewhere.mkdir()
        source = folder / 'source'
        for name in ('dctnet', 'data_tools', 'configs', 'checkpoints'):
            shutil.copytree(str(ROOT / name), str(source / name), ignore=shutil.ignore_patterns('__pycache__', '*.pb'))
        for name in ('pyproject.toml', 'setup.py', 'README.md', 'LICENSE'):
            shutil.copy(str(ROOT / name), str(source))
        subprocess.run([sys.executable, '-m', 'venv', '--without-pip', str(folder / 'env')], check=True)
        self.packages, = (folder / 'env' / 'lib').glob('python*/site-packages')
        borrowed = {sysconfig.get_paths()[name] for name in ('purelib', 'platlib')}
        (self.packages / 'borrowed.pth').write_text('\n'.join(sorted(borrowed)))
        subprocess.run([str(self.bin / 'python'), '-m', 'pip', 'install', '-q', '--disable-pip-version-check',
                        '--no-deps', '--no-build-isolation', '--no-compile', '--ignore-installed', str(source)],
                       check=True)
        self.record, = self.packages.glob('dctnet-*.dist-info')

    def run(self, program, *words):
        """What a program of the environment prints, started in the other folder. It has to succeed."""
        environment = {name: value for name, value in os.environ.items() if name != 'PYTHONPATH'}
        done = subprocess.run([str(self.bin / program)] + [str(word) for word in words], cwd=str(self.elsewhere),
                              env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def files(self):
        """All that pip has installed, relative to site-packages."""
        with (self.record / 'RECORD').open() as stream:
            return {row[0] for row in csv.reader(stream) if not row[0].endswith('.pyc')}

    def commands(self):
        """Name of each command -> module:function."""
        lines = (self.record / 'entry_points.txt').read_text().split('[console_scripts]\n')[1].split()
        return dict(zip(lines[::3], lines[2::3]))


@pytest.fixture(scope='module')
def installation(tmp_path_factory):
    return Installation(tmp_path_factory.mktemp('installation'))


@pytest.mark.long
def test_only_names_of_the_project_are_taken(installation):
    files = installation.files()
    commands = {f'../../../bin/{name}' for name in installation.commands()}
    assert commands < files
    assert {name.split('/')[0] for name in files - commands} == {'dctnet', installation.record.name}


@pytest.mark.long
def test_every_module_and_every_file_read_beside_one_is_there(installation):
    wanted = {'dctnet/checkpoints/manifest.yaml'}
    for folder, installed in INSTALLED_AS.items():
        for path in (ROOT / folder).glob('**/*.*'):
            if path.suffix in ('.py', '.css', '.js', '.html', '.yaml') and 'cluster' not in path.parts:
                wanted.add(f'{installed}/{path.relative_to(ROOT / folder)}')
    assert wanted - installation.files() == set()
    # Nor is anything there that the tree has no more.
    left_over = {name for name in installation.files() if name.endswith('.py')} - wanted
    assert left_over == set()


@pytest.mark.long
def test_every_command_of_the_tree_is_installed(installation):
    wanted = set()
    for folder in ('dctnet', 'data_tools'):
        for path in (ROOT / folder).glob('**/*.py'):
            functions = {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
            if 'command' in functions:
                inside = INSTALLED_AS[folder].split('/') + list(path.relative_to(ROOT / folder).with_suffix('').parts)
                wanted.add('.'.join(inside) + ':command')
    assert set(installation.commands().values()) == wanted


@pytest.mark.long
@pytest.mark.parametrize('name', ['dctnet-train', 'dctnet-infer', 'dctnet-fetch'])
def test_commands_help_from_every_folder(installation, name):
    printed = installation.run(name, '--help')
    assert printed.startswith(f'usage: {name} ')
    assert 'data_tools.' not in printed and '.py ' not in printed  # which nobody can type here


@pytest.mark.long
def test_classes_are_had_from_the_package_and_tensorflow_only_with_them(installation):
    code = ['import sys, dctnet', 'assert "tensorflow" not in sys.modules', 'from dctnet import FrozenGraph, Stylizer',
            'assert "tensorflow" in sys.modules',
            'print(Stylizer.__module__, FrozenGraph.__module__, dctnet.__version__)']
    code += [f'import {entry.split(":")[0]}' for entry in installation.commands().values()]  # all of them load
    version = Parser().parsestr((installation.record / 'METADATA').read_text())['Version']
    printed = installation.run('python', '-c', '\n'.join(code))
    assert printed.split() == ['dctnet.inference.stylizer', 'dctnet.frozen', version]


@pytest.mark.long
def test_shipped_files_are_found(installation):
    assert 'vgg19_keras' in installation.run('dctnet-fetch', '--list')
    printed = installation.run('dctnet-make-style', '--recipe', 'recipe/official.yaml', '--photos', '.', '--exemplars',
                               '.', '--out', 'work', '--dry-run')
    assert '$ python -m dctnet.data_tools.align_faces --size 256' in printed
    assert '$ python -m dctnet.train ttn --config configs/ttn/official.yaml' in printed


@pytest.mark.long
def test_a_picture_is_translated(installation, model):
    photo = np.ascontiguousarray(data.astronaut()[:, :, ::-1])
    images.write_bgr(installation.elsewhere / 'photo.png', photo)
    installation.run('dctnet-infer', '--model', model, '--input', 'photo.png', '--output', 'out.png', '--device', 'cpu')
    result = images.read_bgr(installation.elsewhere / 'out.png')
    np.testing.assert_array_equal(result[300:], photo[300:] // 2 + 32)  # no face there: the darkened background alone
    assert (result[:300] != photo[:300] // 2 + 32).any()


@pytest.mark.long
@pytest.mark.parametrize('runtime', ['tf115', 'tf2'])
def test_the_pinned_versions_are_within_the_ranges(installation, runtime):
    pins = {}
    for name in (f'{runtime}.txt', f'{runtime}-cpu.txt', f'onnx-{runtime}.txt', f'web-{runtime}.txt'):
        for line in (ROOT / 'requirements' / name).read_text().splitlines():
            if '==' in line and not line.startswith('#'):
                package, pins_version = line.split('==')
                pins[package.lower().replace('-cpu', '')] = pins_version
    metadata = Parser().parsestr((installation.record / 'METADATA').read_text())
    wanted = [Requirement(text) for text in metadata.get_all('Requires-Dist')]
    python = '3.7' if runtime == 'tf115' else '3.11'
    wanted = [entry for entry in wanted if not entry.marker or any(
        entry.marker.evaluate({'extra': extra, 'python_version': python}) for extra in (runtime, 'onnx', 'web'))]
    assert {'tensorflow', 'onnx', 'onnxruntime', 'tf2onnx', 'starlette', 'uvicorn'} <= {entry.name for entry in wanted}
    for entry in wanted:  # the headless wheel of a version is the same module
        assert entry.specifier.contains(pins[entry.name.lower().replace('-headless', '')]), str(entry)


def test_the_workflow_does_what_ci_run_does():
    job, = yaml.safe_load((ROOT / '.github' / 'workflows' / 'ci.yml').read_text())['jobs'].values()
    assert job['steps'][-1] == {'run': '.ci/run'}
    offered, = (step['with']['python-version'].split() for step in job['steps']
                if 'setup-python' in step.get('uses', ''))
    first_choices = re.findall(r'versions="([\d.]+)', (ROOT / 'scripts' / 'find_python.sh').read_text())
    assert first_choices == offered
