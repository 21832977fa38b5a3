"""Both forms against their formulas."""
import numpy as np
import pytest

from dctnet.compat import tf
from dctnet.losses import adversarial_loss

REAL, FAKE = np.random.RandomState(0).standard_normal((2, 3, 4, 4, 1)).astype(np.float32) * 3


def run(form):
    with tf.Graph().as_default(), tf.Session() as session:
        loss = adversarial_loss(form)
        real, fake = tf.constant(REAL), tf.constant(FAKE)
        return session.run([loss.generator(fake), loss.discriminator(real, fake)])


def sigmoid(x):
    return 1 / (1 + np.exp(-x.astype(np.float64)))


def test_least_squares():
    g, d = run('lsgan')
    assert g == pytest.approx(((FAKE - 1) ** 2).mean(), rel=1e-5)
    assert d == pytest.approx(0.5 * (((REAL - 1) ** 2).mean() + (FAKE ** 2).mean()), rel=1e-5)


def test_log():
    g, d = run('log')
    assert g == pytest.approx(-np.log(sigmoid(FAKE)).mean(), rel=1e-5)
    assert d == pytest.approx(-np.log(sigmoid(REAL)).mean() - np.log(1 - sigmoid(FAKE)).mean(), rel=1e-5)


def test_log_form_is_finite_for_large_logits():
    with tf.Graph().as_default(), tf.Session() as session:
        loss = adversarial_loss('log')
        large = tf.constant([-1e4, 1e4])
        assert np.isfinite(session.run([loss.generator(large), loss.discriminator(large, large)])).all()


def test_an_unknown_form_is_a_bug():
    with pytest.raises(KeyError):
        adversarial_loss('wgan')
