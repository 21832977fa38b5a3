"""A drawn translator, small pictures to check it on, and one folder with every format of it."""
import contextlib
import io

import numpy as np
import pytest

from dctnet import export, process
from dctnet.exporters import parity
from tests.frozen_graphs.__main__ import weights as drawn_weights

SMALL = ((32, 32), (20, 28), (16, 24))


@pytest.fixture(scope='session')
def weights():
    """Of a generator of two channels."""
    return drawn_weights(2)


@pytest.fixture(scope='module', autouse=True)
def small_pictures():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parity, 'SIZES', SMALL)
        yield


@pytest.fixture(scope='session')
def reference(weights):
    """What the live graph gives at the small sizes."""
    return parity.reference(weights, 'x', SMALL)


@pytest.fixture(scope='session')
def npz(tmp_path_factory, weights):
    path = tmp_path_factory.mktemp('weights') / 'style.npz'
    np.savez(str(path), **weights)
    return path


@pytest.fixture(scope='session')
def exported(tmp_path_factory, npz):
    """(folder, what was printed) of an export of all formats by the command; not to be changed."""
    pytest.importorskip('onnxruntime', reason='requirements/onnx-*.txt pin it for the two runtimes alone')
    folder, printed = tmp_path_factory.mktemp('exported') / 'style', io.StringIO()
    process.find_own_programs()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        patch.setattr(parity, 'SIZES', SMALL)
        assert export.main(['--run', str(npz), '--out', str(folder), '--licence', 'CC0', '--size', '32', '48',
                            '--format', 'pb,onnx,tflite,saved_model,modelscope']) == 0
    return folder, printed.getvalue()
