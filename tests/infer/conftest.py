"""A portrait to translate, and infer.py as it is called."""
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from dctnet import images, infer

ROOT = Path(__file__).parents[2]


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
