"""Half precision and XLA take effect, the numbers hold, and settings without effect are reported."""
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dctnet import train
from dctnet.compat import session_config, tf
from dctnet.config import TrainConfig
from dctnet.distributed import Local
from dctnet.errors import UserError
from dctnet.training import ccn, ttn
from dctnet.training.precision import check_precision
from tests.training.rewritten_step import one_step
from tests.training.test_ccn import arguments as ccn_arguments
from tests.training.tiny_training import arguments, message, plain

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='module')
def exact():
    return one_step()


def rewritten(kind, folder):
    done = subprocess.run([sys.executable, '-m', 'tests.training.rewritten_step', kind, str(folder / 'step.npz')],
                          cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout.decode()
    with np.load(str(folder / 'step.npz')) as arrays:
        return dict(arrays)


def gradient_error(found, exact):
    """Length of the difference of all gradients over their length. Adam's first moment is half of the gradient."""
    vectors = [np.concatenate([each[name].ravel() for name in sorted(exact) if name.endswith('/Adam')])
               for each in (found, exact)]
    return np.linalg.norm(vectors[0] - vectors[1]) / np.linalg.norm(vectors[1])


@pytest.mark.long
def test_xla_compiles_and_the_numbers_stay(tmp_path, exact):
    found = rewritten('xla', tmp_path)
    assert found['compiled'] > 0 and exact['compiled'] == 0
    assert found['loss'] == pytest.approx(exact['loss'], rel=1e-5)  # other random numbers would shift it by 1e-3
    assert gradient_error(found, exact) < 1e-5
    for name in exact:
        if name.startswith('disc_'):
            np.testing.assert_allclose(found[name], exact[name], rtol=1e-3, atol=1e-5, err_msg=name)


@pytest.mark.long
def test_float16_computes_convolutions_in_it_close_to_float32(tmp_path, exact):
    if not hasattr(session_config().graph_options.rewrite_options, 'auto_mixed_precision_cpu'):
        pytest.skip('this TensorFlow rewrites to float16 for GPUs only, and there is none')
    found = rewritten('float16', tmp_path)
    assert found['convolutions'] >= 20 and found['loss_scale/d/good_steps'] == 1
    assert found['loss'] != exact['loss'] and found['loss'] == pytest.approx(exact['loss'], rel=1e-3)
    assert 0 < gradient_error(found, exact) < 0.02
    assert all(found[name].dtype == exact[name].dtype for name in exact)  # weights stay float32


@pytest.mark.long
def test_bfloat16_computes_convolutions_in_it_close_to_float32(tmp_path, exact):
    try:
        check_precision(TrainConfig(device='cpu', precision='bfloat16'), Local())
    except UserError as error:
        pytest.skip(str(error))
    found = rewritten('bfloat16', tmp_path)
    assert found['convolutions'] >= 10
    # Three bits less than float16: eight times its tolerances.
    assert found['loss'] != exact['loss'] and found['loss'] == pytest.approx(exact['loss'], rel=8e-3)
    assert 0 < gradient_error(found, exact) < 0.16


def test_a_precision_that_this_device_does_not_have(tmp_path, pictures):
    text = message(*plain(pictures, tmp_path / 'run', 'train.precision=float16'))
    assert text.startswith('train.precision is float16, but TensorFlow ') and 'needs a GPU' in text
    assert 'train.precision=float32' in text and not (tmp_path / 'run').exists()


def test_xla_that_compiles_nothing(monkeypatch):
    with tf.Graph().as_default(), tf.Session() as session:  # reads the flags, without XLA for the CPU
        session.run(tf.constant(1.0) + 1.0)
    monkeypatch.setenv('TF_XLA_FLAGS', '')
    with pytest.raises(UserError, match='train.xla is true, but .* compiles nothing here: set train.xla=false'):
        check_precision(TrainConfig(device='cpu', xla=True), Local())


def test_training_asks_for_xla_before_any_session(tmp_path, pictures, monkeypatch):
    class Asked(Exception):
        pass

    def asked(train_config, communicator):
        assert train_config.xla
        raise Asked

    def session(*words, **options):
        raise AssertionError('a session came first: XLA would leave the CPU alone')

    monkeypatch.setattr(tf, 'Session', session)
    for module, words in ((ttn, arguments(pictures, tmp_path / 'run', 'train.xla=true')),
                          (ccn, ccn_arguments('source.yaml', pictures, tmp_path / 'run', 'train.xla=true'))):
        monkeypatch.setattr(module, 'check_precision', asked)
        with pytest.raises(Asked):
            train.main(words)
